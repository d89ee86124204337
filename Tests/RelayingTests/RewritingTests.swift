import EventLoop
import Mail
import TestSupport
import Testing

@testable import Relaying

@Suite("Mail that is sent from another address") struct RewritingTests {
  @Loop
  private func bed(_ server: NextServer, addsReplyTo: Bool = true) throws -> Bed {
    let bed = try Bed(smarthost: server)
    bed.relayer.settings.otherwise.rewriting = .init(
      mailbox: try #require(Mailbox("account@isp.example")), addsReplyTo: addsReplyTo)
    return bed
  }

  @Test("Envelope and header are from the account, and the author is kept")
  func golden() async throws {
    try await onLoop {
      let server = try NextServer()
      let bed = try bed(server)
      let body = "From: not this one\n.dot\n"
      try await bed.put(
        to: "ann@far.example",
        content: "Received: x\nFrom: \"Me, too\" <me@home.example>\nSender: scan@home.example\n"
          + "Subject: hello\n\n" + body)
      try await bed.run(server)
      let message = try #require(server.messages.first)
      #expect(message.sender == "<account@isp.example>")
      #expect(
        message.text == """
          Received: x\r
          Subject: hello\r
          From: "Me, too" <account@isp.example>\r
          Sender: account@isp.example\r
          Reply-To: "Me, too" <me@home.example>\r
          Author: "Me, too" <me@home.example>\r
          \r
          From: not this one\r
          ..dot\r
          .\r

          """)
      let mail = try #require(server.commands.first { $0.hasPrefix("MAIL") })
      let size = try #require(
        mail.split(separator: " ").first { $0.hasPrefix("SIZE=") }.flatMap { Int($0.dropFirst(5)) })
      #expect(size >= message.wire.count - 3)
    }
  }

  @Test("A report keeps its empty sender")
  func report() async throws {
    try await onLoop {
      let server = try NextServer()
      let bed = try bed(server, addsReplyTo: false)
      try await bed.put(
        from: "", to: "ann@far.example", content: "From: postmaster@home.example\n\nfailed\n")
      try await bed.run(server)
      let message = try #require(server.messages.first)
      #expect(message.sender == "<>")
      #expect(
        message.text
          == "From: account@isp.example\r\nAuthor: postmaster@home.example\r\n\r\nfailed\r\n.\r\n")
    }
  }

  @Test("A large message passes whole")
  func large() async throws {
    try await onLoop {
      let server = try NextServer()
      let bed = try bed(server)
      let line = String(repeating: "x", count: 77) + "\n"
      let body = String(repeating: line, count: 3000)
      try await bed.put(to: "ann@far.example", content: "From: me@home.example\n\n" + body)
      try await bed.run(server)
      let text = try #require(server.messages.first?.text)
      #expect(
        text == "From: account@isp.example\r\nReply-To: me@home.example\r\n"
          + "Author: me@home.example\r\n\r\n"
          + String(repeating: String(repeating: "x", count: 77) + "\r\n", count: 3000) + ".\r\n")
    }
  }
}
