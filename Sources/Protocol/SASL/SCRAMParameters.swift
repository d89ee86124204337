/// What the driver looks up for a client of SCRAM.
package struct SCRAMParameters: Equatable, Sendable {
  let salt: [UInt8]
  let iterations: Int
  /// The server's part of the nonce: visible ASCII, no comma.
  let nonce: [UInt8]
  let binding: [UInt8]?

  init(salt: [UInt8], iterations: Int, nonce: [UInt8], binding: [UInt8]?) {
    self.salt = salt
    self.iterations = iterations
    self.nonce = nonce
    self.binding = binding
  }

  /// - Parameters:
  ///   - salt: That of the user, or an invented one for a user who cannot log in this way.
  ///   - iterations: How often the password is to be hashed.
  ///   - random: Octets that nobody can foresee, at least ``Limits/serverNonceBytes``.
  ///   - binding: The channel binding data of the kind that was asked for; nil where there is none.
  package init(salt: [UInt8], iterations: Int, random: [UInt8], binding: [UInt8]?) {
    precondition(
      random.count >= Limits.serverNonceBytes,
      "a nonce that can be guessed lets a proof be replayed")
    self.init(
      salt: salt, iterations: iterations, nonce: Base64.encode(random), binding: binding)
  }
}
