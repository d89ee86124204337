import EndToEndSupport
import Foundation
import TestSupport
import Testing

/// Logging in at a server of aiosmtpd.
@Suite struct ForeignLoginTests {
  @Test(
    "A server that does not know PLAIN after all, or ignores its initial response, is logged in to",
    arguments: [("unknown", "login LOGIN me secret"), ("repeats", "again True")])
  func plain(mode: String, event: String) throws {
    let scratch = try ScratchDirectory()
    let port = FreePorts.take()
    let script = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "EndToEndSupport/servers/login_server.py").path
    let server = try Program(
      "/usr/bin/python3", [script, "\(port)", mode], output: "\(scratch.path)/out")
    func log() -> String {
      (try? String(contentsOfFile: "\(scratch.path)/out", encoding: .utf8)) ?? ""
    }
    let gatepost = try Gatepost(isStarted: false)
    try gatepost.write("isp me secret\n", to: "secrets")
    chmod("\(gatepost.path)/secrets", 0o640)
    try gatepost.configure(
      """
      [relay]
      networks = 127.0.0.0/8
      smarthost = smtp://127.0.0.1:\(port)
      tls = may
      password-without-tls = yes
      credentials = isp
      secrets = \(gatepost.path)/secrets
      """)
    try eventually("the server listens", context: { log() }) { log().contains("listening\n") }
    try gatepost.start()
    #expect(try gatepost.send(to: "ann@far.example").hasPrefix("250"))
    try gatepost.waitForLog("delivered id=")
    #expect(log().contains(event + "\n") && log().contains("mail\n"), "\(log())")
    #expect(gatepost.log.count(of: "deferred id=") == 0)
    #expect(server.isRunning)
  }
}
