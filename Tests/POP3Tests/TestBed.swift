import Foundation
import Mail
import TestSupport

@testable import POP3
@testable import SASL

/// A driver without sockets: performs the actions of one session on the test bed's maildrops.
struct TestBed {
  private var session: Session
  private let messages: [StoredMessage]
  private(set) var output: [UInt8] = []
  private(set) var removed: [Int]?

  var isClosed: Bool { session.isEnded }

  init(listener: String) throws {
    session = Session(
      SessionSettings(
        hostName: "gw.home.example", offersTLS: true,
        allowsLoginWithoutTLS: listener != "pop3-encrypt"),
      isSecure: listener == "pop3s")
    messages = try Self.messagesOfAlice()
    output = session.greeting.bytes
  }

  mutating func receive(_ line: [UInt8]) {
    perform(
      line.count + 2 > session.lineLimit
        ? session.receiveOverlongLine() : session.receive(line[...]))
  }

  /// The next line of the server, without its line end.
  mutating func takeLine() -> String? {
    guard let end = output.firstIndex(of: UInt8(ascii: "\n")) else { return nil }
    let line = String(decoding: output[..<end], as: UTF8.self)
    output.removeSubrange(...end)
    return line.hasSuffix("\r") ? String(line.dropLast()) : "bare LF after \(line)"
  }

  private mutating func perform(_ action: Action) {
    switch action {
    case .reply(let reply):
      output += reply.bytes
    case .startTLS(let reply):
      output += reply.bytes
      session.tlsEstablished()
    case .verify(let user, let password, _):
      guard ["alice", "bob"].contains(user), password == Array("secret".utf8) else {
        output += session.refuseLogin(.wrongCredentials).bytes
        return
      }
      open(user)
    case .verifyDigest:
      output += session.refuseLogin(.wrongCredentials).bytes
    case .lookUp(_, let binding):
      perform(
        session.lookedUp(
          SCRAMParameters(
            salt: Self.salt, iterations: 2, random: [UInt8](repeating: 7, count: 18),
            binding: binding == "tls-exporter" ? Self.binding : nil)))
    case .checkProof(let proof):
      let user = proof.user.asciiLowercased
      guard ["alice", "bob"].contains(user),
        Self.secret.clientProof(of: proof.authMessage) == proof.clientProof
      else {
        output += session.refuseLogin(.wrongCredentials).bytes
        return
      }
      perform(
        session.proofAccepted(
          user: user, serverSignature: Self.secret.serverSignature(of: proof.authMessage)))
    case .logIn(let user, _):
      open(user)
    case .list:
      while session.appendListing(to: &output, upTo: output.count + 20) {}
    case .send(let index, let bodyLines):
      output += session.messageOpened(index).bytes
      send(messages[index].content, bodyLines)
    case .update(let removed):
      self.removed = Array(removed)
      output += session.updated(failures: 0).bytes
    }
  }

  private mutating func open(_ user: String) {
    output += session.open(user == "alice" ? Self.listing(of: messages) : .empty).bytes
  }

  /// What SCRAM knows of every user.
  private static let salt: [UInt8] = [1, 2, 3]
  private static let secret = SCRAMSecret(
    password: Array("secret".utf8), salt: salt, iterations: 2)
  /// The channel binding data of every connection.
  static let binding = [UInt8](repeating: 0x42, count: 32)

  private mutating func send(_ content: [UInt8], _ bodyLines: Int?) {
    var encoder = WireEncoder()
    var count = content.count
    if let bodyLines {
      var cut = TopCut(bodyLines: bodyLines)
      count = cut.take(content.span)
    }
    encoder.encode(content.span.extracting(first: count), into: &output)
    encoder.finish(into: &output)
  }

  private struct StoredMessage {
    let uniqueID: String
    let content: [UInt8]
  }

  private static func messagesOfAlice() throws -> [StoredMessage] {
    try ["new", "cur"].flatMap { folder in
      let path = Dialogue.folder(of: "pop3").appending(path: "maildrops/alice/\(folder)")
      return try FileManager.default.contentsOfDirectory(atPath: path.path).map { name in
        let uniqueID = name.prefix { $0 != "," && $0 != ":" }
        return StoredMessage(
          uniqueID: String(uniqueID),
          content: Array(try Data(contentsOf: path.appending(path: name))))
      }
    }.sorted { $0.uniqueID < $1.uniqueID }
  }

  private static func listing(
    of messages: [StoredMessage]
  ) -> MaildropListing {
    .made(
      of: messages.map { message in
        let lineFeeds = message.content.count { $0 == UInt8(ascii: "\n") }
        let missingEnd = message.content.last == UInt8(ascii: "\n") ? 0 : 2
        return (message.uniqueID, message.content.count + lineFeeds + missingEnd)
      })
  }
}

extension MaildropListing {
  static var empty: MaildropListing { .made(of: []) }

  static func made(of messages: [(uniqueID: String, bytes: Int)]) -> MaildropListing {
    var text: [UInt8] = []
    var places: [Place] = []
    for message in messages {
      places.append(
        Place(offset: UInt32(text.count), length: UInt8(message.uniqueID.utf8.count)))
      text += message.uniqueID.utf8
    }
    return MaildropListing(text: text, uniqueIDs: places, sizes: messages.map(\.bytes))
  }
}
