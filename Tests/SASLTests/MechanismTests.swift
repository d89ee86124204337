import Testing

@testable import SASL

struct MechanismTests {
  @Test(
    arguments: [
      ("PLAIN", Mechanism.plain), ("plain", .plain), ("Login", .login), ("LOGIN", .login),
      ("cram-md5", .cramMD5), ("scram-sha-256", .scramSHA256),
      ("Scram-SHA-256-Plus", .scramSHA256Plus),
    ])
  func `A name is read in any case`(name: String, mechanism: Mechanism) {
    #expect(Mechanism(name: Array(name.utf8)[...]) == mechanism)
  }

  @Test(arguments: [
    "", "PLAI", "PLAINS", "CRAM-MD", "DIGEST-MD5", "p\u{0C}AIN", "\u{10}LAIN", "L0GIN",
    "SCRAM-SHA-1", "SCRAM-SHA-256-", "SCRAM\rSHA-256", "SCRAM-SHA-\u{12}56",
  ])
  func `Any other name is refused`(name: String) {
    #expect(Mechanism(name: Array(name.utf8)[...]) == nil)
  }

  @Test func `The most preferred comes first, and what binds to TLS needs it`() {
    #expect(
      Mechanism.offered(isTLSActive: true).map(\.name)
        == ["SCRAM-SHA-256-PLUS", "SCRAM-SHA-256", "PLAIN", "LOGIN"])
    #expect(
      Mechanism.offered(isTLSActive: false).map(\.name) == ["SCRAM-SHA-256", "PLAIN", "LOGIN"])
  }
}
