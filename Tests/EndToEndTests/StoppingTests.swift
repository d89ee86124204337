import EndToEndSupport
import Foundation
import Synchronization
import Testing

/// The ends of the daemon: the polite one and the other.
@Suite struct StoppingTests {
  @Test("A message that is under way when the daemon is told to stop is still taken")
  func drain() throws {
    let gatepost = try Gatepost()
    let idle = try gatepost.smtp()
    try idle.expect("220")
    let busy = try gatepost.smtp()
    try busy.beginMessage(from: "x@far.example", to: "alice@home.example")
    busy.send("Subject: x\r\n\r\n")

    gatepost.terminate()
    try idle.expect("421")
    #expect(try idle.line() == "<closed>")
    try gatepost.eventually("nobody else is served") { (try? gatepost.smtp()) == nil }
    busy.send("x\r\n.\r\n")
    try busy.expect("250")
    try busy.expect("421")
    #expect(try busy.line() == "<closed>")
    #expect(try gatepost.waitForEnd() == 0)
    #expect(gatepost.maildrop("alice").count == 1)
  }

  @Test("Whenever the daemon is killed, no accepted message is lost and none arrives in half")
  func killed() throws {
    let kills = ProcessInfo.processInfo.environment["KILLS"].flatMap(Int.init) ?? 15
    let hop = try Hop()
    let gatepost = try Gatepost(hop: hop, "[relay]\nnetworks = 127.0.0.0/8")
    let senders = Senders(count: 4, to: gatepost.ports.smtp)
    var generator = SystemRandomNumberGenerator()
    for _ in 0..<kills {
      let goal = senders.accepted.count + Int.random(in: 1...60, using: &generator)
      try gatepost.eventually("more messages are accepted") { senders.accepted.count >= goal }
      try gatepost.kill()
      try gatepost.start()
    }
    senders.stop()
    try gatepost.eventually("the queue is empty") { gatepost.queue.isEmpty }

    let relayed = try hop.messages.map { try number(of: $0.content) }
    let stored = try gatepost.maildrop("alice").map(number(of:))
    let lost = Set(senders.accepted).subtracting(Set(relayed).intersection(stored))
    #expect(lost == [])
    let duplicates = relayed.count - Set(relayed).count
    print(
      "kill -9: \(kills) kills, \(senders.accepted.count) messages accepted, \(lost.count) lost, "
        + "\(duplicates) delivered twice")
  }

  /// The number of a message, which must be whole.
  private func number(of content: String) throws -> Int {
    let start = try #require(content.range(of: "\nSubject: ")).upperBound
    let number = try #require(Int(content[start...].prefix { $0 != "\n" }))
    let body = Senders.body("\(number)").replacingOccurrences(of: "\r\n", with: "\n")
    try #require(content.hasSuffix("\n\(body)"), "message \(number) is not whole")
    return number
  }
}

/// Clients that hand in numbered messages until they are told to stop, whatever happens to the server.
private final class Senders: Sendable {
  private struct State {
    var next = 0
    var accepted: [Int] = []
    var running = 0
    var isStopping = false
  }

  private let state = Mutex(State())
  private let port: UInt16

  /// The numbers of the messages that got a 250.
  var accepted: [Int] { state.withLock { $0.accepted } }

  static func body(_ number: String) -> String {
    "Subject: \(number)\r\n\r\n" + String(repeating: "message \(number)\r\n", count: 300)
  }

  init(count: Int, to port: UInt16) {
    self.port = port
    state.withLock { $0.running = count }
    for _ in 0..<count {
      Thread.detachNewThread { [self] in
        while state.withLock({ !$0.isStopping }) {
          do { try sendSome() } catch { usleep(2000) }  // the server is down
        }
        state.withLock { $0.running -= 1 }
      }
    }
  }

  func stop() {
    state.withLock { $0.isStopping = true }
    while state.withLock({ $0.running > 0 }) { usleep(1000) }
  }

  private func sendSome() throws {
    let client = try Client(port: port)
    guard try client.reply().hasPrefix("220") else { return }
    client.send("EHLO client.example\r\n")
    guard try client.reply().hasPrefix("250") else { return }
    for _ in 0..<10 where state.withLock({ !$0.isStopping }) {
      let number = state.withLock { state in
        state.next += 1
        return state.next
      }
      client.send(
        "MAIL FROM:<x@far.example>\r\nRCPT TO:<ann@far.example>\r\nRCPT TO:<alice@home.example>\r\n"
          + "DATA\r\n")
      for expected in ["250", "250", "250", "354"] {
        guard try client.reply().hasPrefix(expected) else { return }
      }
      client.send("\(Self.body("\(number)")).\r\n")
      guard try client.reply().hasPrefix("250") else { return }
      state.withLock { $0.accepted.append(number) }
    }
  }
}
