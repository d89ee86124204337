/// The limits of the mail formats; the figure a standard asks for stands beside each.
package enum Limits {
  /// Octets of a local part.
  ///
  /// RFC 5321 §4.5.3.1.1 asks for 64 at least; mailing lists and bounce addresses are often longer.
  package static let localPartBytes = 255

  /// Octets of a domain; RFC 5321 §4.5.3.1.2 asks for 255, and the DNS carries no more.
  package static let domainBytes = 255

  /// Octets of a label of a domain, RFC 1035 §2.3.4.
  package static let labelBytes = 63

  /// Octets of a path with its brackets and source route; RFC 5321 §4.5.3.1.3 asks for 256.
  package static let pathBytes = 1024

  /// Octets of a line of content, without its line end.
  ///
  /// RFC 5321 §4.5.3.1.6 asks for 998 and no sender should exceed it, but scanners and alarm panels
  /// send whole HTML pages in one line. Content is streamed, so a long line costs no memory.
  package static let contentLineBytes = 1 << 20

  /// Octets of a line that leaves, without its line end: the most that RFC 5321 §4.5.3.1.6 lets it have.
  package static let foldedLineBytes = 998

  /// `Received:` fields that prove a loop; RFC 5321 §6.3 asks for 100 at least.
  package static let receivedFields = 100

  /// Octets of the name of a header field.
  ///
  /// A line of 998 has room for no more with the colon (RFC 5322 §2.1.1). Names in use have fewer than
  /// 50, but whatever others take for a field must be one here: nothing may hide behind it.
  package static let fieldNameBytes = 997

  /// Octets of a message's header.
  ///
  /// No RFC has a figure. Relays on the way and the programs that read mail hold the header in memory
  /// as a whole, and refuse or cut what is over 100 KB to 1 MB; real ones have 2 to 30 KB.
  package static let headerBytes = 256 << 10

  /// Octets of lines that are held until it is known whether they belong to the header, because one of
  /// them is no field.
  package static let doubtfulBytes = 4096

  /// Octets of the value of a field that is read, and not only passed on.
  package static let fieldValueBytes = 1024

  /// Octets of the original header that a delivery report quotes.
  package static let quotedHeaderBytes = 32 << 10

  /// Octets of a message that a delivery report returns whole, as stored; of a larger one it quotes the
  /// header: to send it back would double what a sender of a false address does to its victim.
  package static let returnedMessageBytes = 1 << 20

  /// Octets of a remote text that a delivery report or a log line quotes.
  package static let quotedTextBytes = 1000

  /// Octets of an original recipient, RFC 3461 §4.2: 500 with its type.
  package static let originalRecipientBytes = 500

  /// Octets of an envelope identifier, RFC 3461 §4.4.
  package static let envelopeIdentifierBytes = 100
}
