/// What the driver of a client's exchange works out of the password, for this layer has no hashes.
package enum ClientComputation: Equatable, Sendable {
  /// The proof of SCRAM-SHA-256 and the signature the server answers it with (RFC 5802 §3): slow on
  /// purpose, and to be done on a worker.
  case scram(password: [UInt8], salt: [UInt8], iterations: Int, authMessage: [UInt8])
  /// The keyed MD5 hash of a challenge, of 16 octets (RFC 2195 §2).
  case cramMD5(password: [UInt8], challenge: [UInt8])
}

/// What the two ends of a connection know of it and nobody else, for SCRAM to prove a password over.
package struct ChannelBindingData: Equatable, Sendable {
  /// The registered name of the kind, such as `tls-exporter`.
  let kind: String
  /// The data.
  let octets: [UInt8]

  /// The data of this kind.
  package init(kind: String, octets: [UInt8]) {
    self.kind = kind
    self.octets = octets
  }
}
