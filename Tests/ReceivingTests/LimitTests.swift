import EventLoop
import Foundation
import Platform
import Network
import SMTP
import TLS
import TestSupport
import Testing

@testable import Receiving
@testable import Spool

@Suite("What a client may not do for ever") struct LimitTests {
  @Test("Commands without a message have an end, and a message starts the count anew")
  func commands() async throws {
    try await onLoop {
      let bed = try Bed()
      try await bed.session { client in
        try await client.greet()
        let limit = Receiving.Limits.idleCommands
        let before = limit - 6
        for _ in 0..<before { try await client.ask("NOOP") }
        try await client.deliver(to: "bob@home.example")
        for _ in 0..<limit { try await client.ask("NOOP") }
        try await client.ask("NOOP", "421 4.7.0")
        try await client.expect("<closed>")
      }
    }
  }

  @Test("Errors have an end, and so have refused addresses")
  func errors() async throws {
    try await onLoop {
      let bed = try Bed()
      try await bed.session { client in
        try await client.greet()
        for _ in 1..<SMTP.Limits.commandErrors { try await client.ask("FOO", "500") }
        try await client.ask("FOO", "421 4.7.0")
        try await client.expect("<closed>")
      }
      try await bed.session(from: Bed.stranger) { client in
        try await client.greet()
        try await client.ask("MAIL FROM:<me@far.example>")
        for number in 1..<SMTP.Limits.refusedAddresses {
          try await client.ask("RCPT TO:<u\(number)@home.example>", "550 5.1.1")
        }
        try await client.ask("RCPT TO:<last@home.example>", "421 4.7.0")
        try await client.expect("<closed>")
      }
    }
  }

  @Test("A recipient too many waits for another transaction, and the others get the message")
  func recipients() async throws {
    try await onLoop {
      let bed = try Bed()
      try await bed.session { client in
        try await client.greet()
        try await client.ask("MAIL FROM:<me@home.example>")
        for number in 0..<100 { try await client.ask("RCPT TO:<u\(number)@far.example>") }
        try await client.ask("RCPT TO:<last@far.example>", "452 4.5.3")
        try await client.ask("DATA", "354")
        try await client.send("Subject: x", "", ".")
        try await client.expect("250")
      }
      let file = try #require(bed.files(in: "queue/new").first)
      #expect(file.components(separatedBy: "Gatepost-To: ").count == 101)
    }
  }

  @Test("An envelope that could not be read again is not begun")
  func envelope() async throws {
    try await onLoop {
      let bed = try Bed()
      bed.receiver.settings.limits.recipients = 10_000
      try await bed.session { client in
        try await client.greet()
        try await client.ask("MAIL FROM:<me@home.example>")
        let name = String(repeating: "x", count: 240)
        var accepted = 0
        while true {
          try await client.send("RCPT TO:<\(name)\(accepted)@far.example>")
          let reply = try await client.reply()
          if !reply.hasPrefix("250") {
            #expect(reply.hasPrefix("452 4.5.3"))
            break
          }
          accepted += 1
        }
        #expect(accepted > 1500)
        try await client.ask("DATA", "354")
        try await client.send("Subject: x", "", ".")
        try await client.expect("250")
        let message = try #require(bed.spool.takeDue(at: .now))
        let open = try await bed.spool.open(message)
        #expect(open.envelope.recipients.count == accepted)
      }
    }
  }

  @Test("A full queue takes nothing more for elsewhere, and mail for here goes on")
  func fullQueue() async throws {
    try await onLoop {
      let bed = try Bed()
      bed.spool.capacity = 1
      try await bed.session { client in
        try await client.greet()
        try await client.deliver(to: "ann@far.example")
        try await client.ask("MAIL FROM:<me@home.example>")
        try await client.ask("RCPT TO:<ann@far.example>", "452 4.3.1")
        try await client.ask("RCPT TO:<bob@home.example>")
      }
    }
  }

  @Test("A message that is too large is refused when it says so, and when it is")
  func size() async throws {
    try await onLoop {
      let bed = try Bed()
      bed.receiver.settings.limits.messageBytes = 1000
      try await bed.session { client in
        try await client.greet()
        try await client.ask("MAIL FROM:<me@home.example> SIZE=1001", "552 5.3.4")
        try await client.ask("MAIL FROM:<me@home.example> SIZE=9223372036854775807", "552 5.3.4")
        let line = String(repeating: "x", count: 98) + "\r\n"
        try await client.deliver(
          to: "bob@home.example", "ann@far.example",
          content: String(repeating: line, count: 10) + "\r\n", "552 5.3.4")
        #expect(bed.names(in: "queue/tmp") + bed.names(in: "queue/new") == [])
        #expect(bed.names(in: "mail") == [])
        try await client.deliver(
          to: "bob@home.example", content: String(repeating: line, count: 10))
        // Far over it, so that pieces of it were on disk.
        try await client.deliver(
          to: "ann@far.example", content: String(repeating: line, count: 3000), "552 5.3.4")
        #expect(bed.names(in: "queue/tmp") + bed.names(in: "queue/new") == [])
      }
    }
  }

  @Test("A command line that is too long is one error, and one without end is the end")
  func longLine() async throws {
    try await onLoop {
      let bed = try Bed()
      try await bed.session { client in
        try await client.greet()
        try await client.ask("NOOP " + String(repeating: "x", count: 10_000), "500 5.5.2")
        try await client.ask("NOOP")
        try await client.send(octets: Array(repeating: UInt8(ascii: "x"), count: 100_000))
        try await client.expect("421 4.7.0 Line without end")
        try await client.expect("<closed>")
      }
    }
  }

  @Test("A silent client hears why it is sent away")
  func silence() async throws {
    try await onLoop {
      let bed = try Bed()
      bed.receiver.settings.commandTimeout = .milliseconds(20)
      try await bed.session { client in
        try await client.expect("220")
        try await client.expect("421 4.4.2")
        try await client.expect("<closed>")
      }
    }
  }

  @Test("A session that is stopped says so, and an unfinished message leaves nothing")
  func stop() async throws {
    try await onLoop {
      let bed = try Bed()
      for isInContent in [false, true] {
        let sockets = try SocketPair()
        let stopped = Bed.trusted
        let server = try Connection(sockets.left.duplicate(), peer: SocketAddress(stopped, port: 1))
        let client = Client(
          try Connection(sockets.right.duplicate(), peer: SocketAddress(stopped, port: 2)),
          try TLSContext.client(trust: .anyone))
        try await withThrowingTaskGroup(of: Void.self) { group in
          group.addTask { [receiver = bed.receiver] in await receiver.serve(server, as: .smtp) }
          try await client.greet()
          if isInContent {
            try await client.ask("MAIL FROM:<me@home.example>")
            try await client.ask("RCPT TO:<ann@far.example>")
            try await client.ask("DATA", "354")
            try await client.send(octets: Array(repeating: UInt8(ascii: "x"), count: 40_000))
          }
          // The end of the time that sessions have after the signal to stop.
          group.cancelAll()
          try await client.expect("421 4.3.2")
          try await client.expect("<closed>")
        }
        #expect(bed.names(in: "queue/tmp") + bed.names(in: "queue/new") == [])
      }
    }
  }
}
