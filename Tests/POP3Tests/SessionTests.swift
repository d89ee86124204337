import Testing

@testable import POP3

struct SessionTests {
  static func session(isSecure: Bool = false, offersTLS: Bool = true) -> Session {
    Session(
      SessionSettings(hostName: "h", offersTLS: offersTLS, allowsLoginWithoutTLS: true),
      isSecure: isSecure)
  }

  static func text(_ action: Action) -> String {
    switch action {
    case .reply(let reply), .startTLS(let reply): text(reply)
    default: ""
    }
  }

  static func text(_ reply: Reply) -> String { String(decoding: reply.bytes, as: UTF8.self) }

  @Test func `A maildrop in use and a failing disk are told apart from a wrong password`() {
    var session = Self.session()
    for _ in 1...5 {
      #expect(Self.text(session.refuseLogin(.inUse)).hasPrefix("-ERR [IN-USE] "))
      #expect(Self.text(session.refuseLogin(.temporary)).hasPrefix("-ERR [SYS/TEMP] "))
      // Any other refusal is a wrong password to fetchmail.
      #expect(Self.text(session.refuseLogin(.temporary)).contains("wait"))
    }
    #expect(Self.text(session.refuseLogin(.wrongCredentials)).hasPrefix("-ERR [AUTH] "))
  }

  @Test func `Only wrong passwords end the session, and the third does`() {
    var session = Self.session()
    for refusal in [LoginRefusal.wrongCredentials, .inUse, .wrongCredentials, .temporary] {
      _ = session.refuseLogin(refusal)
      #expect(!session.isEnded)
    }
    _ = session.refuseLogin(.wrongCredentials)
    #expect(session.isEnded)
  }

  @Test func `Bad commands before and after the login are counted together`() {
    var session = Self.session()
    for _ in 1...5 { _ = session.receive(Array("X".utf8)[...]) }
    _ = session.open(.empty)
    for _ in 1...4 { _ = session.receive(Array("USER a".utf8)[...]) }
    #expect(!session.isEnded)
    _ = session.receiveOverlongLine()
    #expect(session.isEnded)
  }

  @Test func `A number that names no message is no bad command`() {
    var session = Self.session()
    _ = session.open(.empty)
    for _ in 1...50 { _ = session.receive(Array("RETR 1".utf8)[...]) }
    #expect(!session.isEnded)
  }

  @Test func `Without a certificate STLS is neither shown nor taken`() {
    var session = Self.session(offersTLS: false)
    #expect(!Self.text(session.receive(Array("CAPA".utf8)[...])).contains("STLS"))
    #expect(Self.text(session.receive(Array("STLS".utf8)[...])).hasPrefix("-ERR "))
  }

  @Test func `A challenge may be answered by a longer line than a command`() {
    var session = Self.session()
    #expect(session.lineLimit == 255)
    _ = session.receive(Array("AUTH PLAIN".utf8)[...])
    #expect(session.lineLimit == 1026)
    _ = session.receiveOverlongLine()
    #expect(session.lineLimit == 255)
  }

  @Test func `STLS and a failed login forget an exchange and a name`() {
    var session = Self.session()
    _ = session.receive(Array("USER alice".utf8)[...])
    session.tlsEstablished()
    #expect(
      Self.text(session.receive(Array("PASS secret".utf8)[...])) == "-ERR USER comes first\r\n")
  }

  @Test func `A message that cannot be sent gets an error that says whether to try again`() {
    let session = Self.session()
    #expect(session.messageUnavailable(isGone: true).bytes.starts(with: "-ERR The".utf8))
    #expect(session.messageUnavailable(isGone: false).bytes.starts(with: "-ERR [SYS/TEMP]".utf8))
  }

  @Test func `An update that failed in part is not called a success`() {
    let session = Self.session()
    #expect(session.updated(failures: 0).bytes.starts(with: "+OK".utf8))
    #expect(session.updated(failures: 1).bytes.starts(with: "-ERR [SYS/TEMP]".utf8))
  }

  @Test func `No line of random octets breaks the session or gets an answer without its line end`()
  {
    var random = SplitMix(state: 110)
    let keywords = Verb.allCases.map { Array($0.rawValue.utf8) }
    for _ in 0..<3000 {
      var session = Self.session()
      if random.next() % 2 == 0 { _ = session.open(.made(of: [("a", 1), ("b", 2)])) }
      for _ in 0..<12 {
        var line = random.next() % 4 == 0 ? [] : keywords[Int(random.next() % 14)] + [0x20]
        for _ in 0..<random.next() % 9 {
          line.append(random.next() % 3 == 0 ? UInt8(random.next() % 256) : 0x31)
        }
        let action = session.receive(line[...])
        let answer = Self.text(action)
        #expect(answer.isEmpty || answer.hasSuffix("\r\n"))
        if session.isEnded { break }
      }
    }
  }
}

/// Random numbers that are the same in every run.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var word = state
    word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
    word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
    return word ^ (word >> 31)
  }
}
