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
    #expect(gatepost.queue.count == 1)
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
}
