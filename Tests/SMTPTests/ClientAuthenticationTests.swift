import Foundation
import Mail
import SASL
import TestSupport
import Testing

@testable import SMTP

@Suite("Client session: the mechanisms of AUTH")
struct ClientAuthenticationTests {
  /// The line that was sent, with its base 64 undone.
  private static func line(_ action: ClientAction?) -> String {
    guard case .send(let bytes) = action else { return "\(String(describing: action))" }
    let words = String(decoding: bytes.dropLast(2), as: UTF8.self).split(separator: " ")
    let decoded = words.map { word in
      guard word.count > 6, !word.hasPrefix("SCRAM"), let data = Data(base64Encoded: String(word))
      else { return String(word) }
      return String(decoding: data, as: UTF8.self)
    }
    return decoded.joined(separator: " ")
  }

  private static func challenge(_ text: String) -> String {
    "334 " + Data(text.utf8).base64EncodedString()
  }

  private static let nonce = String(repeating: "CQkJ", count: 6)

  @Test(
    "The best that both sides have is used",
    arguments: [
      ("PLAIN LOGIN CRAM-MD5 SCRAM-SHA-256 SCRAM-SHA-256-PLUS", true, "SCRAM-SHA-256-PLUS"),
      ("PLAIN LOGIN CRAM-MD5 SCRAM-SHA-256", true, "SCRAM-SHA-256"),
      ("CRAM-MD5 LOGIN PLAIN", true, "PLAIN"), ("CRAM-MD5 LOGIN", true, "LOGIN"),
      ("DIGEST-MD5 CRAM-MD5 XOAUTH2", true, "CRAM-MD5"),
      // Without TLS the password itself leaves last.
      ("PLAIN LOGIN CRAM-MD5 SCRAM-SHA-256 SCRAM-SHA-256-PLUS", false, "SCRAM-SHA-256"),
      ("PLAIN LOGIN CRAM-MD5", false, "CRAM-MD5"), ("PLAIN LOGIN", false, "PLAIN"),
    ])
  func prefers(offer: String, isTLSActive: Bool, mechanism: String) throws {
    var bed = try ClientBed(
      password: "secret", isTLSActive: isTLSActive, allowsPasswordInClear: true)
    let action = bed.compute(bed.offer(offer), binding: isTLSActive ? TestBed.binding : nil)
    #expect(Self.line(action).split(separator: " ").prefix(2) == ["AUTH", Substring(mechanism)])
  }

  @Test("Nothing but what is allowed is used, and no mechanism at all in clear unless it is")
  func allowed() throws {
    for offer in ["PLAIN", "CRAM-MD5", "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS"] {
      var bed = try ClientBed(password: "secret")
      #expect(bed.offer(offer)?.obstacle?.text.contains("without TLS") == true)
    }
    var bed = try ClientBed(
      password: "secret", isTLSActive: true, mechanisms: [.scramSHA256Plus, .scramSHA256])
    #expect(bed.offer("PLAIN LOGIN CRAM-MD5")?.obstacle != nil)
  }

  @Test(
    "A reply that quotes the login is not repeated, whole or in part",
    arguments: [
      ("PLAIN", "535 5.7.8 unknown: AUTH PLAIN AGFsaWNlAHNlY3JldA=="),
      ("PLAIN", "500 5.5.1 AUTH PLAIN AGFSAWNL"), ("PLAIN", "454 4.7.0 alice/SECRET is wrong"),
      ("LOGIN", "535-5.7.8 no\n535 5.7.8 c2VjcmV0"), ("LOGIN", "421 4.7.0 secret"),
    ])
  func quoted(mechanism: String, reply: String) throws {
    var bed = try ClientBed(password: "secret", isTLSActive: true)
    _ = bed.offer(mechanism)
    if mechanism == "LOGIN" {
      _ = bed.reply("334 UGFzc3dvcmQ6")
    }
    var action: ClientAction?
    for line in reply.split(separator: "\n") { action = bed.reply(String(line)) }
    let text = try #require(action?.obstacle?.text)
    #expect(text.hasPrefix(reply.prefix(3)))
    #expect(text.contains("quotes the login"))
    #expect(!text.lowercased().contains("secret") && !text.contains("AGF"))
  }

  @Test("A connection with nothing to bind to is not bound, and the server is not accused")
  func nothingToBind() throws {
    var bed = try ClientBed(password: "secret", isTLSActive: true)
    let action = bed.compute(bed.offer("SCRAM-SHA-256-PLUS SCRAM-SHA-256"), binding: nil)
    #expect(Self.line(action) == "AUTH SCRAM-SHA-256 n,,n=alice,r=\(Self.nonce)")
    bed = try ClientBed(password: "secret", isTLSActive: true)
    #expect(bed.compute(bed.offer("SCRAM-SHA-256-PLUS"), binding: nil)?.obstacle != nil)
    bed = try ClientBed(password: "secret", isTLSActive: true)
    let other = bed.compute(bed.offer("SCRAM-SHA-256-PLUS PLAIN"), binding: nil)
    #expect(Self.line(other) == "AUTH PLAIN \0alice\0secret")
  }

