import EndToEndSupport
import Foundation
import TestSupport
import Testing

/// Servers whose TLS is Python's, with the troubles that servers have.
@Suite struct ForeignTLSTests {
  private func gatepost(to port: UInt16, _ settings: String = "tls = may") throws -> Gatepost {
    try Gatepost(
      """
      [relay]
      networks = 127.0.0.0/8
      smarthost = smtp://127.0.0.1:\(port)
      \(settings)
      """)
  }

  @Test(
    "A server that aborts a resumed session gets the message at once, over a full one",
    arguments: ["alerts-resumed", "cuts-resumed"], [[], ["tls1.2"]])
  func aborts(mode: String, options: [String]) throws {
    let server = try ForeignServer(mode, options)
    let gatepost = try gatepost(to: server.port)
    for count in 1...3 {
      #expect(try gatepost.send(to: "ann@far.example").hasPrefix("250"))
      try gatepost.eventually("it is there") { server.events("mail").count == count }
      // The ticket is kept when the session has ended.
      try gatepost.eventually("the session has ended") { server.events("quit").count == count }
    }
    #expect(server.events("mail") == ["tls", "tls", "tls"])
    #expect(gatepost.log.count(of: "deferred id=") == 0)
    #expect(gatepost.log.count(of: " tls=TLSv1.") == 3)
    #expect(gatepost.log.count(of: " policy=may ") == 3)
    // The second message has offered the session of the first, and the third that of the second.
    let aborted =
      mode == "alerts-resumed"
      ? server.events("alert") : server.events("session").filter { $0.hasSuffix("resumed") }
    #expect(aborted.count == 2, "\(server.log)")
  }

  @Test(
    "Where TLS fails, a message leaves in clear at a later attempt, and the log says so",
    arguments: ["resets", "puts-off", "hangs-up", "wants-certificate"])
  func inClear(mode: String) throws {
    let server = try ForeignServer(mode)
    let gatepost = try gatepost(to: server.port)
    #expect(try gatepost.send(to: "ann@far.example").hasPrefix("250"))
    try gatepost.eventually("it is there") { server.events("mail") == ["clear"] }
    let lines = gatepost.log.split(separator: "\n")
    let (deferred, delivered) = (
      lines.filter { $0.contains("deferred id=") }, lines.filter { $0.contains("delivered id=") }
    )
    #expect(deferred.count == 1 && delivered.count == 1)
    #expect((deferred + delivered).allSatisfy { $0.contains(" tls=failed policy=may ") })
  }

  /// A Gatepost for a server at mx.far.example with TLS from the start.
  private func gatepost(proving server: ForeignServer, _ settings: String) throws -> Gatepost {
    try Gatepost(
      """
      \(settings)
      [relay]
      networks = 127.0.0.0/8
      smarthost = smtps://mx.far.example:\(server.port)
      """, isStarted: false)
  }

  @Test(
    "An authority of the admin's own counts in place of the system's",
    arguments: ["file", "directory"])
  func ownAuthority(kind: String) throws {
    let authority = try TestAuthority.shared.get()
    let server = try ForeignServer(
      "none", ["implicit"], files: authority.issue(.init("mx.far.example", key: .rsa2048)))
    let path = kind == "file" ? authority.root : authority.store
    let gatepost = try gatepost(proving: server, "[tls]\nauthorities = \(path)")
    try gatepost.start()
    #expect(try gatepost.send(to: "ann@far.example").hasPrefix("250"))
    try gatepost.waitForLog("delivered id=")
    #expect(gatepost.log.contains(" tls=TLSv1.3 policy=verify "))
    // What a route says outweighs it.
    try gatepost.configure(
      """
      [relay]
      networks = 127.0.0.0/8
      smarthost = smtps://mx.far.example:\(server.port)
      authorities = \(gatepost.path)/cert.pem
      """)
    try gatepost.reload()
    #expect(try gatepost.send(to: "ann@far.example").hasPrefix("250"))
    try gatepost.waitForLog("deferred id=")
  }

