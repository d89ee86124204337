/// The limits of relaying that nobody needs to configure.
enum Limits {
  /// Messages that are being delivered at the same time.
  ///
  /// A destination that is mute from the start holds one of them, and one that falls silent as many as it
  /// has connections; when half of them are taken, no destination gets a second connection.
  static let deliveries = 50
  /// Messages without a pause after which memory is given back.
  static let burst = 32
  /// Messages of which an admin's command hears at the same time.
  static let toldAtOnce = 512
  /// Connections to all destinations together, those that are being closed included.
  static let connections = 64
  /// Destinations that are known to answer.
  static let usefulHops = 256
  /// Connections that wait for another message to the same destination.
  static let idleConnections = 32
  /// Connections to one destination where no route says otherwise: what big providers take from a small
  /// sender.
  static let connectionsPerHop = 5
  /// Messages over one connection where no route says otherwise, before it is closed to let the server
  /// balance its load.
  static let messagesPerConnection = 100
  /// Destinations that messages stand in line for; a message for one more waits for `linePause`.
  static let lines = 256
  /// How long a message waits for which there is no line.
  static let linePause: Duration = .seconds(60)
  /// How long a line is left alone before its window is looked at again: the clock may have been set.
  static let windowPause: Duration = .seconds(3600)
  /// A turn that comes within this time is waited for with the sessions left open.
  static let shortTurn: Duration = .seconds(10)
  /// Destinations whose next turn is remembered.
  static let pacedHops = 256
  /// Addresses that one attempt tries at most (RFC 5321 §5.1 asks for two at least).
  static let addressesPerAttempt = 5
  /// MX hosts whose addresses are looked up for one attempt.
  static let hostsPerAttempt = 5
  /// Servers of which something is remembered between connections: at 1 to 3 KB for a ticket of TLS.
  static let knownServers = 16
  /// How long a ticket of TLS is used: the certificate it stands for is looked at again after it.
  static let ticketAge: Duration = .seconds(3600)
  /// Octets of the first message of TLS that every line carries in one packet (RFC 8200 §5: 1,280, with the headers).
  static let longHelloBytes = 1200
  /// How long a server that wants a short one gets it.
  static let shortHelloMemory: Duration = .seconds(86_400)
  /// Destinations whose failures of TLS are remembered.
  static let tlsFailures = 64
  /// How long they are remembered: the longest wait between two attempts is shorter.
  static let tlsFailureMemory: Duration = .seconds(86_400)
  /// How much of the content is read and sent at a time, in bytes.
  static let pieceBytes = 32 << 10
  /// How long nothing is sent to a destination that could not be reached, at most: half of the
  /// first retry wait if that is less, so that no message waits longer for it than for its turn.
  static let deadHopPause: Duration = .seconds(60)
  /// The least time between two searches of the queue for what can be sent again.
  static let recoveryPause: Duration = .seconds(5)
  /// The first pause after which it is found out whether an outage is over; each is twice the one before, up to
  /// `deadHopPause`.
  static let firstProbe: Duration = .seconds(2)
  /// Destinations that wait for the end of an outage and may find out.
  static let outageMessages = 64
  /// The time without a server that was reached after which the first one has all tried that waits.
  ///
  /// Two destinations at least must have been tried: the line was down somewhere. Where it was not, five minutes of bad
  /// luck cost them an attempt.
  static let silence: Duration = .seconds(300)
  /// Destinations whose failure is remembered.
  static let deadHops = 256
  /// Octets that are remembered of the reason.
  static let reasonBytes = 512
  /// A queue file that cannot be read now is tried again after this time.
  ///
  /// A disk that fails for a moment, or was not there, must not hold mail up when it is back; and the time in the
  /// file cannot be written meanwhile.
  static let unreadablePause: Duration = .seconds(30)
  /// How long a message may wait before its sender is told; RFC 5321 §4.5.4.1 has most of them leave
  /// long before, and no sender wants to hear of each greylisting.
  static let unreportedDelay: Duration = .seconds(4 * 3600)
  /// How long a message that was found at the start is tried before its age may end it: the network
  /// of a box that was off for a week comes up later than the daemon.
  static let settling: Duration = .seconds(3600)
}

/// How long a server may be silent; the replies have the times of `Awaited`.
struct Patience: Sendable {
  /// A TCP connection that is being made, or a TLS handshake.
  var connect: Duration = .seconds(30)
  /// The longest wait for any reply: RFC 5321 §4.5.3.2.6 asks for 10 min after the content.
  var reply: Duration = .seconds(600)
  /// A piece of the content: RFC 5321 §4.5.3.2.5 asks for 3 min.
  var contentPiece: Duration = .seconds(180)
  /// Opening a session, or one message up to the end of its content: a server that says a little
  /// before each time-out must not hold one of a few deliveries for hours.
  var attempt: Duration = .seconds(3600)
}
