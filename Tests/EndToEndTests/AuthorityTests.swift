import EndToEndSupport
import Foundation
import TestSupport
import Testing

/// Certificates of an authority in both directions, with clients and servers that are not ours.
///
/// A certificate that signs itself skips most of what is looked at in a chain.
@Suite struct AuthorityTests {
  private let authority: TestAuthority

  init() throws { authority = try TestAuthority.shared.get() }

  /// A server whose certificate is of the authority.
  private func gatepost(
    _ key: TestAuthority.KeyKind, _ settings: String = ""
  ) throws -> Gatepost {
    let files = try authority.issue(.init("gw.home.example", key: key))
    return try Gatepost(
      """
      [tls]
      certificate = \(files.certificate)
      key = \(files.key)
      \(settings)
      """)
  }

  @Test(
    "A chain of an authority is served, and clients that check it take it",
    arguments: [TestAuthority.KeyKind.rsa2048, .p256, .p384])
  func chains(key: TestAuthority.KeyKind) throws {
    let gatepost = try gatepost(key)
    let openssl = try Program.run(
      "openssl",
      [
        "s_client", "-connect", "127.0.0.1:\(gatepost.ports.submissions)", "-CAfile",
        authority.root, "-verify_return_error", "-verify_hostname", "gw.home.example", "-crlf",
      ], input: "QUIT\r\n")
    #expect(openssl.output.contains("Verify return code: 0 (ok)"), "\(openssl.output)")
    let gnutls = try Program.run(
      "gnutls-cli",
      [
        "--x509cafile", authority.root, "--verify-hostname", "gw.home.example", "--port",
        "\(gatepost.ports.submissions)", "127.0.0.1",
      ], input: "QUIT\r\n")
    #expect(gnutls.output.contains("The certificate is trusted"), "\(gnutls.output)")
    let script = """
      import smtplib, ssl, sys
      context = ssl.create_default_context(cafile=sys.argv[1])
      class Here(smtplib.SMTP_SSL):
          def _get_socket(self, host, port, timeout):
              return super()._get_socket("127.0.0.1", port, timeout)
      server = Here(context=context)
      server._host = "gw.home.example"
      server.connect("gw.home.example", int(sys.argv[2]))
      server.login("alice", "secret")
      server.sendmail("alice@home.example", ["ann@far.example"], "Subject: hello\\n\\nhello\\n")
      server.quit()
      """
    let python = try Program.run(
      "python3", ["-c", script, authority.root, "\(gatepost.ports.submissions)"])
    #expect(python.status == 0, "\(python.output)")
    #expect(gatepost.log.count(of: "accepted id=") == 1)
  }

  @Test(
    "A smarthost with a chain of an authority that the system trusts gets the mail and the login",
    .needsRoot("only root can give a process a store of its own"),
    arguments: [TestAuthority.KeyKind.rsa2048, .p256, .p384])
  func smarthost(key: TestAuthority.KeyKind) throws {
    let hop = try Hop(
      hasImplicitTLS: true, certificate: authority.issue(.init("localhost", key: key)))
    let gatepost = try Gatepost(
      hop: hop,
      "[relay]\nsmarthost = smtps://localhost:\(hop.port)\nnetworks = 127.0.0.1\ntls = verify",
      isStarted: false)
    try gatepost.start(under: authority.trusting)
    #expect(try gatepost.send(to: "ann@far.example").hasPrefix("250"))
    try gatepost.eventually("it is delivered") { hop.messages.count == 1 }
    #expect(hop.messages.first?.wasEncrypted == true)
  }

  @Test("A client that says which signatures it wants in certificates is answered, as Java is")
  func signaturesOfCertificates() throws {
    let gatepost = try gatepost(.rsa2048)
    let script = """
      import socket, sys
      server = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
      server.sendall(bytes.fromhex(sys.argv[2]))
      answer = server.recv(6)
      print("kind", answer[0], "message", answer[5])
      """
    for port in [gatepost.ports.submissions, gatepost.ports.pop3s] {
      let run = try Program.run("python3", ["-c", script, "\(port)", Self.helloOfJava])
      // A record of the handshake, with a ServerHello; an alert would be of kind 21.
      #expect(run.output == "kind 22 message 2\n")
    }
  }

