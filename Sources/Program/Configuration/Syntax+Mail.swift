import Mail
import Platform
import SMTP

extension Syntax<Mailbox> {
  /// An address.
  static var mailbox: Syntax {
    .read("an address such as anna@home.example", refusal: "is not an address") {
      Mailbox(String($0))
    }
  }
}

extension Syntax<AliasTarget> {
  /// The name of a user, or an address.
  static var aliasTarget: Syntax {
    .read(
      "the name of a user, or an address", refusal: "is neither a name nor an address",
      AliasTarget.init)
  }
}

extension Syntax<SenderRule> {
  /// The senders that somebody may give.
  static var senderRule: Syntax {
    .read("an address, \"@domain\", \"<>\" or \"*\"", refusal: "is not a sender") { SenderRule($0) }
  }
}

extension Syntax<Allowance> {
  /// How many of something; `off` for no limit.
  static var allowance: Syntax {
    .read("a number from 1 to 999999999, or off", refusal: "is not such a number") {
      Allowance($0)
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
