import Foundation
import TestSupport
import Testing

@testable import TLS

@Suite struct OwnCertificatesTests {
  /// 2027-01-15, when these tests are.
  private static let now: Int64 = 1_800_000_000
  private static let day: Int64 = 86_400

  /// A directory that goes away with the test, with the files in a directory below it.
  private final class Home: Sendable {
    private let scratch: ScratchDirectory
    let own: OwnCertificates
    let files: CertificateFiles
    var directory: String { "\(scratch.path)/tls" }

    init(hostName: String = "gw.home.example") throws {
      scratch = try ScratchDirectory()
      let path = scratch.path
      files = CertificateFiles(certificate: "\(path)/tls/cert.pem", key: "\(path)/tls/key.pem")
      own = OwnCertificates(files, hostName: hostName)
    }

    /// Files that were made at `now`, once for all tests: keys of RSA take their time.
    private static let template = Result {
      let home = try Home()
      _ = try home.own.maintain(now: OwnCertificatesTests.now)
      return home
    }

    /// A home whose files were made at `now`.
    static func made() throws -> Home {
      let home = try Home()
      try FileManager.default.copyItem(
        atPath: template.get().directory, toPath: home.directory)
      return home
    }

    func path(_ name: String) -> String { "\(directory)/\(name)" }

    /// The content of each file.
    func contents() throws -> [String: Data] {
      var contents: [String: Data] = [:]
      for name in try FileManager.default.contentsOfDirectory(atPath: directory) {
        contents[name] = FileManager.default.contents(atPath: path(name))
      }
      return contents
    }

    func write(_ text: String, to name: String) throws {
      try FileManager.default.createDirectory(
        atPath: directory, withIntermediateDirectories: true)
      try text.write(toFile: path(name), atomically: true, encoding: .utf8)
    }

    /// What openssl(1) prints.
    func openssl(_ arguments: String...) throws -> String {
      let output = Pipe()
      let process = try ChildProcess(
        "/bin/sh", ["-c", "cd \"$1\"; shift; exec openssl \"$@\"", "sh", directory] + arguments,
        output: output.fileHandleForWriting)
      let said = String(decoding: try output.readToEnd(), as: UTF8.self)
      process.wait()
      return said
    }
  }

  private static let names = [
    "authority-key.pem", "authority.pem", "cert-rsa.pem", "cert.pem", "key-rsa.pem", "key.pem",
  ]

  @Test("The first start makes an authority and two certificates, which openssl(1) takes")
  func firstStart() throws {
    let home = try Home()
    let outcome = try #require(try home.own.maintain())
    #expect(outcome.change == .made)
    #expect(try home.contents().keys.sorted() == Self.names)
    for (name, kind) in [("cert.pem", "id-ecPublicKey"), ("cert-rsa.pem", "rsaEncryption")] {
      let verified = try home.openssl(
        "verify", "-x509_strict", "-purpose", "sslserver", "-verify_hostname", "gw.home.example",
        "-CAfile", "authority.pem", name)
      #expect(verified == "\(name): OK\n")
      let text = try home.openssl("x509", "-in", name, "-noout", "-text")
      #expect(text.contains("Public Key Algorithm: \(kind)"))
      #expect(text.contains("DNS:gw.home.example, DNS:gw.local, DNS:gw\n"))
      #expect(text.contains("CA:FALSE"))
    }
    for name in ["authority-key.pem", "key.pem", "key-rsa.pem"] {
      let attributes = try FileManager.default.attributesOfItem(atPath: home.path(name))
      #expect(attributes[.posixPermissions] as? Int == 0o600)
    }
    _ = try TLSContext.server(outcome.files)

    let before = try home.contents()
    #expect(try home.own.maintain() == .init(files: outcome.files, change: .none))
    #expect(try home.contents() == before)
    #expect(try home.own.found() == outcome.files)
  }

