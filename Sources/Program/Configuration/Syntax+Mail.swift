import Mail
import Platform
import SMTP

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

extension Syntax<Extensions> {
  /// A keyword that EHLO can offer.
  static var keyword: Syntax {
    let keywords = Extensions.keywords.map(\.keyword)
    return Syntax("keywords of EHLO, of \(keywords.joined(separator: ", "))") {
      text throws(Rejection) in
      let keyword = String(text).uppercased()
      guard let place = keywords.firstIndex(of: keyword) else {
        throw Rejection(
          reason: "\(quoted(text)) is not known",
          suggestion: Suggestion.phrase(for: text, among: keywords))
      }
      return Extensions.keywords[place].extension
    }
  }
}

extension Syntax<String> {
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
