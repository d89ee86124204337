/// What the certificate of a server must look like (RFC 6698 §2.1).
package struct TLSARecord: Equatable, Sendable {
  /// Which certificate of the chain is meant, and who else must vouch for it.
  package var usage: UInt8
  /// Whether the whole certificate or its public key is compared.
  package var selector: UInt8
  /// Whether it is compared itself or by a hash.
  package var matchingType: UInt8
  /// What it is compared with.
  package var data: [UInt8]
}
