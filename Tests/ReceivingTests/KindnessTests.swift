import Mail
import TestSupport
import Testing

@testable import Receiving
@testable import Spool

/// What clients of the house are forgiven, and what is kept from others about them.
@Suite struct KindnessTests {
  @Test("A message with dead and malformed recipients among good ones is taken for the good ones")
  func deadRecipients() async throws {
    try await onLoop {
      let bed = try Bed()
      try await bed.session { client in
        try await client.greet()
        try await client.ask("MAIL FROM:<printer>")
        for place in 0..<120 {
          try await client.ask("RCPT TO:<dead\(place)@home.example>", "550 5.1.1")
          try await client.ask("RCPT TO:<dead \(place)@home.example>", "501 5.1.3")
        }
        try await client.ask("RCPT TO:<alice>")
        try await client.ask("RCPT TO: <dots..in.a.row.@far.example>")
        try await client.ask("DATA", "354")
        try await client.send("Subject: x", "", "x", ".")
        try await client.expect("250")
      }
      #expect(bed.names(in: "mail/alice/new").count == 1)
      let message = try #require(bed.files(in: "queue/new").first)
      #expect(message.contains("\nGatepost-From: <printer@home.example>\n"))
      #expect(message.contains("\nGatepost-To: - <dots..in.a.row.@far.example>\n"))
      let envelope = try #require(QueueEnvelope(parsing: Array(message.utf8)))
      #expect(envelope.recipients.first?.path?.text == "<dots..in.a.row.@far.example>")
    }
  }

  @Test("A name without a domain is no address of a stranger")
  func bareNames() async throws {
    try await onLoop {
      let bed = try Bed()
      try await bed.session(from: Bed.stranger) { client in
        try await client.greet()
        try await client.ask("MAIL FROM:<alice>", "501 5.1.7")
        try await client.ask("MAIL FROM:<eve..@far.example>")
        try await client.ask("RCPT TO:<alice>", "501 5.1.3")
        try await client.ask("RCPT TO:<postmaster>")
      }
      try await bed.session(.submissions, from: Bed.stranger) { client in
        try await client.greet()
        try await client.logIn("bob")
        try await client.ask("MAIL FROM:<bob>")
        try await client.ask("RCPT TO:<alice>")
      }
    }
  }

  @Test(
    "A name that is none is told as such in the trace field",
    arguments: [
      ("127.0.0.1", "from [127.0.0.1] ([192.168.1.5])"),
      ("[2001:db8::1]", "from [IPv6:2001:db8::1] ([192.168.1.5])"),
      ("FE80::1", "from [IPv6:fe80::1] ([192.168.1.5])"), ("host.", "from host ([192.168.1.5])"),
      ("a-.b", "from unknown (greeted as a-.b) ([192.168.1.5])"),
      ("(x", "from unknown (greeted as \\(x) ([192.168.1.5])"),
    ])
  func greetings(name: String, clause: String) async throws {
    try await onLoop {
      let bed = try Bed()
      try await bed.session { client in
        try await client.expect("220")
        try await client.ask("EHLO \(name)")
        try await client.deliver(to: "ann@far.example")
      }
      let message = try #require(bed.files(in: "queue/new").first)
      #expect(message.contains("\nReceived: \(clause)\n"))
    }
  }

  @Test("The senders of a profile hold for mail to here, and after a login")
  func senders() async throws {
    try await onLoop {
      let bed = try Bed()
      let own = try #require(SenderRule("@iot.home.example"))
      bed.useProfile { $0.senders = [own] }
      for service in [ReceivingService.smtp, .submissions] {
        for (sender, reply) in [
          ("cam@iot.home.example", "250"), ("bob@home.example", "553 5.7.1"), ("", "553 5.7.1"),
        ] {
          try await bed.session(service, from: Bed.stranger) { client in
            try await client.greet()
            if service == .submissions { try await client.logIn("bob") }
            try await client.ask("MAIL FROM:<\(sender)>")
            try await client.ask("RCPT TO:<alice@home.example>", reply)
          }
        }
      }
    }
  }

  @Test(
    "Mail that leaves is silent about the client where that is wanted", arguments: [false, true])
  func hiddenClients(isHidden: Bool) async throws {
    try await onLoop {
      let bed = try Bed()
      bed.receiver.settings.hidesClients = isHidden
      try await bed.session(.submissions) { client in
        try await client.greet()
        try await client.logIn("bob")
        try await client.deliver(
          from: "bob@home.example", to: "ann@far.example", "alice@home.example")
      }
      let left = try #require(bed.files(in: "queue/new").first)
      let stayed = try #require(bed.files(in: "mail/alice/new").first)
      for trace in ["pc.example", "192.168.1.5", "authenticated as bob"] {
        #expect(stayed.contains(trace))
        let sent = left.split(separator: "\n").drop { !$0.hasPrefix("Received:") }
        #expect(sent.contains { $0.contains(trace) } != isHidden)
      }
      #expect(
        left.contains(isHidden ? "\nReceived: from unknown\n" : "\nReceived: from pc.example ("))
      // What a stranger has sent is no secret of the house.
      try await bed.session(from: Bed.stranger) { client in
        try await client.greet()
        try await client.deliver(to: "bob@home.example")
      }
      #expect(try bed.files(in: "mail/bob/new").first?.contains("203.0.113.5") == true)
    }
  }
}
