import EndToEndSupport
import Foundation
import Testing

/// One Gatepost as the smart host of another.
@Suite struct GatepostToGatepostTests {
  @Test(
    "A Gatepost logs in at another by SCRAM, bound to the TLS connection",
    arguments: [true, false])
  func relays(isRight: Bool) throws {
    let upstream = try Gatepost()
    let gatepost = try Gatepost(isStarted: false)
    try gatepost.write("isp alice \(isRight ? "secret" : "wrong")\n", to: "secrets")
    chmod("\(gatepost.path)/secrets", 0o640)
    try gatepost.configure(
      """
      [relay]
      networks = 127.0.0.0/8
      smarthost = smtps://127.0.0.1:\(upstream.ports.submissions)
      tls = encrypt
      credentials = isp
      secrets = \(gatepost.path)/secrets
      """)
    try gatepost.start()
    #expect(try gatepost.send(to: "bob@home.example.net").hasPrefix("250"))
    if isRight {
      try gatepost.eventually("the message is at the other") { upstream.queue.count == 1 }
      #expect(upstream.log.contains("login service=submissions client=127.0.0.1 user=\"alice\""))
      #expect(upstream.queue.first?.contains("with ESMTPSA id") == true)
      try gatepost.eventually("the queue is empty") { gatepost.queue.isEmpty }
    } else {
      try gatepost.waitForLog("535 5.7.8")
      #expect(upstream.queue.isEmpty)
      // One wrong login, and no second one by a weaker mechanism.
      #expect(gatepost.log.count(of: "deferred id=") == upstream.log.count(of: "login-failed"))
    }
  }

  @Test("A server is known by the fingerprint that openssl prints", arguments: [true, false])
  func fingerprint(isRight: Bool) throws {
    let upstream = try Gatepost("[relay]\nnetworks = 127.0.0.0/8\n")
    let print = try Program.run(
      "openssl", ["x509", "-in", "\(upstream.path)/cert.pem", "-noout", "-fingerprint", "-sha256"])
    let hash = try #require(print.output.split(separator: "=").last)
      .trimmingCharacters(in: .newlines)
    let gatepost = try Gatepost(
      """
      [relay]
      networks = 127.0.0.0/8
      smarthost = smtp://127.0.0.1:\(upstream.ports.smtp)
      tls = fingerprint=sha256:\(isRight ? hash : String(repeating: "0f", count: 32))
      """)
    #expect(try gatepost.send(to: "ann@far.example").hasPrefix("250"))
    try gatepost.waitForLog(isRight ? "delivered id=" : "deferred id=")
    #expect(upstream.queue.count == (isRight ? 1 : 0))
  }

  @Test("The memory that a large message takes on its way has nothing to do with its size")
  func largeMessage() throws {
    let trusting = "[relay]\nnetworks = 127.0.0.0/8\n"
    let upstream = try Gatepost(trusting)
    let gatepost = try Gatepost(
      "\(trusting)smarthost = smtp://127.0.0.1:\(upstream.ports.smtp)\ntls = none")
    let file = "\(gatepost.path)/message"
    let line = String(repeating: "0123456789", count: 7) + "\n"
    let content = "Subject: large\n\n" + String(repeating: line, count: (50 << 20) / 71)
    try content.write(toFile: file, atomically: true, encoding: .utf8)
    // A small one first: what any message takes is taken then.
    #expect(try gatepost.send(to: "ann@far.example").hasPrefix("250"))
    try gatepost.eventually("the small one is there") { upstream.queue.count == 1 }
    let before = try gatepost.peak(isReset: true)
    let run = try gatepost.upload(file, to: "ann@far.example")
    #expect(run.status == 0, "\(run.output)")
    try gatepost.eventually("it has been handed on") {
      gatepost.log.count(of: "delivered id=") == 2
    }
    let growth = try gatepost.peak(isReset: false) - before
    #expect(growth <= 1024, "\(growth) KiB")
    let isWhole = upstream.queue.contains { $0.hasSuffix(content) }
    #expect(isWhole)
  }
}

extension Gatepost {
  /// The most resident memory that the daemon has had, in KiB, since it was last reset.
  fileprivate func peak(isReset: Bool) throws -> Int {
    if isReset {
      try "5".write(toFile: "/proc/\(pid)/clear_refs", atomically: false, encoding: .utf8)
    }
    let status = try String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
    return try #require(line?.split(separator: " ").dropFirst().first.flatMap { Int($0) })
  }
}
