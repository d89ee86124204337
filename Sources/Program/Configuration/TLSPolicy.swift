package import Platform

/// What TLS must give before a message is handed to another server.
package enum TLSPolicy: Equatable, Sendable {
  /// TLS is not tried.
  case none
  /// TLS is used when it is offered, without proof of who is at the other end.
  case may
  /// Without TLS nothing is sent; who is at the other end is not proved.
  case encrypt
  /// Without TLS, and a certificate that proves the host's name, nothing is sent.
  case verify
  /// Without TLS, and a certificate with one of these SHA-256 hashes, nothing is sent.
  case fingerprints([[UInt8]])

  /// Whether a password could leave without TLS.
  var mayLackTLS: Bool { self == .none || self == .may }
}

/// Where a password is taken over a connection that is not encrypted.
package enum PlainLogin: Sendable {
  /// From every address.
  case everywhere
  /// From the addresses of private networks and from the machine itself.
  case privateNetworks
  /// From no address.
  case nowhere
}

extension PlainLogin {
  /// Whether a client with that address may send its password without TLS.
  package func allows(_ client: IPAddress) -> Bool {
    switch self {
    case .everywhere: true
    case .privateNetworks: PrivateNetworks.contain(IPNetwork(client))
    case .nowhere: false
    }
  }
}
