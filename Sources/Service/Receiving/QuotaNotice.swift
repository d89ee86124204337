import Mail
import Platform
import Spool

/// The message that tells a user that the maildrop is nearly full.
struct QuotaNotice {
  var user: String
  var quota: Quota
  var usage: MaildropUsage
  var hostname: Domain
  var postmaster: Mailbox
  var identifier: String
  var date: DateTime

  /// When a user is told, and when the next time may come, in percent.
  static let threshold = 90, end = 80

  /// The content, with LF line ends.
  var text: String {
    let size = ByteCount(bytes: usage.bytes).rounded
    let held = [
      quota.size.map { "\(size) of \($0)" }
        ?? quota.roomBytes.map {
          "\(size), and the disk has room for \(ByteCount(bytes: $0).rounded) more"
        },
      quota.messages.map { "\(usage.messages) of \($0) messages" },
    ].compactMap { $0 }.joined(separator: ", ")
    let percent = quota.percent(usage)
    let consequence =
      percent < 100
      ? "When it is full, mail for you is refused."
      : "It is full: mail for you is refused until there is room again."
    return """
      From: Mail server <\(postmaster.text)>
      To: \(user)@\(postmaster.domain.text)
      Subject: Your maildrop is \(percent) % full
      Date: \(date.text)
      Message-ID: <\(identifier)@\(hostname.text)>
      Auto-Submitted: auto-generated
      MIME-Version: 1.0
      Content-Type: text/plain; charset=us-ascii

      The maildrop of \(user) at \(hostname.text) holds \(held).
      \(consequence)

      Have your mail program delete messages on the server: most have a
      setting to leave messages there for some days only.

      This is said once, until the maildrop has been below \(Self.end) %.

      """
  }
}
