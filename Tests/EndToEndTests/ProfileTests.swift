import EndToEndSupport
import Foundation
import Testing

/// Whom a profile is for, and what it lets its clients do.
@Suite struct ProfileTests {
  @Test(
    "A profile holds for its networks and its listeners, and for both together",
    arguments: [
      // attachment, source, at submission, whether it holds
      ("networks = 127.0.0.2", "127.0.0.2", false, true),
      ("networks = 127.0.0.2", "127.0.0.3", false, false),
      ("networks = 127.0.0.2, 127.0.1.0/24", "127.0.1.7", true, true),
      ("listeners = submission", "127.0.0.2", true, true),
      ("listeners = submission", "127.0.0.2", false, false),
      ("listeners = PORT", "127.0.0.2", false, true),
      ("listeners = PORT", "127.0.0.2", true, false),
      ("listeners = 127.0.0.1:PORT", "127.0.0.2", false, true),
      ("listeners = 127.0.0.9:PORT", "127.0.0.2", false, false),
      ("networks = 127.0.0.2\nlisteners = smtp", "127.0.0.2", false, true),
      ("networks = 127.0.0.2\nlisteners = smtp", "127.0.0.2", true, false),
      ("networks = 127.0.0.2\nlisteners = smtp", "127.0.0.3", false, false),
    ])
  func holds(attachment: String, source: String, isSubmission: Bool, holds: Bool) throws {
    let gatepost = try Gatepost(isStarted: false)
    let place = attachment.replacingOccurrences(of: "PORT", with: "\(gatepost.ports.smtp)")
    try gatepost.configure("[profile device]\n\(place)\nhide = SMTPUTF8")
    try gatepost.start()
    let client = try Client(
      port: isSubmission ? gatepost.ports.submission : gatepost.ports.smtp, from: source)
    try client.expect("220")
    let lines = try client.lines(after: "EHLO client.example")
    #expect(lines.contains { $0.hasSuffix("SMTPUTF8") } != holds)
  }

  @Test("An address of IPv4 is the same at a listener that serves IPv6 too")
  func dualStack() throws {
    let gatepost = try Gatepost(isStarted: false)
    let port = gatepost.ports.smtp
    try gatepost.configure(
      """
      [listen]
      smtp = \(port)
      [profile device]
      networks = 127.0.0.0/8
      listeners = 127.0.0.1:\(port)
      hide = SMTPUTF8
      """)
    try gatepost.start()
    let client = try gatepost.smtp()
    try client.expect("220")
    #expect(try !client.lines(after: "EHLO client.example").contains { $0.hasSuffix("SMTPUTF8") })
  }

  @Test("Of two profiles for a client the first holds, and nothing of the second")
  func first() throws {
    let gatepost = try Gatepost(
      """
      [profile camera]
      networks = 127.0.0.2
      hide = SMTPUTF8
      [profile all]
      networks = 127.0.0.0/8
      hide = CHUNKING
      """)
    for (source, keyword) in [("127.0.0.2", "SMTPUTF8"), ("127.0.0.3", "CHUNKING")] {
      let client = try gatepost.smtp(from: source)
      try client.expect("220")
      let lines = try client.lines(after: "EHLO client.example")
      let missing = ["SMTPUTF8", "CHUNKING"].filter { !lines.contains("250-\($0)") }
      #expect(missing == [keyword])
    }
  }

  private let trusting = "[relay]\nnetworks = 127.0.0.0/8\n[profile device]\nnetworks = 127.0.0.2\n"

  @Test("senders: a device sends as itself and as nobody else, to here and to elsewhere")
  func senders() throws {
    let gatepost = try Gatepost("\(trusting)senders = cam@home.example, @iot.home.example")
    for (sender, reply) in [
      ("cam@home.example", "250"), ("CAM@Home.example", "250"), ("x@iot.home.example", "250"),
      ("", "553 5.7.1"), ("alice@home.example", "553 5.7.1"),
      ("x@sub.iot.home.example", "553 5.7.1"),
    ] {
      let client = try gatepost.greeted(from: "127.0.0.2")
      try client.ask("MAIL FROM:<\(sender)>", "250")
      try client.ask("RCPT TO:<ann@far.example>", reply)
      try client.ask("RCPT TO:<alice@home.example>", reply)
    }
    let other = try gatepost.greeted(from: "127.0.0.3")
    try other.ask("MAIL FROM:<alice@home.example>", "250")
    try other.ask("RCPT TO:<ann@far.example>", "250")
    #expect(gatepost.log.count(of: "reason=\"the profile does not allow this sender\"") == 6)
  }

