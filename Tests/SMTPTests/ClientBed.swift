import Mail
import SASL
import TLS
import TestSupport
import Testing

@testable import SMTP

/// A client session and what a test says to it in the server's place.
struct ClientBed {
  var session: ClientSession
  private var parser = ReplyParser()

  init(
    tls: ClientSettings.TLSPolicy = .never, password: String? = nil, isTLSActive: Bool = false,
    allowsPasswordInClear: Bool = false, dialect: ClientSettings.Dialect = .smtp,
    needsRequireTLS: Bool = false, mechanisms: [Mechanism] = Mechanism.allCases,
    chunking: ClientSettings.Chunking = .always
  ) throws {
    session = ClientSession(
      settings: ClientSettings(
        hostname: try #require(Domain("gw.home.example")), tls: tls,
        credentials: password.map { .init(user: "alice", password: Array($0.utf8)) },
        allowsPasswordInClear: allowsPasswordInClear, mechanisms: mechanisms,
        chunking: chunking, dialect: dialect,
        needsRequireTLS: needsRequireTLS),
      isTLSActive: isTLSActive)
  }

  /// A session that is ready for a message, with these extensions.
  static func ready(_ extensions: String...) throws -> ClientBed {
    var bed = try ClientBed()
    #expect(bed.reply("220 a ESMTP") == .send("EHLO gw.home.example"))
    let lines = ["a"] + extensions
    for line in lines.dropLast() { _ = bed.reply("250-" + line) }
    #expect(bed.reply("250 " + (lines.last ?? "")) == .ready)
    return bed
  }

  /// Hands in a line of the server, and returns what to do when it ends a reply.
  @discardableResult
  mutating func reply(_ line: String) -> ClientAction? {
    switch parser.receive(Array(line.utf8)[...]) {
    case .incomplete: return nil
    case .reply(let reply): return session.receive(reply)
    case .malformed: return session.fail(Diagnosis(EnhancedStatus(4, 5, 0), "malformed"))
    }
  }

  /// Says what a server does up to the offer of AUTH, and returns what follows it.
  mutating func offer(_ mechanisms: String) -> ClientAction? {
    reply("220 a")
    reply("250-a")
    return reply("250 AUTH \(mechanisms)")
  }

  /// Does what an action of an authentication asks, as the driver does; any other it returns.
  mutating func compute(
    _ action: ClientAction?, binding: [UInt8]? = TestBed.binding
  ) -> ClientAction? {
    switch action {
    case .prepareAuthentication:
      let data = binding.map { ChannelBindingData(kind: "tls-exporter", octets: $0) }
      return session.authenticate(random: [UInt8](repeating: 9, count: 18), binding: data)
    case .compute(.scram(let password, let salt, let iterations, let message)):
      let secret = SCRAMSecret(password: password, salt: salt, iterations: iterations)
      return session.computed(
        secret.clientProof(of: message), serverSignature: secret.serverSignature(of: message))
    case .compute(.cramMD5(let password, let challenge)):
      return session.computed(KeyDerivation.hmacMD5(key: password, challenge) ?? [])
    default: return action
    }
  }

  /// Begins a message for so many recipients, and returns the first commands.
  mutating func deliver(recipients: Int, wireBytes: Int = 100) throws -> String {
    let paths = try (1...recipients).map { try #require(ForwardPath("<r\($0)@b.example>")) }
    return deliver(
      Envelope(
        sender: try #require(ReversePath("<a@a.example>")),
        recipients: paths.map { Envelope.Recipient($0) }, wireBytes: wireBytes))
  }

  /// Begins a message, and returns the first commands; none if it fails at once.
  mutating func deliver(_ envelope: Envelope) -> String {
    guard case .send(let bytes) = session.deliver(envelope) else { return "" }
    return String(decoding: bytes, as: UTF8.self)
  }
}

extension ClientAction {
  /// A line to send.
  static func send(_ line: String) -> ClientAction { .send(Array((line + "\r\n").utf8)) }

  /// The outcomes in short, such as `delivered 2.0.0, failed 5.1.1`; nil for another action.
  var outcomes: String? {
    guard case .finished(let outcomes) = self else { return nil }
    return outcomes.map { outcome in
      switch outcome {
      case .delivered(let diagnosis): "delivered \(diagnosis.status.text)"
      case .deferred(let diagnosis): "deferred \(diagnosis.status.text)"
      case .excess(let diagnosis): "excess \(diagnosis.status.text)"
      case .failed(let diagnosis): "failed \(diagnosis.status.text)"
      }
    }.joined(separator: ", ")
  }

  /// The reason why the connection is of no use; nil for another action.
  var obstacle: Diagnosis? {
    if case .unavailable(let diagnosis) = self { diagnosis } else { nil }
  }
}