  @Test(
    "An authority that is removed from the system's store is trusted no more, without a reload",
    .needsRoot("only root can give a process a store of its own"))
  func removedAuthority() throws {
    let authority = try TestAuthority.shared.get()
    let store = try ScratchDirectory()
    for name in try FileManager.default.contentsOfDirectory(atPath: authority.store) {
      try FileManager.default.copyItem(
        atPath: "\(authority.store)/\(name)", toPath: "\(store.path)/\(name)")
    }
    let server = try ForeignServer(
      "none", ["implicit"], files: authority.issue(.init("mx.far.example")))
    let gatepost = try gatepost(proving: server, "")
    try gatepost.start(under: TestAuthority.command(mounting: store.path))
    for count in 1...2 {
      #expect(try gatepost.send(to: "ann@far.example").hasPrefix("250"))
      try gatepost.eventually("it is there") { server.events("mail").count == count }
      try gatepost.eventually("the session has ended") { server.events("quit").count == count }
    }
    // The second one has shown no certificate.
    #expect(server.events("session").map { $0.split(separator: " ").last } == ["full", "resumed"])
    for name in try FileManager.default.contentsOfDirectory(atPath: store.path) {
      try FileManager.default.removeItem(atPath: "\(store.path)/\(name)")
    }
    #expect(try gatepost.send(to: "ann@far.example").hasPrefix("250"))
    try gatepost.waitForLog("deferred id=")
    #expect(
      gatepost.log.contains("its authority, Test Root, is not among those in the system's store"))
    #expect(server.events("mail").count == 2)
  }

  @Test(
    "The log says what to do about a server",
    arguments: [
      (
        "none", ["tls1.2"], "tls-minimum = 1.3",
        "the server speaks no TLS 1.3 or later, which your tls-minimum asks for"
      ),
      ("none", ["tls1.1"], "", "the server speaks no TLS 1.2 or later"),
      ("wants-certificate", [], "", "this server wants a client certificate"),
      ("wants-certificate", ["tls1.2"], "", "this server wants a client certificate"),
      ("resets", ["implicit"], "", " while shaking hands"),
    ])
  func sentences(mode: String, options: [String], setting: String, sentence: String) throws {
    let server = try ForeignServer(mode, options)
    let scheme = options.contains("implicit") ? "smtps" : "smtp"
    let gatepost = try Gatepost(
      """
      [relay]
      networks = 127.0.0.0/8
      smarthost = \(scheme)://127.0.0.1:\(server.port)
      tls = encrypt
      \(setting)
      """)
    #expect(try gatepost.send(to: "ann@far.example").hasPrefix("250"))
    try gatepost.waitForLog("deferred id=")
    #expect(gatepost.log.contains(sentence), "\(gatepost.log)")
  }

  @Test("A server without RFC 5746 is named as such, where it must prove itself")
  func legacy() throws {
    let authority = try TestAuthority.shared.get()
    let files = try authority.issue(.init("mx.far.example", key: .rsa2048))
    let port = FreePorts.take()
    let scratch = try ScratchDirectory()
    let server = try Program(
      "gnutls-serv",
      [
        "--echo", "--port", "\(port)", "--x509certfile", files.certificate, "--x509keyfile",
        files.key, "--priority", "NORMAL:-VERS-ALL:+VERS-TLS1.2:%DISABLE_SAFE_RENEGOTIATION",
      ], output: "\(scratch.path)/out")
    let gatepost = try Gatepost(
      """
      [relay]
      networks = 127.0.0.0/8
      smarthost = smtps://mx.far.example:\(port)
      authorities = \(authority.root)
      """)
    try gatepost.eventually("the server listens") { (try? Client(port: port)) != nil }
    #expect(try gatepost.send(to: "ann@far.example").hasPrefix("250"))
    try gatepost.waitForLog("the server does not know RFC 5746")
    #expect(server.isRunning)
  }

  @Test("Where TLS must be, it stays", arguments: ["tls = encrypt", "tls = verify"])
  func stays(setting: String) throws {
    let server = try ForeignServer("resets")
    let gatepost = try gatepost(to: server.port, setting)
    #expect(try gatepost.send(to: "ann@far.example").hasPrefix("250"))
    try gatepost.eventually("three attempts") { gatepost.log.count(of: "deferred id=") == 3 }
    #expect(server.events("mail").isEmpty)
    #expect(
      gatepost.log.contains(" tls=failed policy=\(setting.split(separator: " ").last ?? "") "))
  }
}
