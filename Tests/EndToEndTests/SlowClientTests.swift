import EndToEndSupport
import Foundation
import Testing

/// Clients that hold on to their connections, and what the others notice of them.
///
/// A crowd shares one machine with everything else that is tested, so its tests come one by one.
@Suite(.serialized) struct SlowClientTests {
  /// What a client does that wants to stay for as long as it can.
  enum Habit: CaseIterable, Sendable {
    /// Says a command letter by letter.
    case command
    /// Sends content letter by letter.
    case content
    /// Begins a TLS handshake.
    case handshake
    /// Asks and never reads.
    case deaf
  }

  /// One slow client, at the point from which it dribbles.
  private final class SlowClient {
    private let client: Client
    private let habit: Habit
    private var sent = 0

    init(_ gatepost: Gatepost, _ habit: Habit, from source: String) throws {
      self.habit = habit
      let port = habit == .handshake ? gatepost.ports.submissions : gatepost.ports.smtp
      client = try Client(port: port, from: source, windowBytes: habit == .deaf ? 2048 : nil)
      switch habit {
      case .command: try client.expect("220")
      case .content: try client.beginMessage(from: "x@far.example", to: "alice@home.example")
      case .handshake: break
      case .deaf:
        try client.expect("220")
        try client.ask("EHLO client.example", "250")
      }
    }

    /// Sends a little more.
    func goOn() {
      let text: [UInt8] =
        switch habit {
        case .command: Array("NOOP and nothing else, for a long time".utf8)
        case .content: Array("Subject: a long story\r\n\r\nOnce upon a time there".utf8)
        case .handshake: [0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xFC, 0x03, 0x03]
        case .deaf: []
        }
      if habit == .deaf {
        client.sendWithoutWaiting(String(repeating: "HELP\r\n", count: 100))
      } else if sent < text.count {
        client.send(bytes: [text[sent]])
        sent += 1
      }
    }

    func hangUp() { client.hangUp() }

    /// The last thing the server says; `<closed>` if it says nothing any more.
    func farewell() throws -> String {
      var last = try client.line()
      while last != "<closed>", case let next = try client.line(), next != "<closed>" {
        last = next
      }
      return last
    }
  }

  @Test("Five hundred slow clients cost little, and keep neither the house nor a stranger waiting")
  func crowd() throws {
    let gatepost = try Gatepost(
      "[relay]\nnetworks = 127.0.0.1/32\n[abuse]\nrefuse-early-talkers = no")
    let before = try gatepost.anonymousBytes()
    let crowd = try (0..<500).map { number in
      try SlowClient(
        gatepost, Habit.allCases[number % 4], from: "127.0.\(10 + number / 200).\(1 + number % 200)"
      )
    }
    var during = before
    for round in 1...10 {
      for client in crowd { client.goOn() }
      during = max(during, try gatepost.anonymousBytes())
      guard round == 5 else { continue }
      // In the midst of it, mail from a device of the house and from anybody.
      #expect(try gatepost.send(to: "ann@far.example").hasPrefix("250"))
      let stranger = try gatepost.smtp(from: "127.0.0.2")
      try stranger.beginMessage(from: "x@far.example", to: "alice@home.example")
      try stranger.ask("Subject: hello\r\n\r\nhello\r\n.", "250")
      #expect(gatepost.queue.count == 1)
      #expect(gatepost.maildrop("alice").count == 1)
    }
    #expect(gatepost.log.count(of: "session-ended ") <= 2, "they are all still there")
    for client in crowd { client.hangUp() }
    try gatepost.eventually("all have gone") {
      gatepost.log.count(of: "session-ended ") == crowd.count + 2
    }
    let after = try gatepost.anonymousBytes()
    print(
      "RssAnon with 500 slow clients: \(before >> 10) KB before, \(during >> 10) KB at most,",
      "\((during - before) / crowd.count) bytes a client, \(after >> 10) KB after them")
    #expect(during - before < 30 << 20)
    #expect(after - before < 8 << 20)
  }

  @Test("Each slow client is sent away when its time is over, however it fills it")
  func deadlines() throws {
    let gatepost = try Gatepost(
      "[limits]\ncommand-timeout = 1s\n[abuse]\nlogin-time = 1s\nrefuse-early-talkers = no")
    let commands = try (1...20).map { number in
      try SlowClient(gatepost, .command, from: "127.0.20.\(number)")
    }
    let handshakes = try (1...20).map { number in
      try SlowClient(gatepost, .handshake, from: "127.0.21.\(number)")
    }
    let idle = try Client(port: gatepost.ports.submission)
    for _ in 0..<8 {
      for client in commands + handshakes { client.goOn() }
    }
    for client in commands { #expect(try client.farewell().hasPrefix("421 4.4.2")) }
    for client in handshakes { #expect(try client.farewell() == "<closed>") }
    try idle.expect("220")
    #expect(try idle.line().hasPrefix("421 4.7.0 It took too long to log in"))
    try gatepost.eventually("all sessions have ended") {
      gatepost.log.count(of: "session-ended ") == 41
    }
  }

  @Test("A thousand connections from as many addresses leave room for the house")
  func thousand() throws {
    let gatepost = try Gatepost("[relay]\nnetworks = 127.0.0.1/32")
    let before = try gatepost.anonymousBytes()
    func connect(_ numbers: Range<Int>) throws -> [Client] {
      let clients = try numbers.map { number in
        try Client(
          port: gatepost.ports.smtp, from: "127.0.\(10 + number / 200).\(1 + number % 200)")
      }
      for client in clients { try client.expect("220") }
      return clients
    }
    // Strangers have 750 places: the longest silent make room for the last ones.
    var crowd = try connect(0..<250)
    crowd += try connect(250..<750)
    crowd += try connect(750..<1000)
    for client in crowd.prefix(250) { try client.expect("421") }
    try crowd[250].ask("NOOP", "250")
    #expect(try gatepost.send(to: "ann@far.example").hasPrefix("250"))
    #expect(try gatepost.send(to: "alice@home.example").hasPrefix("250"))
    let during = try gatepost.anonymousBytes()
    print(
      "RssAnon with 750 connections: \(before >> 10) KB before, \(during >> 10) KB with them,",
      "\((during - before) / 750) bytes a client")
    #expect(during - before < 15 << 20)
    for client in crowd { client.hangUp() }
    try gatepost.eventually("a stranger gets in again") {
      try gatepost.smtp(from: "127.0.0.2").line().hasPrefix("220")
    }
  }
}
