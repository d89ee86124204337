import Foundation
import TestSupport
import Testing

@testable import TLS

@Suite struct CertificateFactsTests {
  /// 2027-01-15 08:00.
  private static let now: Int64 = 1_800_000_000
  private static let day: Int64 = 86_400

  private struct Case: CustomTestStringConvertible {
    var testDescription: String
    var facts: CertificateFacts
    var now = CertificateFactsTests.now
    var expected: [String]

    init(
      _ name: String, names: [String] = ["gw.home.example"], commonName: String? = nil,
      begins: Int64 = -10, ends: Int64 = 90, isForServers: Bool = true, missing: String? = nil,
      now: Int64 = CertificateFactsTests.now, _ expected: String...
    ) {
      testDescription = name
      facts = CertificateFacts(
        path: "/c", names: names, commonName: commonName,
        begins: CertificateFactsTests.now + begins * CertificateFactsTests.day,
        ends: CertificateFactsTests.now + ends * CertificateFactsTests.day,
        isForServers: isForServers, missingIssuer: missing)
      self.now = now
      self.expected = expected
    }
  }

  private static let cases = [
    Case("right in all points"),
    Case("right by a wildcard", names: ["*.home.example"]),
    Case("the last second before the notice", ends: 14),
    Case("ends soon", ends: 13, "expires on 2027-01-28: renew it"),
    Case("ended", ends: -1, "has expired on 2027-01-14: renew it"),
    Case("not begun", begins: 2, "is not valid before 2027-01-17: is the clock right?"),
    Case("nothing of dates while the clock is not set", begins: 2, ends: -1, now: 1000),
    Case(
      "incomplete", missing: "CN=R10",
      "has an incomplete chain: append the certificate of its issuer, CN=R10, to the file"),
    Case(
      "another name", names: ["mail.example", "*.gw.home.example"],
      "is for mail.example, *.gw.home.example, not for GW.home.example: clients that look for "
        + "hostname refuse it"),
    Case(
      "a wildcard of another level", names: ["*.example"],
      "is for *.example, not for GW.home.example: clients that look for hostname refuse it"),
    Case(
      "the common name alone", names: [], commonName: "gw.home.example",
      "has no DNS name among its alternative names (the common name gw.home.example does not "
        + "count): clients refuse it"),
    Case(
      "for clients", isForServers: false,
      "is not for servers (extended key usage serverAuth): clients refuse it"),
    Case(
      "several at once", names: [], ends: -1, "has expired on 2027-01-14: renew it",
      "has no DNS name among its alternative names: clients refuse it"),
  ]

  @Test("What is wrong with a certificate is said in a sentence each", arguments: cases)
  private func warnings(_ it: Case) {
    #expect(it.facts.warnings(hostName: "GW.home.example", now: it.now) == it.expected)
  }

  /// A certificate as openssl(1) makes it, and the beginnings of what is said of it.
  private static let made: [(TestAuthority.Leaf, [String])] = [
    (.init("gw.home.example"), []), (.init("gw.home.example", key: .rsa2048), []),
    (.init("*.home.example", key: .p384), []),
    (.init("gw.home.example", ends: 3), ["expires on "]),
    (.init("gw.home.example", begins: -9, ends: -2), ["has expired on "]),
    (.init("gw.home.example", begins: 2, ends: 30), ["is not valid before "]),
    (
      .init("gw.home.example", hasIntermediate: false),
      [
        "has an incomplete chain: append the certificate of its issuer, "
          + "CN=Test Intermediate ec,O=Example, to the file"
      ]
    ),
    (.init("mail.example"), ["is for mail.example, not for gw.home.example"]),
    (
      .init(commonName: "gw.home.example"),
      ["has no DNS name among its alternative names (the common name gw.home.example "]
    ),
    (.init("gw.home.example", purpose: .client), ["is not for servers"]),
  ]

  @Test("The facts are those of certificates that openssl(1) has made", arguments: made.indices)
  func authority(index: Int) throws {
    let (leaf, expected) = Self.made[index]
    let authority = try TestAuthority.shared.get()
    let files = try authority.issue(leaf)
    let facts = try CertificateFacts.read(
      path: files.certificate, trusts: [.authorities(path: authority.root)])
    let said = facts.warnings(
      hostName: "gw.home.example", now: Int64(Date.now.timeIntervalSince1970))
    #expect(said.count == expected.count, "\(said)")
    for (sentence, beginning) in zip(said, expected) {
      #expect(sentence.hasPrefix(beginning), "\(sentence)")
    }
  }

  @Test("A root that nobody here knows is missing, unless the file has it")
  func privateRoot() throws {
    let authority = try TestAuthority.shared.get()
    let files = try authority.issue(.init("gw.home.example"))
    #expect(
      try CertificateFacts.read(path: files.certificate).missingIssuer
        == "CN=Test Root,O=Example")
    let scratch = try ScratchDirectory()
    let whole = try [files.certificate, authority.root]
      .map { try String(contentsOfFile: $0, encoding: .utf8) }.joined()
    let path = "\(scratch.path)/whole.pem"
    try whole.write(toFile: path, atomically: true, encoding: .utf8)
    #expect(try CertificateFacts.read(path: path).missingIssuer == nil)
    #expect(
      try CertificateFacts.read(
        path: files.certificate, trusts: [.systemAuthorities, .authorities(path: authority.root)]
      ).missingIssuer == nil)
  }

  @Test("Our own certificates have nothing to be told of")
  func own() throws {
    let scratch = try ScratchDirectory()
    let files = CertificateFiles(
      certificate: "\(scratch.path)/cert.pem", key: "\(scratch.path)/key.pem")
    _ = try OwnCertificates(files, hostName: "gw.home.example").maintain()
    let served = try ServedCertificates([files], hostName: "gw.home.example")
    #expect(served.files.count == 2)
    #expect(
      try served.warnings(
        hostName: "gw.home.example", now: Int64(Date.now.timeIntervalSince1970)
      ).isEmpty)
  }
}
