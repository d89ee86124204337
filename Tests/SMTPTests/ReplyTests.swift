import Mail
import Testing

@testable import SMTP

@Suite("Replies")
struct ReplyTests {
  static func written(_ reply: Reply) -> String {
    var output: [UInt8] = []
    reply.write(to: &output)
    return String(decoding: output, as: UTF8.self)
  }

  @Test("A reply has its code on each line, and its status too")
  func writes() {
    #expect(Self.written(Reply(.ready, "a ESMTP")) == "220 a ESMTP\r\n")
    #expect(Self.written(Reply(.continueAuthentication, "")) == "334 \r\n")
    #expect(Self.written(.ok) == "250 2.0.0 Ok\r\n")
    let two = Reply(.refused, EnhancedStatus(5, 1, 1), lines: ["one", "two"])
    #expect(Self.written(two) == "550-5.1.1 one\r\n550 5.1.1 two\r\n")
    #expect(two.text == "550 5.1.1 one two")
  }

  @Test("No text can start a line or a reply of its own")
  func cannotBeForged() {
    let hostile = "x\r\n250 2.0.0 Ok\n\u{0}\u{1B}[2J caf\u{E9}"
    let wire = Self.written(Reply(.refused, EnhancedStatus(5, 1, 1), hostile))
    #expect(wire == "550 5.1.1 x\\x0d\\x0a250 2.0.0 Ok\\x0a\\x00\\x1b[2J caf\\xc3\\xa9\r\n")
  }

  @Test("No line is longer than the RFC allows", arguments: ["x", "\u{E9}"])
  func isBounded(unit: String) {
    let reply = Reply(
      .refused, EnhancedStatus(5, 999, 999), String(repeating: unit, count: 600))
    let wire = Self.written(reply)
    #expect((480...SMTP.Limits.replyLineBytes).contains(wire.utf8.count))
    #expect(wire.hasSuffix("...\r\n"))
  }

  @Test("The class of a status agrees with that of its code")
  func agrees() {
    let replies: [Reply] = [
      .ok, .senderAccepted, .recipientAccepted, .goodbye, .authenticated, .readyForTLS,
      .notVerified, .help, .startContent, .queued(as: "1"), .shuttingDown, .tooManyConnections,
      .timedOut, .tooManyErrors, .notThisProtocol, .localError, .insufficientStorage,
      .tooManyRecipients, .authenticationUnavailable, .unknownCommand, .malformedCommand,
      .lineTooLong, .authenticationLineTooLong, .syntax("x"), .badSender, .badRecipient,
      .addressBeyondASCII, .badParameter("x"), .unknownParameter("x"), .notOffered,
      .outOfSequence("x"), .noRecipients, .commandAfterStartTLS, .authenticationRequired,
      .tlsRequired, .encryptionRequired, .unknownMechanism, .authenticationCancelled,
      .authenticationMalformed, .channelBindingFailed, .authenticationFailed,
      .tooLarge(limitBytes: 1), .looping,
      .noSuchUser, .relayingDenied, .refusal(of: .nul), .refusal(of: .bareLineFeed),
      .refusal(of: .bareCarriageReturn), .refusal(of: .lineTooLong),
    ]
    for reply in replies {
      if let status = reply.status {
        #expect(UInt16(status.statusClass) == reply.code.category.rawValue)
      } else {
        #expect(reply.code.category == .intermediate)
      }
    }
  }

  @Test("A code is one of five classes", arguments: [0, 199, 600, 65535])
  func refusesCodes(number: UInt16) {
    #expect(StatusCode(rawValue: number) == nil)
  }
}