  @Test("A certificate that clients will not take is told of: in the log, in status, in check")
  func warnings() throws {
    let files = try authority.issue(
      .init("mail.example", ends: 3, hasIntermediate: false))
    let gatepost = try Gatepost(
      "[tls]\ncertificate = \(files.certificate)\nkey = \(files.key)\nauthorities = \(authority.root)"
    )
    for words in ["it has an incomplete chain", "it is for mail.example, not for gw.home.example"] {
      #expect(gatepost.log.contains(words), "\(gatepost.log)")
      let status = try gatepost.tool("status").output
      #expect(
        status.contains("trouble: certificate \(files.certificate): expires on "), "\(status)")
      #expect(status.contains(words), "\(status)")
      #expect(try gatepost.tool("check").output.contains(words))
      let checked = try Program.run(
        "gatepostd", ["-c", "\(gatepost.path)/gatepost.conf", "--check"])
      #expect(checked.output.contains(words), "\(checked.output)")
    }
    // It is over with another certificate.
    let right = try authority.issue(.init("gw.home.example"))
    try gatepost.configure(
      "[tls]\ncertificate = \(right.certificate)\nkey = \(right.key)\nauthorities = \(authority.root)"
    )
    try gatepost.reload()
    #expect(try !gatepost.tool("status").output.contains("trouble: certificate"))
    #expect(gatepost.log.contains("certificate \(files.certificate): is in order"))
  }

  /// What Java 17 sends first: with `signature_algorithms_cert` (RFC 8446 §4.2.3), as from Java 11 on.
  private static let helloOfJava = """
    16030301b3010001af03037d1b4e5c0aa8922a963d37f2284c95d3934ba5e4d1766cf70d8c76cf1541f25d20ca\
    7215f4fe992e6161601762033ca04bcf6d3bc419e030555f109ab06bb87343004a130213011303c02cc02bcca9\
    c030cca8c02f009fccaa00a3009e00a2c024c028c023c027006b006a00670040c00ac014c009c0130039003800\
    330032009d009c003d003c0035002f00ff0100011c000500050100000000000a00160014001d00170018001900\
    1e01000101010201030104000b00020100001100090007020004000000000017000000230000000d002c002a04\
    0305030603080708080804080508060809080a080b0401050106010402030303010302020302010202002b0005\
    0403040303002d000201010032002c002a040305030603080708080804080508060809080a080b040105010601\
    04020303030103020203020102020033006b0069001d00202be5d971b8806069420136fd2bcf105deef90ad912\
    8f5b1396de19a030ca2d5a0017004104342e6b8b58abfcbf382ec8a87d0e29e3c9ee55500afe24b454c5ad399f\
    367633e1d0de12d946860c7b64ae628766f0dc2c18a18d2a07eca91ee467025ed5c7d0
    """
}

/// The machine's own settings of OpenSSL, and its store of authorities.
@Suite struct SystemOpenSSLTests {
  /// A file for `OPENSSL_CONF`.
  private func settings(_ lines: String, in gatepost: Gatepost) throws -> [String] {
    try gatepost.write(
      """
      openssl_conf = start
      [start]
      ssl_conf = ssl
      [ssl]
      system_default = policy
      [policy]
      \(lines)

      """, to: "openssl.cnf")
    return ["env", "OPENSSL_CONF=\(gatepost.path)/openssl.cnf"]
  }

  private func connect(_ gatepost: Gatepost, _ options: String...) throws -> String {
    try Program.run(
      "openssl",
      ["s_client", "-connect", "127.0.0.1:\(gatepost.ports.submissions)", "-brief"] + options,
      input: "QUIT\r\n"
    ).output
  }

