import EndToEndSupport
import Foundation
import Testing

/// One Gatepost as the smart host of another.
@Suite struct GatepostToGatepostTests {
  @Test(
    "A Gatepost logs in at another by SCRAM, bound to the TLS connection, and sends in a chunk",
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
      #expect(upstream.log.contains("login service=submissions client=127.0.0.1 user=alice"))
      #expect(upstream.queue.first?.contains("with ESMTPSA id") == true)
      try gatepost.eventually("the queue is empty") { gatepost.queue.isEmpty }
    } else {
      try gatepost.waitForLog("535 5.7.8")
      #expect(upstream.queue.isEmpty)
      // One wrong login, and no second one by a weaker mechanism.
      #expect(gatepost.log.count(of: "deferred id=") == upstream.log.count(of: "login-failed"))
    }
  }
}
