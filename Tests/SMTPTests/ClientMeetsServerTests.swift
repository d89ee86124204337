import Mail
import SASL
import TestSupport
import Testing

@testable import SMTP

/// The client session talking to the server session, with nothing but bytes between them.
@Suite("Client meets server")
struct ClientMeetsServerTests {
  struct Result {
    var outcomes: [String] = []
    var server: TestBed
    var client: ClientBed
  }

  /// Sends the envelopes one after the other over one connection.
  static func run(
    _ envelopes: [Envelope], content: [UInt8], tls: ClientSettings.TLSPolicy,
    mechanisms: [Mechanism] = Mechanism.allCases, chunking: ClientSettings.Chunking = .always
  ) throws -> Result {
    var result = Result(
      server: TestBed(listener: "submission-plain"),
      client: try ClientBed(
        tls: tls, password: "secret", allowsPasswordInClear: tls == .never, mechanisms: mechanisms,
        chunking: chunking))
    var waiting = envelopes[...]
    var action = ClientAction.awaitReply
    func next(_ client: inout ClientBed) -> ClientAction {
      waiting.popFirst().map { client.session.deliver($0) } ?? client.session.quit()
    }
    while action != .close {
      switch action {
      case .send(let bytes):
        for line in bytes.split(separator: 0x0A) { result.server.receive(Array(line.dropLast())) }
      case .prepareAuthentication, .compute:
        let next = result.client.compute(action, binding: tls == .never ? nil : TestBed.binding)
        action = try #require(next)
        continue
      case .sendContent, .sendChunk:
        var wire: [UInt8] = []
        var encoder = WireEncoder()
        if case .sendChunk(let command) = action {
          result.server.receive(Array(command.dropLast(2)))
          encoder = WireEncoder(endsWithDot: false)
        }
        encoder.encode(content.span, into: &wire)
        encoder.finish(into: &wire)
        let lines = wire.split(separator: 0x0A, omittingEmptySubsequences: false).dropLast()
        for line in lines { result.server.receive(Array(line.dropLast())) }
      case .awaitReply:
        break
      case .startTLS:
        action = result.client.session.tlsEstablished()
        continue
      case .ready:
        action = next(&result.client)
        continue
      case .finished:
        result.outcomes.append(action.outcomes ?? "")
        action = next(&result.client)
        continue
      case .unavailable, .close:
        Issue.record("the session ended with \(String(describing: action.obstacle?.text))")
        return result
      }
      var step: ClientAction?
      while step == nil {
        let line = result.server.takeLine()
        step = result.client.reply(try #require(line))
      }
      action = try #require(step)
    }
    return result
  }

  @Test("Messages arrive as they were sent, with their envelopes", arguments: 0..<40)
  func delivers(seed: UInt64) throws {
    var random = FixedRandom(seed: seed)
    let choices = [
      ("<bob@home.example>", "delivered 2.0.0"), ("<x@y.example>", "delivered 2.0.0"),
      ("<nobody@home.example>", "failed 5.1.1"), ("<\"a b\"@[192.0.2.1]>", "delivered 2.0.0"),
    ]
    let content = Array("Subject: x\n\n.\n..dots\nand \u{E9}\n".utf8)
    let wireBytes = content.count + content.count { $0 == 0x0A }
    var envelopes: [Envelope] = []
    var expected: [String] = []
    for _ in 0..<4 {
      let picked = choices.shuffled(using: &random).prefix(Int.random(in: 1...4, using: &random))
      envelopes.append(
        Envelope(
          sender: Bool.random(using: &random)
            ? .null : try #require(ReversePath("<alice@home.example>")),
          recipients: try picked.map { .init(try #require(ForwardPath($0.0))) },
          wireBytes: wireBytes))
      expected.append(picked.map(\.1).joined(separator: ", "))
    }
    let result = try Self.run(
      envelopes, content: content, tls: seed % 2 == 0 ? .required : .never,
      chunking: seed % 4 < 2 ? .always : .never)
    #expect(result.outcomes == expected)
    #expect(result.server.isClosed)
    #expect(result.server.session.isTLSActive == (seed % 2 == 0))
    let accepted = zip(envelopes, expected).filter { $0.1.contains("delivered") }.map(\.0)
    #expect(result.server.messages.map(\.content) == accepted.map { _ in content })
    #expect(result.server.messages.map(\.envelope.sender) == accepted.map(\.sender))
    for (message, envelope) in zip(result.server.messages, accepted) {
      #expect(message.envelope.parameters == MailParameters(sizeBytes: wireBytes, body: .eightBit))
      let local = envelope.recipients.map(\.path).filter { $0.text != "<nobody@home.example>" }
      #expect(message.envelope.recipients == local)
    }
  }

  @Test(
    "Every mechanism that both sides know logs in, with and without TLS",
    arguments: Mechanism.offered(isTLSActive: true), [true, false])
  func logsIn(mechanism: Mechanism, isTLSActive: Bool) throws {
    let envelope = Envelope(
      sender: .null, recipients: [.init(try #require(ForwardPath("<x@y.example>")))],
      wireBytes: 8)
    guard mechanism.isOffered(isTLSActive: isTLSActive) else { return }
    let result = try Self.run(
      [envelope], content: Array("a: b\n\n".utf8), tls: isTLSActive ? .required : .never,
      mechanisms: [mechanism])
    #expect(result.outcomes == ["delivered 2.0.0"])
    #expect(result.server.session.user == "alice")
  }

  @Test("What the server can take at most is obeyed, and the rest goes with the next transaction")
  func defersExcess() throws {
    let recipients = try (1...103).map {
      Envelope.Recipient(try #require(ForwardPath("<r\($0)@b.example>")))
    }
    let envelope = Envelope(sender: .null, recipients: recipients, wireBytes: 8)
    let result = try Self.run([envelope], content: Array("a: b\n\n".utf8), tls: .never)
    let outcomes = try #require(result.outcomes.first).components
    #expect(outcomes.count { $0 == "delivered 2.0.0" } == 100)
    #expect(outcomes.suffix(3) == ["excess 4.5.3", "excess 4.5.3", "excess 4.5.3"])
  }
}

extension String {
  fileprivate var components: [String] {
    split(separator: ",").map { $0.first == " " ? String($0.dropFirst()) : String($0) }
  }
}
