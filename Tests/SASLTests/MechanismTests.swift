import Testing

@testable import SASL

struct MechanismTests {
  @Test(
    arguments: [
      ("PLAIN", Mechanism.plain), ("plain", .plain), ("Login", .login), ("LOGIN", .login),
    ])
  func `A name is read in any case`(name: String, mechanism: Mechanism) {
    #expect(Mechanism(name: Array(name.utf8)[...]) == mechanism)
  }

  @Test(arguments: ["", "PLAI", "PLAINS", "CRAM-MD5", "p\u{0C}AIN", "\u{10}LAIN", "L0GIN"])
  func `Any other name is refused`(name: String) {
    #expect(Mechanism(name: Array(name.utf8)[...]) == nil)
  }
}
