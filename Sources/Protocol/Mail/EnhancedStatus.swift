/// A status code of three numbers, such as 5.1.1: class, subject, detail.
///
/// RFC 3463. The texts of replies are for people; this is what programs may rely on.
package struct EnhancedStatus: Hashable, Sendable {
  /// 2 for success, 4 for a failure that may pass, 5 for one that will not.
  package let statusClass: UInt8
  /// What the code is about: 1 addressing, 2 mailbox, 3 system, 4 network, 5 protocol, 6, 7 policy.
  package let subject: UInt16
  /// What it says about it.
  package let detail: UInt16

  /// The code with these numbers; to give another class than 2, 4 or 5 is a bug.
  package init(_ statusClass: UInt8, _ subject: UInt16, _ detail: UInt16) {
    precondition(
      statusClass == 2 || statusClass == 4 || statusClass == 5, "RFC 3463 knows classes 2, 4, 5")
    self.statusClass = statusClass
    self.subject = subject
    self.detail = detail
  }

  /// Takes a code from the start of a reply's text; nil, and nothing taken, if there is none.
  package init?(parsing cursor: inout ByteCursor) {
    var attempt = cursor
    guard
      let statusClass = Self.takeNumber(&attempt), [2, 4, 5].contains(statusClass),
      attempt.take(.dot), let subject = Self.takeNumber(&attempt),
      attempt.take(.dot), let detail = Self.takeNumber(&attempt),
      attempt.isAtEnd || attempt.take(.space)
    else { return nil }
    self.init(UInt8(statusClass), subject, detail)
    cursor = attempt
  }

  /// The code as text, with its dots.
  package var text: String { "\(statusClass).\(subject).\(detail)" }

  /// Takes a number of one to three digits, RFC 3463 §2.
  private static func takeNumber(_ cursor: inout ByteCursor) -> UInt16? {
    let digits = cursor.take(while: \.isDigit)
    guard (1...3).contains(digits.count) else { return nil }
    return digits.reduce(0) { $0 * 10 + UInt16($1 - UInt8(ascii: "0")) }
  }
}
