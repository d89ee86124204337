import Foundation
import Testing

@testable import TLS

@Suite struct SelfSignedCertificateTests {
  /// A directory that goes away with the test, with the two paths in a directory below it.
  private final class Home {
    let directory = FileManager.default.temporaryDirectory.appending(path: "gatepost-\(UUID())")
      .path
    var certificatePath: String { directory + "/tls/cert.pem" }
    var keyPath: String { directory + "/tls/key.pem" }
    var certificateDraft: String { directory + "/tls/.cert.pem.new" }
    var keyDraft: String { directory + "/tls/.key.pem.new" }

    init() throws {
      try FileManager.default.createDirectory(
        atPath: directory, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: directory) }

    func ensure() throws(TLSError) -> SelfSignedCertificate.Presence {
      try SelfSignedCertificate.ensure(
        certificatePath: certificatePath, keyPath: keyPath, hostName: "gw.home.example")
    }

    func loads() throws(TLSError) {
      _ = try TLSContext.server(certificatePath: certificatePath, keyPath: keyPath)
    }

    func content() throws -> [Data] {
      try [certificatePath, keyPath].map { try Data(contentsOf: URL(filePath: $0)) }
    }

    func move(_ path: String, to other: String) throws {
      try FileManager.default.moveItem(atPath: path, toPath: other)
    }
  }

  @Test(
    "A certificate lasts ten years, from the start of this program's time where the clock is unset",
    arguments: [
      (1_800_000_000, 1_800_000_000 + 315_360_000), (0, 1_767_225_600 + 315_360_000),
    ] as [(Int64, Int64)])
  func validity(now: Int64, expected: Int64) throws {
    let pair = try SelfSignedCertificate.make(hostName: "gw.home.example", now: now)
    var text = PEM(pair.certificatePEM)
    #expect(text.nextCertificate()?.notAfter == expected)
  }

  @Test("Each certificate has a key of its own")
  func fresh() throws {
    let one = try SelfSignedCertificate.make(hostName: "gw.home.example")
    let two = try SelfSignedCertificate.make(hostName: "gw.home.example")
    #expect(one.keyPEM != two.keyPEM)
    #expect(one.certificatePEM != two.certificatePEM)
  }

  @Test("A long host name fits, though it cannot be the common name")
  func longName() throws {
    let name = String(repeating: "a23456789.", count: 20) + "example"
    let credentials = try Credentials(hostName: name)
    let wire = try Wire()
    let (server, client) = try makeSides(
      on: wire, credentials: credentials, trust: .authorities(path: credentials.certificatePath),
      serverName: name)
    #expect(shakeHands(server, client) == (.done, .done))
  }

  @Test(
    "What is no host name gets no certificate",
    arguments: [
      "", "a,DNS:b", "a b", "a\nb", "a\0b", "héllo", "*", String(repeating: "a", count: 254),
    ])
  func badNames(name: String) {
    #expect(throws: TLSError.self) { _ = try SelfSignedCertificate.make(hostName: name) }
  }

  @Test("The first start makes both files and their directory, and the second leaves them alone")
  func firstStart() throws {
    let home = try Home()
    #expect(try home.ensure() == .made)
    try home.loads()
    let attributes = try FileManager.default.attributesOfItem(atPath: home.keyPath)
    #expect(attributes[.posixPermissions] as? Int == 0o600)
    let content = try home.content()
    #expect(try home.ensure() == .found)
    #expect(try home.content() == content)
    #expect(try FileManager.default.contentsOfDirectory(atPath: home.directory + "/tls").count == 2)
  }

  @Test("One file without the other is an error that names the missing one")
  func half() throws {
    for isKeyMissing in [true, false] {
      let home = try Home()
      _ = try home.ensure()
      let (lost, kept) =
        isKeyMissing
        ? (home.keyPath, home.certificatePath) : (home.certificatePath, home.keyPath)
      try FileManager.default.removeItem(atPath: lost)
      let before = try Data(contentsOf: URL(filePath: kept))
      do {
        _ = try home.ensure()
        Issue.record("half a pair was taken")
      } catch {
        #expect(error.description.hasPrefix("\(lost): is missing, but \(kept) is there;"))
      }
      #expect(try Data(contentsOf: URL(filePath: kept)) == before)
      #expect(!FileManager.default.fileExists(atPath: lost))
    }
  }

  @Test("A start after a power cut finishes what the cut broke off, at whatever point")
  func powerCut() throws {
    // What can be on disk, in the order in which `ensure` makes it.
    for state in 0...3 {
      let home = try Home()
      _ = try home.ensure()
      try home.move(home.certificatePath, to: home.certificateDraft)
      if state < 3 { try home.move(home.keyPath, to: home.keyDraft) }
      if state < 2 { try FileManager.default.removeItem(atPath: home.certificateDraft) }
      if state < 1 { try Data("half a k".utf8).write(to: URL(filePath: home.keyDraft)) }
      #expect(try home.ensure() == .made)
      try home.loads()
      let names = try FileManager.default.contentsOfDirectory(atPath: home.directory + "/tls")
      #expect(names.sorted() == ["cert.pem", "key.pem"])
    }
  }

  @Test("A draft left by an earlier power cut is not taken for another key")
  func staleDraft() throws {
    let home = try Home()
    _ = try home.ensure()
    let other = try Credentials()
    try FileManager.default.removeItem(atPath: home.certificatePath)
    try FileManager.default.copyItem(atPath: other.certificatePath, toPath: home.certificateDraft)
    #expect(throws: TLSError.self) { _ = try home.ensure() }
    #expect(!FileManager.default.fileExists(atPath: home.certificatePath))
  }

  @Test("A link that leads nowhere is not replaced")
  func danglingLink() throws {
    let home = try Home()
    try FileManager.default.createDirectory(
      atPath: home.directory + "/tls", withIntermediateDirectories: true)
    for path in [home.certificatePath, home.keyPath] {
      try FileManager.default.createSymbolicLink(
        atPath: path, withDestinationPath: "/nonexistent/live.pem")
    }
    #expect(try home.ensure() == .found)
    #expect(throws: TLSError.self) { try home.loads() }
  }

  @Test("A directory that cannot be is an error with the path")
  func noDirectory() throws {
    let home = try Home()
    try Data().write(to: URL(filePath: home.directory + "/tls"))
    let expected = TLSError.file(
      path: home.certificatePath, reason: "Not a directory (openat)")
    #expect(throws: expected) { _ = try home.ensure() }
  }
}
