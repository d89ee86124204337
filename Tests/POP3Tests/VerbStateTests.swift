import Testing

@testable import POP3

/// Every command in every state, so that none is answered where it has no place.
struct VerbStateTests {
  /// A state, and what leads there.
  enum Place: CaseIterable {
    /// Before the login, where a password may come in clear.
    case clear
    /// Before the login, where TLS has to come first.
    case guarded
    /// Before the login, under TLS.
    case secure
    /// After USER.
    case named
    /// Where the line is an answer of an exchange and no command.
    case exchange
    case transaction

    var session: Session {
      var settings = SessionSettings(
        hostName: "h", offersTLS: true, allowsLoginWithoutTLS: self != .guarded)
      settings.timestamp = "<1@h>"
      var session = Session(settings, isSecure: self == .secure)
      switch self {
      case .clear, .guarded, .secure: break
      case .named: _ = session.receive(Array("USER alice".utf8)[...])
      case .exchange: _ = session.receive(Array("AUTH PLAIN".utf8)[...])
      case .transaction:
        let text = Array("ab".utf8)
        let places = [0, 1].map { MaildropListing.Place(offset: UInt32($0), length: 1) }
        _ = session.open(MaildropListing(text: text, uniqueIDs: places, sizes: [5, 7]))
      }
      return session
    }
  }

  /// The first word of a reply, or the name of what the driver is to do.
  private static func kind(_ action: Action) -> String {
    switch action {
    case .reply(let reply):
      String(decoding: reply.bytes.prefix { $0 != 0x20 && $0 != 0x0D }, as: UTF8.self)
    case .startTLS: "tls"
    case .verify: "verify"
    case .verifyDigest: "digest"
    case .lookUp: "look-up"
    case .checkProof: "check"
    case .logIn: "log-in"
    case .list: "list"
    case .send: "send"
    case .update: "update"
    }
  }

  /// A command, and what comes of it in each place in order.
  private static let table: [(Verb, String, [String])] = [
    (
      .apop, "APOP bob \(String(repeating: "0", count: 32))",
      ["digest", "-ERR", "digest", "digest", "-ERR", "-ERR"]
    ),
    (.auth, "AUTH PLAIN", ["+", "-ERR", "+", "+", "-ERR", "-ERR"]),
    (.capa, "CAPA", ["+OK", "+OK", "+OK", "+OK", "-ERR", "+OK"]),
    (.dele, "DELE 2", ["-ERR", "-ERR", "-ERR", "-ERR", "-ERR", "+OK"]),
    (.lang, "LANG en", ["+OK", "+OK", "+OK", "+OK", "-ERR", "+OK"]),
    (.list, "LIST", ["-ERR", "-ERR", "-ERR", "-ERR", "-ERR", "list"]),
    (.list, "LIST 2", ["-ERR", "-ERR", "-ERR", "-ERR", "-ERR", "+OK"]),
    (.noop, "NOOP", ["-ERR", "-ERR", "-ERR", "-ERR", "-ERR", "+OK"]),
    (.pass, "PASS secret", ["-ERR", "-ERR", "-ERR", "verify", "-ERR", "-ERR"]),
    (.quit, "QUIT", ["+OK", "+OK", "+OK", "+OK", "-ERR", "update"]),
    (.retr, "RETR 2", ["-ERR", "-ERR", "-ERR", "-ERR", "-ERR", "send"]),
    (.rset, "RSET", ["-ERR", "-ERR", "-ERR", "-ERR", "-ERR", "+OK"]),
    (.stat, "STAT", ["-ERR", "-ERR", "-ERR", "-ERR", "-ERR", "+OK"]),
    (.stls, "STLS", ["tls", "tls", "-ERR", "tls", "-ERR", "-ERR"]),
    (.top, "TOP 2 1", ["-ERR", "-ERR", "-ERR", "-ERR", "-ERR", "send"]),
    (.uidl, "UIDL", ["-ERR", "-ERR", "-ERR", "-ERR", "-ERR", "list"]),
    (.uidl, "UIDL 2", ["-ERR", "-ERR", "-ERR", "-ERR", "-ERR", "+OK"]),
    (.user, "USER bob", ["+OK", "-ERR", "+OK", "+OK", "-ERR", "-ERR"]),
    // RFC 6856 §2.1: before the login only.
    (.utf8, "UTF8", ["+OK", "+OK", "+OK", "+OK", "-ERR", "-ERR"]),
  ]

  @Test func `Every command is in the table`() {
    #expect(Set(Self.table.map(\.0)) == Set(Verb.allCases))
  }

  @Test(arguments: Place.allCases)
  func `A command is answered where it has a place, and nowhere else`(place: Place) throws {
    let column = try #require(Place.allCases.firstIndex(of: place))
    for (_, line, expected) in Self.table {
      for spelling in [line, line.lowercased(), line + " "] where !line.hasPrefix("PASS") {
        var session = place.session
        let kind = Self.kind(session.receive(Array(spelling.utf8)[...]))
        #expect(kind == expected[column], "\(spelling)")
        let isQuit = line == "QUIT" && place != .exchange
        #expect(session.isEnded == isQuit, "\(spelling)")
      }
      if line.hasPrefix("PASS") {
        var session = place.session
        #expect(Self.kind(session.receive(Array(line.utf8)[...])) == expected[column])
      }
    }
  }

  @Test(arguments: Place.allCases)
  func `A command with too much or too little behind it is none, anywhere`(place: Place) {
    for line in [
      "CAPA x", "DELE", "DELE 1 2", "DELE x", "DELE 0", "LIST 1 2", "NOOP x", "PASS", "QUIT x",
      "RETR", "RETR 1 2", "RSET x", "STAT x", "STLS x", "TOP", "TOP 1", "TOP 1 -1", "UIDL x",
      "USER", "UTF8 x", "LANG en de", "APOP", "APOP a", "APOP a 0", "AUTH PLAIN a b", "XTND", "",
      " ",
    ] {
      var session = place.session
      #expect(Self.kind(session.receive(Array(line.utf8)[...])) == "-ERR", "\(line)")
      #expect(!session.isEnded, "\(line)")
    }
  }
}
