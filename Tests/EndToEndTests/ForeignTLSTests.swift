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
