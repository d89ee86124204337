import TestSupport
import Testing

@testable import DNS

@Suite struct MessageTests {
  /// A generator with a fixed seed, so that a failure comes again.
  private struct Xorshift: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
      return state
    }
  }

  @Test("A question is written as the standards say")
  func question() throws {
    let question = Question(name: try #require(DomainName("Mail.example")), type: .mx)
    let plain = question.message(identifier: 0xABCD, allowsLongReply: false)
    // Recursion desired, and the AD bit; one question, class IN.
    let header: [UInt8] = [0xAB, 0xCD, 0x01, 0x20, 0, 1, 0, 0, 0, 0, 0, 0]
    #expect(plain == header + wire("mail.example") + [0, 15, 0, 1])
    let extended = question.message(identifier: 0xABCD, allowsLongReply: true)
    // The root, type OPT, 1232 bytes, no flags, no data (RFC 6891 §6.1.2).
    #expect(extended.suffix(11) == [0, 0, 41, 0x04, 0xD0, 0, 0, 0, 0, 0, 0])
  }

  @Test("A time with the highest bit set counts as none")
  func hugeTime() throws {
    let question = Question(name: try #require(DomainName("host.example")), type: .a)
    let query = question.message(identifier: 1, allowsLongReply: false)
    let bytes = reply(to: query, answer: [record(1, timeToLive: 0x8000_0000, [192, 0, 2, 1])])
    let finding = try Finding(try #require(Message(bytes)), to: question)
    #expect(finding.timeToLive == 0)
  }

  @Test("Damaged messages are read to some end, and never to a name that is none")
  func damage() throws {
    var random = Xorshift(state: 0x9E37_79B9_7F4A_7C15)
    var readings = 0
    for type in [RecordType.mx, .a, .txt, .tlsa] {
      let question = Question(name: try #require(DomainName("host.example")), type: type)
      let query = question.message(identifier: 1, allowsLongReply: false)
      let soa = wire("ns.example") + wire("root.example") + [UInt8](repeating: 9, count: 20)
      let original = reply(
        to: query,
        answer: [
          record(5, wire("alias.example")),
          record(15, owner: wire("alias.example"), [0, 10] + wire("mx.example")),
          record(1, [192, 0, 2, 1]), record(16, [3, 97, 98, 99]), record(52, [3, 1, 1, 7, 7]),
        ], authority: [record(6, soa)])
      for _ in 0..<5000 {
        var bytes = original
        for _ in 0...Int.random(in: 0...3, using: &random) {
          let index = Int.random(in: 4..<bytes.count, using: &random)
          bytes[index] = UInt8.random(in: 0...255, using: &random)
        }
        if Bool.random(using: &random) {
          bytes.removeLast(Int.random(in: 0..<bytes.count, using: &random))
        }
        guard let message = Message(bytes), let finding = try? Finding(message, to: question) else {
          continue
        }
        readings += 1
        guard case .records(.exchanges(let hosts)) = finding.content else { continue }
        #expect(hosts.allSatisfy { $0.isNull || DomainName($0.exchange) != nil })
      }
    }
    #expect(readings > 100)
  }
}
