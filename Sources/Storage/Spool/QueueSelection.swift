import Mail

/// Which messages of the queue an admin means.
///
/// It is written as words, each a pattern: an identifier, `from=ADDRESS`, `to=ADDRESS`, `older=2h` or
/// `all`. An address may be `@DOMAIN` or, for the sender of reports, `<>`. Patterns of one kind add up,
/// those of different kinds must all hold, so `from=@a.example older=2h` means less than either.
package struct QueueSelection: Equatable, Sendable {
  /// The identifiers that are named.
  package private(set) var ids: Set<QueueID> = []
  /// Whether every message is meant, as far as nothing else is said.
  package private(set) var isAll = false
  /// The senders; nil stands for the empty reverse path.
  private var senders: [SenderRule] = []
  private var recipients: [SenderRule] = []
  private var ageSeconds: Int64 = 0

  /// A word that is no pattern.
  package struct Misspelling: Error, Equatable {
    /// The word.
    package let word: String
  }

  /// Parses at least one pattern.
  package init(_ words: [String]) throws(Misspelling) {
    if words.isEmpty { throw Misspelling(word: "") }
    for word in words {
      let bytes = word.utf8
      if let id = QueueID(word) {
        ids.insert(id)
      } else if word == "all" {
        isAll = true
      } else if bytes.starts(with: "from=".utf8),
        let rule = SenderRule(word.dropFirst(5), allowsUTF8: true)
      {
        senders.append(rule)
      } else if bytes.starts(with: "to=".utf8),
        let rule = SenderRule(word.dropFirst(3), allowsUTF8: true), rule != .null
      {
        recipients.append(rule)
      } else if bytes.starts(with: "older=".utf8),
        let seconds = Self.seconds(Array(bytes.dropFirst(6)))
      {
        ageSeconds = max(ageSeconds, seconds)
      } else {
        throw Misspelling(word: word)
      }
    }
  }

  /// Whether the envelope must be read to tell.
  var asksForEnvelope: Bool { !senders.isEmpty || !recipients.isEmpty }

  /// Whether the identifier does not rule a message out; it tells the time of arrival as well.
  func mayMean(_ id: QueueID, at wallTime: Int64) -> Bool {
    if !ids.isEmpty && !ids.contains(id) { return false }
    // Without an age the clock does not matter: it may be behind the time of arrival.
    return ageSeconds == 0 || wallTime - Int64(id.seconds) >= ageSeconds
  }

  /// Whether the envelope does not rule a message out.
  ///
  /// Of the recipients those count that are still to be done.
  func means(_ envelope: QueueEnvelope) -> Bool {
    if !senders.isEmpty {
      guard let sender = envelope.sender, senders.contains(where: { $0.covers(sender) }) else {
        return false
      }
    }
    if recipients.isEmpty { return true }
    return envelope.recipients.contains { recipient in
      guard recipient.state == .toDo, let mailbox = recipient.path?.mailbox else { return false }
      return recipients.contains { $0.covers(mailbox) }
    }
  }

  /// A length of time such as `90s`, `30min`, `2h` or `3d`; nil for anything else.
  private static func seconds(_ text: [UInt8]) -> Int64? {
    let digits = text.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    // Six digits of the largest unit still fit.
    guard digits.count <= 6, let number = QueueID.decimal(digits) else { return nil }
    let unit: Int64? =
      switch String(decoding: text[digits.endIndex...], as: UTF8.self) {
      case "s": 1
      case "min", "m": 60
      case "h": 3600
      case "d": 86_400
      case "w": 604_800
      default: nil
      }
    return unit.map { Int64(number) * $0 }
  }
}
