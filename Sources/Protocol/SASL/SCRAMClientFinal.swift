/// The client's last message of SCRAM (`client-final-message`, RFC 5802 §7).
struct SCRAMClientFinal: Sendable {
  /// The header of the first message, and the channel binding data (`cbind-input`).
  let binding: [UInt8]
  /// The nonce of both sides.
  let nonce: ArraySlice<UInt8>
  /// The message up to the proof, which covers it.
  let withoutProof: ArraySlice<UInt8>
  /// The proof.
  let proof: [UInt8]

  /// Reads a message; nil if it has another form, or a mandatory extension.
  init?(_ message: ArraySlice<UInt8>) {
    let pieces = SCRAMAttribute.pieces(of: message)
    guard pieces.count >= 3, let last = pieces.last,
      let binding = SCRAMAttribute.value(of: "c", in: pieces[0]).flatMap({
        Base64.decode($0, limit: Limits.messageBytes)
      }),
      let nonce = SCRAMAttribute.value(of: "r", in: pieces[1]),
      pieces[2...].dropLast().allSatisfy(SCRAMAttribute.isOptionalExtension),
      let proof = SCRAMAttribute.value(of: "p", in: last).flatMap({
        Base64.decode($0, limit: Limits.proofBytes)
      }), proof.count == Limits.proofBytes
    else { return nil }
    self.binding = binding
    self.nonce = nonce
    self.proof = proof
    withoutProof = message[..<(last.startIndex - 1)]
  }
}
