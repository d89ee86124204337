package import Spool

/// A line of what the daemon replies to a `ControlRequest`; the last one is `ok`, an error or what is missing.
///
///     done 1763706000.k3v9q0
///     delivering 1763706001.k3v9q0
///     failed 1763706002.k3v9q0 No space left on device (renameat2)
///     status queued 17
///     grant 192.168.1.5 ann USER 1763706000 1763706900 5d1e… 1900 0/0 - 7aceee957eb92643
///     ok
///     error another command is being carried out
///     missing 192.168.1.7 has no grant
package enum ControlReply: Equatable, Sendable {
  /// What came of the action for a message: its first word is that of the result.
  case message(QueueID, QueueActionResult)
  /// Something about the daemon, as a name without spaces and a text.
  case status(name: String, text: String)
  /// A grant, as in the file of the whitelist.
  case grant(String)
  /// Everything is said.
  case ok
  /// It cannot be done, or only what was said before.
  case error(String)
  /// What it was to be done to, or for, is not there.
  case missing(String)

  /// The name of the status that tells where the daemon listens, once for each place.
  package static let listening = "listening"

  /// Parses a line without its end; nil if it is none of these.
  package init?(parsing line: String) {
    let parts = line.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
      .map(String.init)
    let text = parts.count > 2 ? parts[2] : ""
    switch parts[0] {
    case "ok" where parts.count == 1: self = .ok
    case "grant": self = .grant(String(line.dropFirst("grant ".count)))
    case "error": self = .error(String(line.dropFirst("error ".count)))
    case "missing": self = .missing(String(line.dropFirst("missing ".count)))
    case "status" where parts.count == 3: self = .status(name: parts[1], text: text)
    case let word where parts.count > 1:
      guard let id = QueueID(parts[1]), let result = QueueActionResult(word: word, text: text)
      else { return nil }
      self = .message(id, result)
    default: return nil
    }
  }

  /// The line, without its end.
  package var line: String {
    switch self {
    case .message(let id, .failed(let reason)): "failed \(id) \(reason)"
    case .message(let id, let result): "\(result.word) \(id)"
    case .status(let name, let text): "status \(name) \(text)"
    case .grant(let text): "grant \(text)"
    case .ok: "ok"
    case .error(let text): "error \(text)"
    case .missing(let text): "missing \(text)"
    }
  }
}

extension QueueActionResult {
  fileprivate var word: String {
    switch self {
    case .done: "done"
    case .delivering: "delivering"
    case .held: "held"
    case .absent: "absent"
    case .failed: "failed"
    }
  }

  fileprivate init?(word: String, text: String) {
    switch word {
    case "done": self = .done
    case "delivering": self = .delivering
    case "held": self = .held
    case "absent": self = .absent
    case "failed": self = .failed(text)
    default: return nil
    }
  }
}
