import EndToEndSupport
import Testing

/// ETRN (RFC 1985): a line that was down is up again, and nobody waits for the next attempt.
@Suite struct FlushTests {
  private let settings = "[queue]\nretry = 4h\n[relay]\nnetworks = 127.0.0.1"

  @Test(
    "What waits for a domain goes out at once when a trusted client says so",
    arguments: [
      ("far.example", "far.example", true), ("FAR.example", "far.example", true),
      ("far.example", "two.far.example", false), ("@far.example", "two.far.example", true),
      ("@far.example", "far.example", true), ("@ar.example", "far.example", false),
      ("two.far.example", "far.example", false),
    ])
  func flush(argument: String, domain: String, isMeant: Bool) throws {
    let hop = try Hop(isUp: false)
    let gatepost = try Gatepost(hop: hop, settings)
    #expect(try gatepost.send(to: "ann@\(domain)").hasPrefix("250"))
    try gatepost.waitForDeferral()
    try hop.start()
    let client = try gatepost.greeted()
    try client.ask("ETRN \(argument)", isMeant ? "253 2.0.0 1 messages" : "251 2.0.0")
    guard isMeant else { return #expect(gatepost.queue.count == 1) }
    try gatepost.eventually("the message is out") { hop.messages.count == 1 }
    try gatepost.eventually("the queue is empty") { gatepost.queue.isEmpty }
  }

  @Test("What waits for a smart host is asked for by the domain that it is for")
  func smarthost() throws {
    let hop = try Hop(isUp: false)
    let gatepost = try Gatepost(
      "\(settings)\nsmarthost = smtp://127.0.0.1:\(hop.port)\ntls = none")
    #expect(try gatepost.send(to: "ann@far.example").hasPrefix("250"))
    try gatepost.waitForDeferral()
    try hop.start()
    let client = try gatepost.greeted()
    try client.ask("ETRN near.example", "251 2.0.0")
    try client.ask("ETRN far.example", "253 2.0.0")
    try gatepost.eventually("the message is out") { hop.messages.count == 1 }
  }

  @Test("A stranger has no influence on the queue, and hears nothing of it")
  func stranger() throws {
    let gatepost = try Gatepost(hop: try Hop(isUp: false), settings)
    #expect(try gatepost.send(to: "ann@far.example").hasPrefix("250"))
    try gatepost.waitForDeferral()
    let client = try gatepost.smtp(from: "127.0.0.2")
    try client.expect("220")
    #expect(try !client.lines(after: "EHLO x.example").contains { $0.hasSuffix("ETRN") })
    try client.ask("ETRN far.example", "502 5.5.1")
    #expect(gatepost.log.count(of: "deferred id=") == 1)
  }
}
