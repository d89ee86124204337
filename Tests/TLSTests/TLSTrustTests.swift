import Foundation
import Testing

@testable import TLS

@Suite struct TLSTrustTests {
  /// The first half of the sentence about a certificate that is not trusted.
  private func beginning(_ step: TLSStep) -> String? {
    guard case .failed(.untrusted(let reason)) = step else { return nil }
    return reason.split(separator: ";").first.map(String.init)
  }

  @Test("A certificate from a trusted authority for the right name is taken")
  func trusted() throws {
    let wire = try Wire()
    let credentials = try Credentials()
    let (server, client) = try makeSides(
      on: wire, credentials: credentials, trust: .authorities(path: credentials.certificatePath))
    #expect(shakeHands(server, client) == (.done, .done))
  }

  @Test(
    "A certificate for another name is refused, and the server is told",
    arguments: ["other.home.example", "home.example", "192.0.2.1", "2001:db8::1"])
  func wrongName(name: String) throws {
    let wire = try Wire()
    let credentials = try Credentials()
    let (server, client) = try makeSides(
      on: wire, credentials: credentials, trust: .authorities(path: credentials.certificatePath),
      serverName: name)
    let ends = shakeHands(server, client)
    #expect(beginning(ends.client) == "it is for gw.home.example, and not for this name")
    let told =
      "the client does not trust the certificate (bad certificate): it must know the authority; "
      + "see `gatepost certificate`"
    #expect(ends.server == .failed(.broken(reason: told)))
  }

  @Test("An expired certificate and one of the future are refused")
  func dates() throws {
    let now = Int64(Date().timeIntervalSince1970)
    for (from, until, reason) in [
      (now - 7200, now - 3600, "certificate has expired (is the clock of this machine right?)"),
      (
        now + 3600, now + 7200, "certificate is not yet valid (is the clock of this machine right?)"
      ),
    ] {
      let wire = try Wire()
      let credentials = try Credentials(from: from, until: until)
      let (server, client) = try makeSides(
        on: wire, credentials: credentials, trust: .authorities(path: credentials.certificatePath))
      #expect(beginning(shakeHands(server, client).client) == reason)
    }
  }

  @Test("The system's authorities do not vouch for a certificate that a host made itself")
  func selfSigned() throws {
    let wire = try Wire()
    let (server, client) = try makeSides(
      on: wire, credentials: try Credentials(), trust: .systemAuthorities)
    #expect(beginning(shakeHands(server, client).client) == "the server has signed it itself")
  }

  @Test("Whoever trusts anyone looks at neither name nor date")
  func anyone() throws {
    let wire = try Wire()
    let (server, client) = try makeSides(
      on: wire, credentials: try Credentials(from: 0, until: 1), trust: .anyone,
      serverName: "elsewhere.example")
    #expect(shakeHands(server, client) == (.done, .done))
  }

  @Test("A server without a name to look for is not connected to", arguments: ["", "a\0b"])
  func noName(name: String) throws {
    let context = try TLSContext.client(trust: .anyone)
    #expect(throws: TLSError.untrusted(reason: "the server has no name to look for")) {
      _ = try TLSSession.connecting(on: 0, context: context, serverName: name)
    }
  }

  @Test("A file of authorities must hold some")
  func emptyAuthorities() throws {
    let credentials = try Credentials()
    let path = credentials.directory + "/authorities.pem"
    try credentials.write(Array("nothing here\n".utf8), to: path)
    let expected = TLSError.file(path: path, reason: "holds no certificate in PEM form")
    #expect(throws: expected) { _ = try TLSContext.client(trust: .authorities(path: path)) }
  }
}