  @Test("The machine's least version, groups and ciphers count, and the version of ours is kept")
  func policy() throws {
    let gatepost = try Gatepost(isStarted: false)
    let groups = try settings("MinProtocol = TLSv1.3\nGroups = P-384", in: gatepost)
    try gatepost.start(under: groups)
    #expect(try !connect(gatepost, "-tls1_2").contains("CONNECTION ESTABLISHED"))
    #expect(try !connect(gatepost, "-groups", "X25519").contains("CONNECTION ESTABLISHED"))
    #expect(try connect(gatepost, "-groups", "X25519:P-384").contains("ECDH, secp384r1"))
    try gatepost.kill()

    let ciphers = try settings(
      "MinProtocol = TLSv1\nCipherString = AES256:@SECLEVEL=0", in: gatepost)
    try gatepost.start(under: ciphers)
    #expect(
      try connect(gatepost, "-tls1_2", "-cipher", "AES128:AES256").contains("Ciphersuite: ECDHE-")
    )
    #expect(
      try !connect(gatepost, "-tls1_2", "-cipher", "AES128").contains("CONNECTION ESTABLISHED"))
    #expect(
      try !connect(gatepost, "-tls1_1", "-cipher", "DEFAULT:@SECLEVEL=0")
        .contains("CONNECTION ESTABLISHED"))
  }

  @Test("A profile with old-tls is the exception that the machine's policy makes room for")
  func oldTLS() throws {
    let gatepost = try Gatepost(
      "[profile old]\nnetworks = 127.0.0.0/8\nold-tls = yes", isStarted: false)
    try gatepost.start(
      under: settings("MinProtocol = TLSv1.2\nCipherString = DEFAULT@SECLEVEL=2", in: gatepost))
    #expect(
      try connect(gatepost, "-tls1_1", "-cipher", "DEFAULT:@SECLEVEL=0")
        .contains("Protocol version: TLSv1.1"))
  }

  @Test("Settings that leave no cipher end the start with a sentence")
  func noCiphers() throws {
    let gatepost = try Gatepost(isStarted: false)
    try gatepost.write(
      """
      openssl_conf = start
      [start]
      providers = providers
      [providers]
      none = none
      [none]
      module = /nowhere.so
      activate = 1

      """, to: "openssl.cnf")
    #expect(throws: Overdue.self) {
      try gatepost.start(under: ["env", "OPENSSL_CONF=\(gatepost.path)/openssl.cnf"])
    }
    #expect(gatepost.log.contains("look at the providers in openssl.cnf"), "\(gatepost.log)")
    #expect(try gatepost.waitForEnd() == 71)
  }

  @Test(
    "The bundle is read where the store has no links, and where it is named",
    .needsRoot("only root can give a process a store of its own"), arguments: [false, true])
  func bundle(isNamed: Bool) throws {
    let authority = try TestAuthority.shared.get()
    let hop = try Hop(
      hasImplicitTLS: true, certificate: authority.issue(.init("localhost")))
    let gatepost = try Gatepost(
      hop: hop,
      "[relay]\nsmarthost = smtps://localhost:\(hop.port)\nnetworks = 127.0.0.1\ntls = verify",
      isStarted: false)
    let store = "\(gatepost.path)/store"
    try FileManager.default.createDirectory(atPath: store, withIntermediateDirectories: false)
    let bundle = "\(store)/\(isNamed ? "mine" : "ca-certificates").crt"
    try FileManager.default.copyItem(atPath: authority.root, toPath: bundle)
    try gatepost.start(
      under: TestAuthority.command(mounting: store)
        + (isNamed ? ["env", "SSL_CERT_FILE=/etc/ssl/certs/mine.crt"] : []))
    #expect(try gatepost.send(to: "ann@far.example").hasPrefix("250"))
    try gatepost.eventually("it is delivered") { hop.messages.count == 1 }
  }
}
