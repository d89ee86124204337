import Mail
import Platform

extension Syntax<Mailbox> {
  /// An address.
  static var mailbox: Syntax {
    Syntax("an address such as anna@home.example") { text throws(Rejection) in
      guard let mailbox = Mailbox(String(text)) else {
        throw Rejection(reason: "\(quoted(text)) is not an address")
      }
      return mailbox
    }
  }
}

extension Syntax<AliasTarget> {
  /// The name of a user, or an address.
  static var aliasTarget: Syntax {
    Syntax("the name of a user, or an address") { text throws(Rejection) in
      guard let target = AliasTarget(text) else {
        throw Rejection(reason: "\(quoted(text)) is neither a name nor an address")
      }
      return target
    }
  }
}

extension Syntax<SenderRule> {
  /// The senders that somebody may give.
  static var senderRule: Syntax {
    Syntax("an address, \"@domain\" or \"*\"") { text throws(Rejection) in
      guard let rule = SenderRule(text) else {
        throw Rejection(reason: "\(quoted(text)) is not a sender")
      }
      return rule
    }
  }
}

extension Syntax<Allowance> {
  /// How many of something; `off` for no limit.
  static var allowance: Syntax {
    Syntax("a number from 1 to 999999999, or off") { text throws(Rejection) in
      guard let allowance = Allowance(text) else {
        throw Rejection(reason: "\(quoted(text)) is not such a number")
      }
      return allowance
    }
  }
}

extension Syntax<UInt8> {
  /// What divides a local part.
  static var separator: Syntax {
    .word(["+": UInt8(ascii: "+"), "-": UInt8(ascii: "-"), "=": UInt8(ascii: "=")])
  }
}

extension Syntax<String> {
  private static var keywords: [String] {
    [
      "PIPELINING", "SIZE", "8BITMIME", "ENHANCEDSTATUSCODES", "STARTTLS", "AUTH", "CHUNKING",
      "SMTPUTF8", "DSN", "LIMITS", "ETRN", "REQUIRETLS",
    ]
  }

  /// A keyword that EHLO can offer, in upper case.
  static var keyword: Syntax {
    Syntax("keywords of EHLO, of \(keywords.joined(separator: ", "))") { text throws(Rejection) in
      let keyword = text.uppercased()
      guard keywords.contains(keyword) else {
        throw Rejection(
          reason: "\(quoted(text)) is not known",
          suggestion: Suggestion.phrase(for: text, among: keywords))
      }
      return keyword
    }
  }

  /// The name of a section.
  static var sectionName: Syntax {
    Syntax("a word of letters, digits, dots and hyphens") { text throws(Rejection) in
      guard
        (1...64).contains(text.utf8.count),
        text.utf8.allSatisfy({
          $0.isLetter || $0.isDigit || $0 == .dot || $0 == UInt8(ascii: "-")
        })
      else { throw Rejection(reason: "\(quoted(text)) is not a name") }
      return String(text)
    }
  }
}
