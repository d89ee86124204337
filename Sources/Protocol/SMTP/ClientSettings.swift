package import Mail
package import SASL

/// How a client session is to treat the server it is connected to.
package struct ClientSettings: Sendable {
  /// Whether STARTTLS is used; to check the certificate is up to whoever makes the handshake.
  package enum TLSPolicy: Sendable {
    case never
    case ifOffered
    case required
  }

  /// What the client proves itself with.
  package struct Credentials: Sendable {
    /// The user's name.
    package var user: String
    /// The password.
    package var password: [UInt8]

    /// The credentials of `user`.
    package init(user: String, password: [UInt8]) {
      self.user = user
      self.password = password
    }
  }

  /// The protocol that is spoken.
  package enum Dialect: Sendable {
    case smtp
    /// LHLO, and a reply for each recipient after the content (RFC 2033 §4).
    case lmtp
  }

  /// Whether content goes in a chunk to a server that offers CHUNKING (RFC 3030).
  package enum Chunking: Sendable {
    /// For where the size that the envelope tells is not exactly that of the content, too.
    case never
    /// Once it has answered DATA in its place.
    ///
    /// Of the replies to MAIL, RCPT and BDAT one looks like the other. Only the 354 proves that a server
    /// answers each command once, so that a yes to the last recipient is not taken for one to the message.
    case onceInStep
    case always
  }

  /// The name of this host, for EHLO.
  package var hostname: Domain
  /// Whether STARTTLS is used where TLS is not active from the start.
  package var tls: TLSPolicy
  /// What the client proves itself with, nil when it need not.
  package var credentials: Credentials?
  /// Whether a password may be sent without TLS.
  package var allowsPasswordInClear: Bool
  /// The mechanisms of AUTH that may be used; the server's offer and the order of
  /// `ClientExchange.mechanisms` choose among them.
  ///
  /// With those of SCRAM alone no server gets to see the password, however it presents itself.
  package var mechanisms: [Mechanism]
  /// Whether content goes in a chunk to a server with CHUNKING (RFC 3030).
  package var chunking: Chunking
  /// The protocol that the server speaks.
  package var dialect: Dialect
  /// Whether only a server with REQUIRETLS is of use; `tls` is `.required` then.
  package var needsRequireTLS: Bool

  /// The settings with these values.
  package init(
    hostname: Domain, tls: TLSPolicy, credentials: Credentials? = nil,
    allowsPasswordInClear: Bool = false, mechanisms: [Mechanism] = Mechanism.allCases,
    chunking: Chunking = .onceInStep, dialect: Dialect = .smtp, needsRequireTLS: Bool = false
  ) {
    self.hostname = hostname
    self.tls = tls
    self.credentials = credentials
    self.allowsPasswordInClear = allowsPasswordInClear
    self.mechanisms = mechanisms
    self.chunking = chunking
    self.dialect = dialect
    self.needsRequireTLS = needsRequireTLS
  }
}
