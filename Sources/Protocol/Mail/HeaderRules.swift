/// What `HeaderPass` is to do to the header of a message; nothing, unless it is told.
///
/// The values are typed, so that none can bring a line of its own. `Bcc:` is left as it is: whether a
/// copy may show it is decided by the program that sends the copies (RFC 5322 §3.6.3), and RFC 6409
/// gives a server no part in it.
package struct HeaderRules: Sendable {
  /// Who hands the message in, and whom that account may write as.
  package struct Account: Sendable {
    /// The address that `Sender:` gets.
    package var mailbox: Mailbox
    /// Whether the account may be the author; the case of a local part should not count.
    package var mayWrite: @Sendable (_ author: Mailbox) -> Bool

    package init(mailbox: Mailbox, mayWrite: @escaping @Sendable (_ author: Mailbox) -> Bool) {
      self.mailbox = mailbox
      self.mayWrite = mayWrite
    }
  }

  /// The `Date:` of a message that has none, RFC 6409 §8.2.
  package var date: DateTime?
  /// The `Message-ID:` of a message that has none, RFC 6409 §8.3.
  package var messageID: MessageID?
  /// The `From:` of a message that has none, RFC 5322 §3.6.2.
  package var author: Mailbox?
  /// Whether a message that has no `To:`, `Cc:` or `Bcc:` gets a `To:` that names nobody.
  package var addsDestination = false
  /// Whether a message that has no `MIME-Version:` gets one, RFC 2045 §4.
  package var addsMIMEVersion = false
  /// Whose name `Sender:` gives when it is missing and `From:` is not one address of this account.
  ///
  /// RFC 6409 §8.1. A `From:` that cannot be read is nobody's.
  package var account: Account?
  /// This host, whose `Authentication-Results:` nobody else may bring, RFC 8601 §5.
  package var authenticationServer: Domain?
  /// Whether `Return-Path:` is removed, which only the final delivery may add, RFC 5321 §4.4.
  package var removesReturnPath = false
  /// Whether the header may have bytes beyond ASCII, RFC 6532 §3.
  package var allowsUTF8 = true

  /// The rules that change nothing.
  package init() {}
}