  @Test("The key of the authority vouches for nobody but this host")
  func constraints() throws {
    let home = try Home.made()
    for (name, extension_) in [
      ("bank.example", "DNS:bank.example"), ("other.home.example", "DNS:other.home.example"),
      ("192.168.1.1", "IP:192.168.1.1"),
    ] {
      try home.write("subjectAltName=\(extension_)\nextendedKeyUsage=serverAuth\n", to: "ext")
      _ = try home.openssl(
        "req", "-new", "-key", "key.pem", "-subj", "/O=thief", "-out", "stolen.csr")
      _ = try home.openssl(
        "x509", "-req", "-in", "stolen.csr", "-CA", "authority.pem", "-CAkey",
        "authority-key.pem", "-extfile", "ext", "-out", "stolen.pem")
      let said = try home.openssl("verify", "-CAfile", "authority.pem", "stolen.pem")
      #expect(
        said.contains("permitted subtree violation") || said.contains("excluded subtree"),
        "\(name): \(said)")
    }
  }

  @Test("A certificate lasts 397 days, and is renewed with its key when a third of them is left")
  func renewal() throws {
    let home = try Home.made()
    let facts = try CertificateFacts.read(path: home.files.certificate)
    #expect(facts.ends - facts.begins == 397 * Self.day - 1)
    #expect(facts.begins == Self.now - Self.day)
    let before = try home.contents()

    let due = facts.ends - 132 * Self.day
    #expect(try home.own.maintain(now: due - 1)?.change == OwnCertificates.Change.none)
    #expect(try home.contents() == before)
    #expect(try home.own.maintain(now: due)?.change == .renewed)
    let after = try home.contents()
    for name in Self.names {
      #expect((before[name] == after[name]) == !name.hasPrefix("cert"), "\(name)")
    }
    // Long after the end, as when a board was off for years.
    #expect(try home.own.maintain(now: due + 1500 * Self.day)?.change == .renewed)
  }

  @Test("Another authority is made before one could end with a certificate of its own")
  func authorityEnds() throws {
    let home = try Home.made()
    let end = Self.now + 3650 * Self.day
    #expect(try home.own.maintain(now: end - 398 * Self.day)?.change == .renewed)
    let before = try home.contents()
    #expect(try home.own.maintain(now: end - 397 * Self.day)?.change == .made)
    let after = try home.contents()
    #expect(before["authority.pem"] != after["authority.pem"])
    #expect(before["key.pem"] == after["key.pem"])
  }

  @Test("A clock that is not set counts as the start of this program's time")
  func unsetClock() throws {
    let home = try Home()
    #expect(try home.own.maintain(now: 1000)?.change == .made)
    #expect(try home.own.maintain(now: 1000)?.change == OwnCertificates.Change.none)
    #expect(try home.own.maintain(now: Self.now)?.change == .renewed)
  }

  @Test("A clock that was ahead leaves no certificate of the future")
  func clockWasAhead() throws {
    let home = try Home()
    _ = try home.own.maintain(now: Self.now + 1000 * Self.day)
    #expect(try home.own.maintain(now: Self.now)?.change == .renewed)
  }

  @Test("Another host name has another authority, as the old one is bound to the old name")
  func otherName() throws {
    let home = try Home.made()
    let renamed = OwnCertificates(home.files, hostName: "post.home.example")
    #expect(try renamed.maintain(now: Self.now)?.change == .made)
    let verified = try home.openssl(
      "verify", "-attime", "\(Self.now)", "-verify_hostname", "post.home.example", "-CAfile",
      "authority.pem", "cert.pem")
    #expect(verified == "cert.pem: OK\n")
  }

  @Test("The self-signed certificate of an earlier version is replaced, and its key stays")
  func firstVersion() throws {
    let home = try Home()
    try home.write(Self.oldCertificate, to: "cert.pem")
    try home.write(Self.oldKey, to: "key.pem")
    #expect(try home.own.maintain()?.change == .made)
    let contents = try home.contents()
    #expect(contents["key.pem"] == Data(Self.oldKey.utf8))
    #expect(contents["cert.pem"] != Data(Self.oldCertificate.utf8))
  }

  @Test("A certificate of somebody else is left alone, with its key and all that is beside it")
  func foreign() throws {
    let authority = try TestAuthority.shared.get()
    let issued = try authority.issue(.init("gw.home.example"))
    let own = try SelfSignedCertificate.make(hostName: "gw.home.example")
    for (certificate, key) in [
      (
        try String(contentsOfFile: issued.certificate, encoding: .utf8),
        try String(contentsOfFile: issued.key, encoding: .utf8)
      ),
      (
        String(decoding: own.certificatePEM, as: UTF8.self),
        String(decoding: own.keyPEM, as: UTF8.self)
      ), ("no certificate\n", "no key\n"),
    ] {
      let home = try Home()
      try home.write(certificate, to: "cert.pem")
      try home.write(key, to: "key.pem")
      let before = try home.contents()
      #expect(try home.own.maintain() == nil)
      #expect(try home.own.found() == nil)
      #expect(try home.contents() == before)
    }
  }

  @Test("A key without its certificate, and a foreign file in the place of ours, are errors")
  func inTheWay() throws {
    let home = try Home()
    try home.write(Self.oldKey, to: "key.pem")
    do throws(TLSError) {
      _ = try home.own.maintain()
      Issue.record("a pair was made")
    } catch {
      #expect(
        error.description.hasPrefix(
          "\(home.files.certificate): is missing, but \(home.files.key) is there;"))
    }
    #expect(try home.contents().count == 1)

    for name in ["authority.pem", "cert-rsa.pem"] {
      let home = try Home()
      let foreign = try SelfSignedCertificate.make(hostName: "ca.example")
      try home.write(String(decoding: foreign.certificatePEM, as: UTF8.self), to: name)
      do throws(TLSError) {
        _ = try home.own.maintain()
        Issue.record("the file was replaced")
      } catch {
        #expect(error.description.hasPrefix("\(home.path(name)): stands where"))
      }
      #expect(try home.contents()[name] == Data(foreign.certificatePEM))
    }
  }

  @Test("What a power cut left is completed, at whatever point", arguments: 0..<7)
  func powerCut(written: Int) throws {
    // The order in which the files are made; each is whole or not there.
    let order = [
      "authority.pem", "authority-key.pem", "cert-rsa.pem", "key-rsa.pem", "cert.pem", "key.pem",
    ]
    let home = try Home.made()
    for name in order[written...].prefix(6) {
      try FileManager.default.removeItem(atPath: home.path(name))
    }
    if written < 6 { try home.write("half a f", to: "\(order[written]).new") }
    let outcome = try #require(try home.own.maintain(now: Self.now))
    #expect((outcome.change == .none) == (written == 6))
    #expect(try home.contents().keys.sorted() == Self.names)
    _ = try TLSContext.server(outcome.files)
    for name in ["cert.pem", "cert-rsa.pem"] {
      #expect(
        try home.openssl("verify", "-attime", "\(Self.now)", "-CAfile", "authority.pem", name)
          == "\(name): OK\n")
    }
  }

  @Test("A long host name fits, though it cannot be the common name")
  func longName() throws {
    let name = String(repeating: "a23456789.", count: 20) + "example"
    let home = try Home(hostName: name)
    _ = try home.own.maintain()
    #expect(
      try home.openssl("verify", "-verify_hostname", name, "-CAfile", "authority.pem", "cert.pem")
        == "cert.pem: OK\n")
  }

  @Test(
    "What is no host name gets no certificate",
    arguments: [
      "", "a,DNS:b", "a b", "a\nb", "a\0b", "héllo", "*", String(repeating: "a", count: 254),
    ])
  func badNames(name: String) throws {
    let home = try Home(hostName: name)
    #expect(throws: TLSError.self) { _ = try home.own.maintain() }
  }

  @Test("A link that leads nowhere is not replaced")
  func danglingLink() throws {
    let home = try Home()
    try FileManager.default.createDirectory(
      atPath: home.directory, withIntermediateDirectories: true)
    for path in [home.files.certificate, home.files.key] {
      try FileManager.default.createSymbolicLink(
        atPath: path, withDestinationPath: "/nonexistent/live.pem")
    }
    #expect(try home.own.maintain() == nil)
    #expect(throws: TLSError.self) { _ = try TLSContext.server([home.files]) }
  }

  @Test("A directory that cannot be is an error with the path")
  func noDirectory() throws {
    let home = try Home()
    try Data().write(to: URL(filePath: home.directory))
    #expect(throws: TLSError.self) { _ = try home.own.maintain() }
  }

  /// What version 0.1.0 made before it had an authority.
  private static let oldCertificate = """
    -----BEGIN CERTIFICATE-----
    MIIBojCCAUigAwIBAgIQNPdKHe6uzPebkF/owQQKCzAKBggqhkjOPQQDAjAaMRgw
    FgYDVQQDDA9ndy5ob21lLmV4YW1wbGUwHhcNMjYwMTAxMDAwMDAwWhcNMzYxMTI4
    MDM1ODAwWjAaMRgwFgYDVQQDDA9ndy5ob21lLmV4YW1wbGUwWTATBgcqhkjOPQIB
    BggqhkjOPQMBBwNCAAS1YPWKVbqeA5qzmN4a81hXJlm2IkLrtWDK01gNCLi3EH44
    WXRVZiFY2+1S5BM698yKcI7wTbhwMKeuSgebT4gDo3AwbjAaBgNVHREEEzARgg9n
    dy5ob21lLmV4YW1wbGUwDAYDVR0TAQH/BAIwADAOBgNVHQ8BAf8EBAMCB4AwEwYD
    VR0lBAwwCgYIKwYBBQUHAwEwHQYDVR0OBBYEFK+WB7TfOvHPRB/7mybCUsM2R5BJ
    MAoGCCqGSM49BAMCA0gAMEUCIB/C3bhj2RADjnt/SlFEtlGiy0hv8bQU4MV7WjZ4
    h+QZAiEA2266PKghznzCHZ1g2vLODuDL6E9GkoCn1nHbBC9vnVU=
    -----END CERTIFICATE-----

    """
  private static let oldKey = """
    -----BEGIN PRIVATE KEY-----
    MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgP2S7K1upNirKeJ5g
    TYQCgktL+YanZ4xWQb+i+o+B+sWhRANCAAS1YPWKVbqeA5qzmN4a81hXJlm2IkLr
    tWDK01gNCLi3EH44WXRVZiFY2+1S5BM698yKcI7wTbhwMKeuSgebT4gD
    -----END PRIVATE KEY-----

    """
}
