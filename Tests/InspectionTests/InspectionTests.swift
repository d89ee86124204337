import Foundation
import Inspection
import Platform
import TestSupport
import Testing

/// A configuration in a scratch directory, and what a check finds in it.
private struct Place {
  let scratch: ScratchDirectory

  init(_ settings: String = "") throws {
    scratch = try ScratchDirectory()
    for folder in ["spool", "state", "run"] {
      try FileManager.default.createDirectory(
        atPath: path(folder), withIntermediateDirectories: false)
    }
    try write("alice:!\n", to: "users", mode: 0o640)
    try write("postmaster: ann@far.example\n", to: "aliases", mode: 0o644)
    try write(
      """
      [server]
      hostname = gw.home.example
      domains = home.example
      spool = \(path("spool"))
      state = \(path("state"))
      runtime = \(path("run"))
      users = \(path("users"))
      [listen]
      smtp = off
      submission = off
      submissions = off
      pop3 = off
      pop3s = off
      [local]
      aliases = \(path("aliases"))
      [tls]
      certificate = \(path("cert.pem"))
      key = \(path("key.pem"))
      [dns]
      nameservers = 127.0.0.1
      \(settings)
      """, to: "gatepost.conf")
  }

  func path(_ name: String) -> String { "\(scratch.path)/\(name)" }

  func write(_ text: String, to name: String, mode: Int = 0o644) throws {
    try text.write(toFile: path(name), atomically: false, encoding: .utf8)
    try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path(name))
  }

  /// Makes a certificate and its key with openssl(1).
  func makeCertificate(_ certificate: String = "cert.pem", _ key: String = "key.pem") throws {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/openssl")
    process.arguments = [
      "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
      "-subj", "/CN=gw.home.example", "-addext", "subjectAltName=DNS:gw.home.example",
      "-keyout", path(key), "-out", path(certificate),
    ]
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0)
    try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path(key))
  }

  /// What is found, the scratch directory being called DIR.
  var findings: [(severity: Finding.Severity, text: String)] {
    Inspection.run(path: path("gatepost.conf")).findings.map {
      ($0.severity, $0.description.replacingOccurrences(of: scratch.path, with: "DIR"))
    }
  }
}

@Suite struct `A check` {
  @Test func `finds nothing where all is well, with a certificate or before there is one`() throws {
    let place = try Place()
    #expect(place.findings.isEmpty)
    try place.makeCertificate()
    #expect(place.findings.isEmpty)
  }

  @Test func `finds a key that is not that of the certificate, as an error`() throws {
    let place = try Place()
    try place.makeCertificate()
    try place.makeCertificate("other.pem")
    let found = place.findings
    #expect(found.count == 1 && found[0].severity == .error)
    #expect(found[0].text.hasPrefix("DIR/key.pem: "))
  }

  @Test func `finds a key that everybody may read, and files that others may write`() throws {
    let place = try Place()
    try place.makeCertificate()
    for (file, mode) in [("key.pem", 0o644), ("users", 0o666), ("aliases", 0o664)] {
      try FileManager.default.setAttributes(
        [.posixPermissions: mode], ofItemAtPath: place.path(file))
    }
    let found = place.findings
    #expect(found.allSatisfy { $0.severity == .warning } && found.count == 3)
    for file in ["key.pem", "users", "aliases"] {
      #expect(found.contains { $0.text.hasPrefix("warning: DIR/\(file): ") })
    }
  }

  @Test(arguments: [
    ("smarthost = smtp://mail.far.example:465", "write smtps://mail.far.example:465"),
    ("smarthost = smtps://mail.far.example:587", "write smtp://mail.far.example:587"),
    ("smarthost = smtps://mail.far.example:25", "write smtp://mail.far.example:25"),
    ("allow-public = yes\nnetworks = 233.0.0.0/8", "no host ever has an address in 233.0.0.0/8"),
    ("allow-public = yes\nnetworks = 19.0.0.0/8", "larger than the network of most providers"),
  ])
  func `warns of what is allowed and cannot be meant`(setting: String, hint: String) throws {
    let found = try Place("[relay]\n\(setting)\n").findings
    #expect(found.count == 1 && found.first?.severity == .warning)
    #expect(try #require(found.first).text.contains(hint))
  }

  @Test func `warns of a login that may be earned from the whole Internet`() throws {
    let found = try Place("[pop-before-smtp]\nallow-public = yes\nnetworks = 0.0.0.0/0\n").findings
    #expect(found.contains { $0.severity == .warning && $0.text.contains("the whole Internet") })
  }

  @Test(arguments: ["", "postmaster: alice\n", "postmaster: nobody\n"])
  func `warns of a postmaster whom nobody reads`(aliases: String) throws {
    let place = try Place()
    try place.write(aliases, to: "aliases")
    let found = place.findings
    #expect(found.count == 1 && found.first?.severity == .warning)
    #expect(try #require(found.first).text.contains("postmaster@home.example"))
  }

  @Test func `names a link in the place of a maildrop`() throws {
    let place = try Place()
    let mail = place.path("spool/mail")
    try FileManager.default.createDirectory(
      atPath: "\(mail)/bob", withIntermediateDirectories: true)
    try FileManager.default.createSymbolicLink(
      atPath: "\(mail)/alice", withDestinationPath: "/elsewhere")
    let found = place.findings
    #expect(found.count == 1 && found.first?.severity == .trouble)
    #expect(try #require(found.first).text.hasPrefix("DIR/spool/mail/alice: is a link"))
  }

  @Test func `finds a port that another program has`() throws {
    let place = try Place()
    let descriptor = try Descriptor.listening(
      on: SocketAddress(IPAddress(v4: 0x7F00_0001), port: 0))
    let port = try descriptor.localAddress().port
    let text = try String(contentsOfFile: place.path("gatepost.conf"), encoding: .utf8)
    try place.write(
      text.replacingOccurrences(of: "smtp = off", with: "smtp = 127.0.0.1:\(port)"),
      to: "gatepost.conf")
    let found = place.findings
    #expect(found.count == 1 && found.first?.severity == .trouble)
    #expect(try #require(found.first).text.contains("another program has the port"))
  }

  @Test func `tells of secrets that cannot be read`() throws {
    let place = try Place()
    let text = try String(contentsOfFile: place.path("gatepost.conf"), encoding: .utf8)
    try place.write(
      text + "[relay]\nsmarthost = smtps://mail.far.example\nsecrets = \(place.path("secrets"))\n"
        + "credentials = isp\n", to: "gatepost.conf")
    let found = place.findings
    #expect(found.count == 1 && found.first?.severity == .error)
    #expect(try #require(found.first).text.hasPrefix("DIR/secrets: cannot be read: No such file"))
  }
}
