/// The limits of a session that nobody needs to configure.
enum Limits {
  /// A session may last so long, whatever it does: a client that dribbles gives its place back.
  static let session: Duration = .seconds(2 * 3600)
  /// Wait for the next piece of content: RFC 5321 §4.5.3.2.5 asks for 3 min.
  static let contentPiece: Duration = .seconds(180)
  /// All of the content; RFC 5321 §4.5.3.2.6 gives 10 min to its end alone.
  static let content: Duration = .seconds(3600)
  /// Octets that a message is expected to have whose client does not say; more is looked for as it comes.
  static let assumedBytes = 64 << 10
  /// Copies of strangers' mail that aliases, a catch-all or a redirection send elsewhere in an hour; one alias may
  /// make a hundred.
  static let forwarded = 1000
  /// The same of the mail of one client.
  static let forwardedOfClient = 200
  /// The part of the queue, 1 in so many messages, beyond which it takes no such copy.
  static let forwardedShare = 4
  /// Sending a reply to a client that does not read.
  static let reply: Duration = .seconds(60)
  /// The TLS handshake.
  static let handshake: Duration = .seconds(60)
  /// Commands since the start or the last message that was taken in.
  static let idleCommands = 1000
  /// The same while a transaction is open: twice the recipients that can be configured.
  static let transactionCommands = 20_000
  /// All of a question to the server of a domain: the client waits for it, who has five minutes for a
  /// reply to RCPT (RFC 5321 §4.5.3.2.3).
  static let recipientProbe: Duration = .seconds(10)
  /// Probes at once: enough for the recipients of a busy minute, few to a server that hangs.
  static let probes = 16
  /// How long a server has to be silent for that.
  static let slowProbe: Duration = .seconds(1)
  /// How long a server that was silent is not asked again.
  static let probePause: Duration = .seconds(30)
  /// How long a stranger is watched before it is greeted: who talks first does it at once.
  static let greetingPause: Duration = .milliseconds(100)
  /// A wrong password is answered after this time, so that guessing takes its time.
  static let failedLoginDelay: Duration = .seconds(1)
  /// All that is looked up about a sender: RFC 7208 §4.6.4 asks for 20 s at least.
  static let senderPolicy: Duration = .seconds(20)
  /// Senders that are looked up at the same time: a hostile one can make us keep 300 KB meanwhile.
  static let senderChecks = 32
  /// All that is asked of blocklists: the client waits, and most answer in a fraction of a second.
  static let blocklists: Duration = .seconds(5)
}
