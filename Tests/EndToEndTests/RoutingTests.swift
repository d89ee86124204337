import EndToEndSupport
import Foundation
import Testing

/// Which way mail goes, as the files of a real daemon say it.
@Suite struct RoutingTests {
  private let trusting = "[relay]\nnetworks = 127.0.0.0/8\n"

  @Test("Mail goes by sender, by recipient, or the way of all other mail, and anew after a change")
  func ways() throws {
    let (alice, far, rest) = (try Hop(), try Hop(), try Hop())
    let routes = """
      [route from:alice@home.example]
      via = smtp://127.0.0.1:\(alice.port)
      tls = none
      [route .far.example]
      via = smtp://127.0.0.1:\(far.port)
      tls = none
      """
    let gatepost = try Gatepost(
      "\(trusting)smarthost = smtp://127.0.0.1:\(rest.port)\ntls = none\n\(routes)")
    for (sender, recipient) in [
      ("alice@home.example", "a@sub.far.example"), ("bob@home.example", "b@sub.far.example"),
      ("bob@home.example", "c@far.example"), ("bob@home.example", "d@else.example"),
    ] {
      #expect(try gatepost.send(from: sender, to: recipient).hasPrefix("250"))
    }
    try gatepost.eventually("all have arrived") {
      alice.messages.count + far.messages.count + rest.messages.count == 4
    }
    #expect(alice.messages.map(\.recipients) == [["a@sub.far.example"]])
    #expect(
      far.messages.map { $0.recipients[0] }.sorted() == ["b@sub.far.example", "c@far.example"])
    #expect(rest.messages.map(\.recipients) == [["d@else.example"]])

    // What waits for a server that is down is not bound to it.
    rest.stop()
    #expect(try gatepost.send(from: "bob@home.example", to: "e@else.example").hasPrefix("250"))
    try gatepost.eventually("it waits") { gatepost.log.contains("deferred id=") }
    #expect(gatepost.queue.allSatisfy { !$0.contains("\(rest.port)") || $0.contains("Status:") })
    try gatepost.configure(
      "\(trusting)smarthost = smtp://127.0.0.1:\(far.port)\ntls = none\n\(routes)")
    try gatepost.reload()
    try gatepost.eventually("it goes the new way") { far.messages.count == 3 }
  }

  @Test("A server that is down is stood in for, and mail from a device network has its own way")
  func fallback() throws {
    let (down, next) = (try Hop(isUp: false), try Hop())
    let gatepost = try Gatepost(
      """
      \(trusting)
      [route from:127.0.0.0/8]
      via = smtp://127.0.0.1:\(down.port), smtp://127.0.0.1:\(next.port)
      tls = none
      """)
    for number in 0..<5 {
      #expect(try gatepost.send(to: "u\(number)@far.example").hasPrefix("250"))
    }
    try gatepost.eventually("all are at the second server") { next.messages.count == 5 }
    #expect(!gatepost.log.contains("deferred"))
  }

  @Test("Two people with accounts at one provider never use each other's")
  func accounts() throws {
    let provider = try Hop(hasImplicitTLS: true)
    let gatepost = try Gatepost(isStarted: false)
    try gatepost.write("a anna.isp pass-a\nb bob.isp pass-b\n", to: "secrets")
    chmod("\(gatepost.path)/secrets", 0o640)
    let routes = [("alice", "a"), ("bob", "b")].map { name, entry in
      """
      [route from:\(name)@home.example]
      via = smtps://127.0.0.1:\(provider.port)
      tls = encrypt
      credentials = \(entry)

      """
    }
    try gatepost.configure(
      "\(trusting)secrets = \(gatepost.path)/secrets\n" + routes.joined())
    try gatepost.start()
    for number in 0..<8 {
      let name = ["alice", "bob"][number % 2]
      #expect(
        try gatepost.send(from: "\(name)@home.example", to: "u\(number)@far.example")
          .hasPrefix("250"))
    }
    try gatepost.eventually("all have arrived") { provider.messages.count == 8 }
    let logins = provider.commands.filter { $0.hasPrefix("AUTH") }
    #expect(logins.count == provider.connections)
    let expected = ["\0anna.isp\0pass-a", "\0bob.isp\0pass-b"].map {
      "AUTH PLAIN " + Data($0.utf8).base64EncodedString()
    }
    #expect(Set(logins) == Set(expected))
    // In each session the messages are those of the account it has logged in to.
    #expect(!gatepost.log.contains("pass-"))
  }

  @Test("A server that takes one address gets it, and the answer goes to the author")
  func rewriting() throws {
    let hop = try Hop {
      $0.hasPrefix("MAIL") && !$0.contains("<account@isp.example>") ? "550 5.7.1 not yours" : nil
    }
    let gatepost = try Gatepost(
      """
      \(trusting)smarthost = smtp://127.0.0.1:\(hop.port)
      tls = none
      rewrite-from = account@isp.example
      """)
    let client = try gatepost.smtp()
    try client.beginMessage(from: "alice@home.example", to: "ann@far.example")
    try client.ask(
      "From: Alice <alice@home.example>\r\nSubject: x\r\n\r\nFrom: me\r\n..\r\n.", "250")
    try gatepost.eventually("the message is there") { hop.messages.count == 1 }
    let message = hop.messages[0]
    #expect(message.sender == "account@isp.example")
    #expect(message.field("From") == "Alice <account@isp.example>")
    #expect(message.field("Reply-To") == "Alice <alice@home.example>")
    #expect(message.field("Author") == "Alice <alice@home.example>")
    #expect(message.content.hasSuffix("\n\nFrom: me\n.\n"))
  }

  @Test("Of mail whose sender is nobody, whoever is named hears")
  func notified() throws {
    let hop = try Hop { $0.hasPrefix("RCPT") ? "550 5.1.1 Nobody here" : nil }
    let gatepost = try Gatepost(
      hop: hop, "\(trusting)[queue]\nnotify-address = bob@home.example")
    #expect(try gatepost.send(from: "printer@local", to: "ann@far.example").hasPrefix("250"))
    #expect(
      try gatepost.send(from: "nosuchuser@home.example", to: "ann@far.example").hasPrefix("250"))
    try gatepost.eventually("bob has two reports") { gatepost.maildrop("bob").count == 2 }
    try gatepost.eventually("the queue is empty") { gatepost.queue.isEmpty }
  }
}
