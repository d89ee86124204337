package import Mail
package import Platform
package import SMTP

extension Leniency {
  /// The key of a profile that grants this one leniency.
  var profileKey: String? {
    switch self {
    case .oddGreeting: "odd-greeting"
    case .loosePaths: "loose-paths"
    case .keptLogin: "keep-login"
    case .loginWithoutTLS: "login-without-tls"
    default: nil
    }
  }
}

/// What is different for the clients of some networks or listeners: what they are forgiven, and what
/// they may do.
package struct ClientProfile: Sendable {
  /// Whether the profile holds for a client of the service, connected to that address.
  package var holds: @Sendable (IPAddress, ReceivingService, SocketAddress?) -> Bool
  /// The rules of the protocol that the clients may break.
  package var leniency: Leniency = []
  /// What EHLO does not offer to them.
  package var hidden: Extensions = []
  /// Whether their bare line feeds are taken for line ends.
  package var repairsBareLF = false
  /// Whether they may speak TLS 1.0 and 1.1, with the ciphers of that time.
  package var allowsOldTLS = false
  /// Whether From, To and MIME-Version are added where they are missing.
  package var completesHeader = false
  /// Whether their header fields may hold bytes beyond ASCII.
  package var allowsEightBitHeader = false
  /// Whether this machine itself is counted too, which it is not otherwise.
  package var countsThisMachine = false
  /// The senders they may give; empty for any.
  package var senders: [SenderRule] = []
  /// What is limited otherwise than for all.
  package var limits = SendingLimits()

  package init(holds: @escaping @Sendable (IPAddress, ReceivingService, SocketAddress?) -> Bool) {
    self.holds = holds
  }

  /// Whether the clients may give this sender, whoever they prove to be.
  func allows(_ sender: ReversePath) -> Bool {
    senders.isEmpty || senders.contains { $0.covers(sender) }
  }
}