  @Test("recipients: a message of a device has no more of them than it may, and EHLO says how many")
  func recipients() throws {
    let gatepost = try Gatepost("\(trusting)recipients = 2")
    for (source, most) in [("127.0.0.2", 2), ("127.0.0.3", 100)] {
      let client = try gatepost.smtp(from: source)
      try client.expect("220")
      #expect(
        try client.lines(after: "EHLO client.example").contains {
          $0.hasSuffix("LIMITS RCPTMAX=\(most)")
        })
      try client.ask("MAIL FROM:<cam@home.example>", "250")
      try client.ask("RCPT TO:<ann@far.example>", "250")
      try client.ask("RCPT TO:<alice@home.example>", "250")
      try client.ask("RCPT TO:<bob@home.example>", most == 2 ? "452 4.5.3" : "250")
      // Those that were taken get it.
      try client.ask("DATA", "354")
      try client.ask("Subject: x\r\n\r\nx\r\n.", "250")
    }
    #expect(gatepost.maildrop("alice").count == 2 && gatepost.maildrop("bob").count == 1)
  }

  @Test("message-size: a device may send more than others, or less", arguments: ["10K", "200K"])
  func messageSize(size: String) throws {
    let gatepost = try Gatepost("[limits]\nmessage-size = 100K\n\(trusting)message-size = \(size)")
    let limits = [("127.0.0.2", size == "10K" ? 10 : 200), ("127.0.0.3", 100)]
    for (source, limit) in limits {
      let client = try gatepost.smtp(from: source)
      try client.expect("220")
      #expect(try client.lines(after: "EHLO client.example").contains("250-SIZE \(limit << 10)"))
      try client.ask("MAIL FROM:<cam@home.example> SIZE=\((limit << 10) + 1)", "552 5.3.4")
      // 14 octets of header, lines of 64 octets, and the last of them as long as there is room.
      let line = String(repeating: "x", count: 62) + "\r\n"
      let most =
        "Subject: x\r\n\r\n" + String(repeating: line, count: limit * 16 - 1)
        + String(repeating: "x", count: 48)
      try client.deliver(
        "\(most)x\r\n", from: "cam@home.example", to: "ann@far.example", expecting: "552 5.3.4")
      try client.deliver("\(most)\r\n", from: "cam@home.example", to: "ann@far.example")
    }
    #expect(gatepost.queue.count == 2)
  }

  // MARK: Within the hour

  @Test("messages-per-hour: a camera in the wind is told to wait, for as long as it is")
  func messagesPerHour() throws {
    let gatepost = try Gatepost("\(trusting)messages-per-hour = 2")
    let client = try gatepost.greeted(from: "127.0.0.2")
    for _ in 0..<2 { try client.deliver(from: "cam@home.example", to: "ann@far.example") }
    try client.ask("MAIL FROM:<cam@home.example>", "250")
    try client.ask(
      "RCPT TO:<ann@far.example>",
      "450 4.7.1 You may send 2 messages an hour, try again in 60 minutes")
    // Another connection is no other camera, and another camera has an hour of its own.
    let again = try gatepost.greeted(from: "127.0.0.2")
    try again.ask("MAIL FROM:<cam@home.example>", "250")
    try again.ask("RCPT TO:<alice@home.example>", "450 4.7.1")
    try gatepost.greeted(from: "127.0.0.3").deliver(to: "ann@far.example")
    #expect(gatepost.log.contains("reason=\"more than 2 messages an hour\""))
    #expect(gatepost.queue.count == 3)
  }

  @Test("recipients-per-hour: they are counted over all messages")
  func recipientsPerHour() throws {
    let gatepost = try Gatepost("\(trusting)recipients-per-hour = 3")
    let client = try gatepost.greeted(from: "127.0.0.2")
    try client.deliver(from: "cam@home.example", to: "ann@far.example", "alice@home.example")
    try client.ask("MAIL FROM:<cam@home.example>", "250")
    try client.ask("RCPT TO:<ann@far.example>", "250")
    try client.ask("RCPT TO:<bob@far.example>", "450 4.7.1 You may send 3 recipients an hour")
    try client.ask("DATA", "354")
    try client.ask("Subject: x\r\n\r\nx\r\n.", "250")
  }

  @Test("[limits] messages-per-hour is for each user, wherever the user is")
  func users() throws {
    let gatepost = try Gatepost("[limits]\nmessages-per-hour = 1\n\(trusting)recipients = 9")
    try gatepost.loggedIn(as: "alice").deliver(from: "alice@home.example", to: "ann@far.example")
    let alice = try gatepost.loggedIn(as: "alice")
    try alice.ask("MAIL FROM:<alice@home.example>", "250")
    try alice.ask("RCPT TO:<ann@far.example>", "450 4.7.1 You may send 1 messages an hour")
    try gatepost.loggedIn(as: "bob").deliver(from: "bob@home.example", to: "ann@far.example")

    // What the users file says of a user goes before it, and holds at once.
    try gatepost.setUser("alice", "--messages-per-hour", "2")
    try alice.ask("RCPT TO:<ann@far.example>", "250")
    try alice.ask("RSET", "250")
    try alice.ask("MAIL FROM:<alice@home.example>", "250")
    try alice.ask("RCPT TO:<ann@far.example>", "450 4.7.1 You may send 2 messages an hour")
    try gatepost.setUser("alice", "--messages-per-hour", "off")
    try alice.ask("RCPT TO:<ann@far.example>", "250")
  }

  @Test(
    "This machine itself is counted where a profile names it, and not otherwise",
    arguments: [("networks = 127.0.0.1", true), ("listeners = smtp", false)])
  func thisMachine(attachment: String, isCounted: Bool) throws {
    let gatepost = try Gatepost(
      "[limits]\nmessages-per-hour = 1\n[relay]\nnetworks = 127.0.0.1\n[profile here]\n\(attachment)"
    )
    let client = try gatepost.greeted()
    try client.deliver(to: "ann@far.example")
    try client.ask("MAIL FROM:<cam@home.example>", "250")
    try client.ask("RCPT TO:<ann@far.example>", isCounted ? "450 4.7.1" : "250")
  }

  @Test("Strangers are not counted, for they can only write to the house")
  func strangers() throws {
    let gatepost = try Gatepost("[limits]\nmessages-per-hour = 1\nrecipients-per-hour = 1")
    let client = try gatepost.greeted(from: "127.0.0.2")
    for _ in 0..<3 { try client.deliver(to: "alice@home.example", "bob@home.example") }
    #expect(gatepost.maildrop("alice").count == 3)
  }
}
