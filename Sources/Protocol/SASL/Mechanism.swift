/// A SASL mechanism that both sides of Gatepost speak.
package enum Mechanism: CaseIterable, Equatable, Sendable {
  /// One message with user name and password (RFC 4616 §2).
  case plain
  /// User name and password on two prompts, never standardised, and all that many devices know.
  case login

  /// The name as a capability list shows it.
  package var name: String {
    switch self {
    case .plain: "PLAIN"
    case .login: "LOGIN"
    }
  }

  /// Reads a mechanism's name in any case (RFC 4422 §3.1); nil when it is not offered here.
  package init?(name: ArraySlice<UInt8>) {
    for mechanism in Mechanism.allCases where mechanism.isNamed(name) {
      self = mechanism
      return
    }
    return nil
  }

  private func isNamed(_ text: ArraySlice<UInt8>) -> Bool {
    let name = self.name.utf8
    guard text.count == name.count else { return false }
    // Without bit 5 a letter is equal to its other case, and to nothing else.
    return zip(text, name).allSatisfy { $0 & 0xDF == $1 }
  }
}
