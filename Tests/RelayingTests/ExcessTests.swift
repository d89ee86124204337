import EventLoop
import TestSupport
import Testing

@testable import Relaying

@Suite("More recipients than a server takes with a message") struct ExcessTests {
  @Test(
    "Recipients that a server does not take with a message go with the next, over one connection",
    arguments: [["PIPELINING"], ["CHUNKING"], ["PIPELINING", "LIMITS RCPTMAX=5"]])
  func excess(capabilities: [String]) async throws {
    try await onLoop {
      let server = try NextServer()
      server.capabilities = capabilities
      var named = 0
      var overshoot = 0
      server.answer = { command in
        if command.hasPrefix("MAIL") { named = 0 }
        guard command.hasPrefix("RCPT") else { return nil }
        named += 1
        if named > 5 { overshoot += 1 }
        return named > 5 ? "452 4.5.3 too many" : nil
      }
      let bed = try Bed(smarthost: server)
      let recipients = (1...12).map { "u\($0)@far.example" }
      try await bed.put(from: "me@home.example", to: recipients, content: Array("a: b\n\n".utf8))
      try await bed.run(server)
      #expect(server.messages.map(\.recipients.count) == [5, 5, 2])
      #expect(Set(server.messages.flatMap(\.recipients)) == Set(recipients.map { "<\($0)>" }))
      #expect(server.connections == 1)
      // The limit is learnt once: a server may count what is too much as errors.
      #expect(overshoot <= (capabilities.count == 2 ? 0 : 7))
      #expect(bed.names(in: "queue/cur") == [] && bed.names(in: "queue/new") == [])
    }
  }

  @Test("A server that takes one message over a connection gets the rest over others, at once")
  func excessOverConnections() async throws {
    for capability in ["LIMITS RCPTMAX=1 MAILMAX=1", "LIMITS RCPTMAX=1"] {
      try await onLoop {
        let server = try NextServer()
        server.capabilities = ["PIPELINING", capability]
        var begun = 0
        server.answer = { command in
          if command.hasPrefix("EHLO") { begun = 0 }
          if command.hasPrefix("MAIL") { begun += 1 }
          return begun > 1 ? "421 4.7.0 one message" : nil
        }
        let bed = try Bed(smarthost: server)
        try await bed.put(to: "a@far.example", "b@far.example", "c@far.example")
        try await bed.run(server)
        #expect(
          server.messages.map(\.recipients) == ["a", "b", "c"].map { ["<\($0)@far.example>"] })
        #expect(server.connections == 3)
      }
    }
  }
}
