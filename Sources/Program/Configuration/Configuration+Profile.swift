package import Mail
package import Platform
package import SMTP

extension Configuration {
  /// A section `[profile NAME]`: what is different for some clients.
  ///
  /// Its first part forgives devices what they do wrong, its second part says what those clients may
  /// do. It holds for a client in one of `networks` that comes to one of `listeners`; at POP3 only the login without
  /// TLS and old TLS mean something.
  package struct Profile: Sendable {
    /// The name, for the log.
    package let name: String
    /// Where the clients are; empty for anywhere.
    package internal(set) var networks: [IPNetwork] = []
    /// Where they come to; empty for every listener.
    package internal(set) var listeners: [ListenerPattern] = []

    /// Whether HELO and EHLO may have an empty or odd name.
    package internal(set) var allowsOddGreeting = false
    /// Whether paths may lack their angle brackets, or follow a space.
    package internal(set) var allowsLoosePaths = false
    /// Whether AUTH is offered without TLS.
    package internal(set) var allowsLoginWithoutTLS = false
    /// Whether a login survives another HELO, and AUTH may be said again.
    package internal(set) var keepsLogin = false
    /// Whether a bare line feed is taken for a line end.
    package internal(set) var repairsBareLF = false
    /// Whether TLS 1.0 and 1.1, and the ciphers of their time, are taken.
    package internal(set) var allowsOldTLS = false
    /// Whether a From, To or MIME-Version that is missing is added.
    package internal(set) var completesHeader = false
    /// Whether header fields may hold bytes beyond ASCII.
    package internal(set) var allows8BitHeader = false
    /// What EHLO does not offer.
    package internal(set) var hidden: Extensions = []

    /// The senders they may give; empty for any.
    package internal(set) var senders: [SenderRule] = []
    /// Recipients of one message; nil for the number of `[limits]`.
    package internal(set) var recipients: Int?
    /// Octets of one message; nil for the number of `[limits]`.
    package internal(set) var messageBytes: Int?
    /// Messages of each client; nil for the number of `[limits]`.
    package internal(set) var messagesPerHour: Allowance?
    /// Recipients of all these messages; nil for the number of `[limits]`.
    package internal(set) var recipientsPerHour: Allowance?

    init(name: String) { self.name = name }

    /// Whether the profile holds for a client of that service.
    ///
    /// - Parameter local: the address and port that the client has connected to.
    package func holds(
      for client: IPAddress, of service: ListenerPattern.Service, at local: SocketAddress
    ) -> Bool {
      (networks.isEmpty || networks.contains { $0.contains(client) })
        && (listeners.isEmpty || listeners.contains { $0.covers(service, at: local) })
    }
  }
}
