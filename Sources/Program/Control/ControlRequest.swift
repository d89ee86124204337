package import Platform
package import Spool

/// What the tool of the admin asks of the daemon: one line over the Unix socket `control`.
///
/// A request is words with spaces between them; a word that is empty, or has a space, a quote or a
/// backslash in it, stands in double quotes, in which a backslash comes before a quote or a backslash:
///
///     status
///     hold from=@shop.example older=2h
///     bounce "no such \\"ann\\" here" 1763706000.k3v9q0
///
///     spool-adopt
///     whitelist-list
///     whitelist-add 192.168.1.5 ann
///     whitelist-revoke ann
///
/// The first word is that of a case below or of a `QueueAction`. `bounce` has its reason next. The rest
/// are the patterns of a `QueueSelection`. The reply is a `ControlReply` on each line; a connection is for
/// one request.
package enum ControlRequest: Equatable, Sendable {
  /// How is the daemon?
  case status
  /// Do this to messages of the queue; only a bounce has a reason.
  case act(QueueAction, patterns: [String], reason: String)
  /// Who may send because of POP-before-SMTP?
  case grants
  /// Take what is there for the spool.
  case adoptSpool
  /// Change who may send because of POP-before-SMTP.
  case whitelist(WhitelistChange)

  /// What an admin does to the grants.
  package enum WhitelistChange: Equatable, Sendable {
    /// Let an address send as a user for a while.
    case add(IPAddress, user: String)
    /// End the grants of an address.
    case revoke(IPAddress)
    /// End the grants of a user.
    case revokeUser(String)
  }

  /// The longest line in octets: about 900 identifiers.
  package static let lineBytes = 16 << 10
  /// The longest reason in octets; it goes into a header field of the report.
  package static let reasonBytes = 400
  /// What is said without another reason.
  package static let usualReason = "The administrator has given the message up"
  /// The name of the socket in the runtime directory.
  package static let socketName = "control"

  /// Parses a line; nil if it is none of these.
  package init?(parsing line: [UInt8]) {
    guard line.count <= Self.lineBytes, let words = Self.words(line), let verb = words.first else {
      return nil
    }
    switch words {
    case ["status"]:
      self = .status
      return
    case ["whitelist-list"]:
      self = .grants
      return
    case ["spool-adopt"]:
      self = .adoptSpool
      return
    default: break
    }
    if let change = WhitelistChange(verb, Array(words.dropFirst())) {
      self = .whitelist(change)
      return
    }
    guard let action = QueueAction(rawValue: verb) else { return nil }
    var patterns = words.dropFirst()
    var reason = ""
    if action == .bounce {
      guard let text = patterns.popFirst(), text.utf8.count <= Self.reasonBytes else { return nil }
      reason = text
    }
    if patterns.isEmpty { return nil }
    self = .act(action, patterns: Array(patterns), reason: reason)
  }

  /// The line, without its end.
  package var line: String {
    switch self {
    case .status: "status"
    case .grants: "whitelist-list"
    case .adoptSpool: "spool-adopt"
    case .whitelist(.add(let address, let user)): "whitelist-add \(address) \(Self.quoted(user))"
    case .whitelist(.revoke(let address)): "whitelist-revoke \(address)"
    case .whitelist(.revokeUser(let user)): "whitelist-revoke \(Self.quoted(user))"
    case .act(let action, let patterns, let reason):
      ([action.rawValue] + (action == .bounce ? [reason] : []) + patterns)
        .map(Self.quoted).joined(separator: " ")
    }
  }

  private static func quoted(_ word: String) -> String {
    let isPlain = !word.isEmpty && !word.utf8.contains { " \"\\".utf8.contains($0) }
    if isPlain { return word }
    var text = "\""
    for character in word.unicodeScalars {
      if character == "\"" || character == "\\" { text += "\\" }
      text.unicodeScalars.append(character)
    }
    return text + "\""
  }

  /// The words of a line; nil for control characters, what is no UTF-8, and a quote that does not end.
  private static func words(_ line: [UInt8]) -> [String]? {
    guard !line.contains(where: { $0 < 0x20 || $0 == 0x7F }) else { return nil }
    var words: [String] = []
    var rest = line[...]
    while let first = rest.first {
      var word: [UInt8] = []
      if first == UInt8(ascii: "\"") {
        rest.removeFirst()
        while true {
          guard var byte = rest.popFirst() else { return nil }
          if byte == UInt8(ascii: "\"") { break }
          if byte == UInt8(ascii: "\\") {
            guard let next = rest.popFirst() else { return nil }
            byte = next
          }
          word.append(byte)
        }
      } else {
        word = Array(rest.prefix { $0 != UInt8(ascii: " ") })
        rest = rest.dropFirst(word.count)
        if word.isEmpty || word.contains(UInt8(ascii: "\"")) { return nil }
      }
      guard let text = String(validating: word, as: UTF8.self) else { return nil }
      words.append(text)
      // One space, and another word behind it.
      if let space = rest.popFirst(), space != UInt8(ascii: " ") || rest.isEmpty { return nil }
    }
    return words
  }
}

extension ControlRequest.WhitelistChange {
  fileprivate init?(_ verb: String, _ words: [String]) {
    let address = words.first.flatMap { IPAddress($0) }
    switch (verb, words.count) {
    case ("whitelist-add", 2):
      guard let address else { return nil }
      self = .add(address, user: words[1])
    case ("whitelist-revoke", 1): self = address.map { .revoke($0) } ?? .revokeUser(words[0])
    default: return nil
    }
  }
}
