/// What a client of SCRAM says to have proved, for the driver to check (RFC 5802 §3).
package struct SCRAMProof: Equatable, Sendable {
  /// The user, as the client names it.
  package let user: String
  /// `AuthMessage`: what both sides have said, which the proof and the server's signature cover.
  package let authMessage: [UInt8]
  /// `ClientProof`: 32 octets.
  package let clientProof: [UInt8]
}