  @Test("A client that could bind tells a server that does not offer it")
  func hiddenOffer() throws {
    var bed = try ClientBed(password: "secret", isTLSActive: true)
    #expect(Self.line(bed.compute(bed.offer("SCRAM-SHA-256"))).contains(" y,,n=alice"))
  }

  /// A session that has sent the proof.
  private static func proved() throws -> ClientBed {
    var bed = try ClientBed(password: "secret", isTLSActive: true)
    _ = bed.compute(bed.offer("SCRAM-SHA-256 PLAIN LOGIN"))
    let proof = bed.compute(bed.reply(challenge("r=\(nonce)Z,s=QQ==,i=4096")))
    #expect(line(proof).hasPrefix("c=eSws,r=\(nonce)Z,p="))
    return bed
  }

  @Test(
    "A server that has not proved that it knows the password gets no mail",
    arguments: [
      ["235 2.7.0 welcome"], [challenge("v=AAAA"), "501 cancelled"],
      [challenge("v=AAAA"), "235 x"],
      ["334 ", "501 x"], ["334 ====", "501 x"], [challenge("e=other-error"), "535 x"],
    ])
  func unproved(replies: [String]) throws {
    var bed = try Self.proved()
    for reply in replies.dropLast() { #expect(bed.reply(reply) == .send("*")) }
    let obstacle = bed.reply(replies.last ?? "")?.obstacle
    #expect(obstacle?.status.text == "4.7.0")
    #expect(obstacle?.text.hasPrefix("The host cannot be logged in to: it") == true)
    #expect(!bed.session.isUsable)
  }

  @Test("A refused proof is a wrong password, and no weaker mechanism is tried")
  func refusedProof() throws {
    var bed = try Self.proved()
    #expect(bed.reply("535 5.7.8 wrong")?.obstacle?.text == "535 5.7.8 wrong")
    bed = try ClientBed(password: "secret", isTLSActive: true)
    _ = bed.offer("PLAIN LOGIN")
    #expect(bed.reply("535 5.7.8 wrong")?.obstacle != nil)
  }

  @Test("A mechanism that is refused before the password was shown makes room for the next")
  func refusedMechanism() throws {
    var bed = try ClientBed(password: "secret", isTLSActive: true)
    var action = bed.compute(bed.offer("SCRAM-SHA-256-PLUS SCRAM-SHA-256 LOGIN CRAM-MD5"))
    #expect(Self.line(action).hasPrefix("AUTH SCRAM-SHA-256-PLUS p=tls-exporter,,"))
    action = bed.compute(bed.reply("501 5.7.0 unsupported channel binding"))
    #expect(Self.line(action).hasPrefix("AUTH SCRAM-SHA-256 n,,"))
    #expect(bed.compute(bed.reply("535 5.7.8 no such secret")) == .send("AUTH LOGIN"))
    #expect(Self.line(bed.reply("334 VXNlcm5hbWU6")) == "alice")
    #expect(bed.reply("504 5.5.4 not for you") == .send("AUTH CRAM-MD5"))
    let answer = bed.compute(bed.reply(Self.challenge("<1@a>")))
    #expect(Self.line(answer).hasPrefix("alice "))
    #expect(bed.reply("235 2.7.0 ok") == .ready)
  }

  @Test("When all are refused the last reply is the reason")
  func allRefused() throws {
    var bed = try ClientBed(password: "secret", isTLSActive: true)
    #expect(bed.offer("LOGIN CRAM-MD5") == .send("AUTH LOGIN"))
    #expect(bed.reply("504 5.5.4 no") == .send("AUTH CRAM-MD5"))
    #expect(bed.reply("504 5.5.4 nor that")?.obstacle?.text == "504 5.5.4 nor that")
  }

  @Test(
    "A failure that may pass is no reason to try another", arguments: ["454 4.7.0 later", "421 x"])
  func temporary(reply: String) throws {
    var bed = try ClientBed(password: "secret", isTLSActive: true)
    _ = bed.offer("LOGIN CRAM-MD5")
    #expect(bed.reply(reply)?.obstacle?.text == reply)
  }

  @Test("A server that ignores SCRAM's first message gets it once more")
  func ignoredFirstMessage() throws {
    var bed = try ClientBed(password: "secret", isTLSActive: true)
    let first = Self.line(bed.compute(bed.offer("SCRAM-SHA-256")))
    #expect(first == "AUTH SCRAM-SHA-256 " + Self.line(bed.reply("334")))
    #expect(bed.reply("334") == .send("*"))
  }

  @Test(
    "A challenge that is none is answered with a cancel, whatever comes then",
    arguments: [
      "334 !", "334 QQ=", challenge("r=x,s=QQ==,i=1"),
      "334 " + String(repeating: "Q", count: 3000),
    ])
  func garbage(challenge: String) throws {
    for reply in ["501 ok", "250 x", "334 more"] {
      var bed = try ClientBed(password: "secret", isTLSActive: true)
      _ = bed.compute(bed.offer("SCRAM-SHA-256"))
      #expect(bed.reply(challenge) == .send("*"))
      #expect(bed.reply(reply)?.obstacle != nil)
      #expect(!bed.session.isUsable)
    }
  }
}
