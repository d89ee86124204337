/// The limits of the SMTP protocol values; the figure the RFC asks for stands beside each.
package enum Limits {
  /// Octets of a line from a client, without its line end.
  ///
  /// RFC 5321 §4.5.3.1.4 asks for 512, and the extensions offered here add 559. RFC 4954 §4 allows
  /// 12,288 in an authentication exchange, for mechanisms other than these: PLAIN needs 1,024, and
  /// SCRAM no more.
  package static let commandLineBytes = 2048

  /// Octets of the name by which a client greets; RFC 5321 §4.5.3.1.2 asks for 255.
  package static let clientNameBytes = 255

  /// Digits of the size of a chunk; RFC 3030 §2 has no limit, RFC 1870 §4 has 20 for SIZE.
  package static let chunkSizeDigits = 18

  /// Wrong commands after which a client is sent away with 421.
  package static let commandErrors = 10

  /// Refused senders and recipients after which a client is sent away: it is guessing addresses.
  package static let refusedAddresses = 100

  /// Wrong passwords after which a client is sent away; RFC 4954 §6 leaves the number open.
  package static let authenticationFailures = 3

  /// Octets of a line of a reply, with its code and its CRLF, RFC 5321 §4.5.3.1.5.
  package static let replyLineBytes = 512

  /// Octets of a line of a reply that is read, as servers break the limit on those they send.
  package static let receivedReplyLineBytes = 4096

  /// Lines of a reply that is read.
  package static let receivedReplyLines = 128

  /// Octets of text kept of a reply that is read.
  package static let receivedReplyTextBytes = 8192

  /// Recipients sent in one group without waiting for a reply.
  ///
  /// The commands and the replies of a group both fit the socket buffers, so that client and server
  /// never wait for each other (RFC 2920 §3.1).
  package static let pipelinedRecipients = 100
}
