import TestSupport
import Testing

struct RetrievalDialogueTests {
  @Test(arguments: try Dialogue.all(of: "pop3"))
  func `The service speaks as the dialogue says`(dialogue: Dialogue) async throws {
    try await onLoop {
      try await Bed().session(dialogue.listener ?? "pop3") { client in
        var previous: [UInt8] = []
        for (number, step) in dialogue.steps {
          let place = Comment(rawValue: "\(dialogue.name):\(number)")
          switch step {
          case .client(let lines):
            try await client.send(octets: lines)
            previous = lines.last ?? []
          case .server(let prefix):
            try await client.expect(prefix, place)
            if previous == Array("STLS".utf8), prefix.hasPrefix("+OK") {
              try await client.startTLS()
              previous = []
            }
          case .reply:
            Issue.record("POP3 has no such replies")
          case .closed:
            try await client.expect("<closed>", place)
          }
        }
      }
    }
  }
}
