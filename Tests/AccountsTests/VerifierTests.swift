import Testing

@testable import Accounts

@Suite struct `A verifier` {
  /// The exchange of RFC 7677 §3: user "user", password "pencil".
  private static let example =
    "{SCRAM-SHA-256}4096,W22ZaJ0SNY7soEsUEjb6gQ==,"
    + "WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=,wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="

  @Test func `accepts the password of the example of RFC 7677`() throws {
    let verifier = try #require(Verifier(Substring(Self.example)))
    #expect(verifier.accepts(Array("pencil".utf8)) == true)
    #expect(verifier.accepts(Array("pencil ".utf8)) == false)
    #expect(verifier.accepts([]) == false)
    #expect(verifier.text == Self.example)
  }

  @Test func `is made with a salt of its own`() throws {
    let password = Array("sésame".utf8)
    let first = try SCRAMVerifier(password: password)
    let second = try SCRAMVerifier(password: password)
    #expect(first.salt.count == 16)
    #expect(first.salt != second.salt)
    #expect(first.storedKey != second.storedKey)
    #expect(first.iterations == 100_000)
    #expect(first.accepts(password))
    #expect(!first.accepts(Array("sesame".utf8)))
    #expect(Verifier(Substring(Verifier.scram(first).text)) == .scram(first))
  }

  @Test(arguments: [
    "$6$saltsalt$TVLlQcbpFVof5W3Yz4DTP6gRstiNuHwwTt6GLc1E5n0U0aDehy0S5knV8wiOQSpT0Y77vwPZN"
      + ".Pq.H91p5hVO1",
    "$5$saltsalt$0IyaXrmV7.sGNS6tirgqHLqX/G.FBvgkYA.lpPdS5sA",
    "$1$saltsalt$9xy1btjgzLYfb7hivXtC//",
    "$y$j9T$F5Jx5fExrKuPp53xLKQ..1$GmcwIgvdUC9qLWcKCi6gklUa1dM3ziD43YxYNURLKy0",
    "$2b$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW",
  ])
  func `of another system is taken over`(hash: String) throws {
    let verifier = try #require(Verifier(Substring(hash)))
    #expect(verifier.accepts(Array("secret".utf8)) == true)
    #expect(verifier.accepts(Array("Secret".utf8)) == false)
    #expect(verifier.accepts(Array("secret\0".utf8)) == false)
    #expect(verifier.text == hash)
  }

  @Test func `that cannot be computed now is neither right nor wrong`() throws {
    let verifier = try #require(Verifier("$6$saltsalt$x"))
    // Over the longest phrase that crypt(3) takes, which stands for any failure inside it.
    #expect(verifier.accepts([UInt8](repeating: 0x61, count: 100_000)) == nil)
  }

  @Test func `that is locked accepts nothing`() throws {
    let verifier = try #require(Verifier("!"))
    #expect(verifier.accepts(Array("!".utf8)) == false)
    #expect(verifier.accepts([]) == false)
  }

  @Test(arguments: [
    "", "secret", "geheimesWort1", "*", "x", "!!", "{PLAIN}a secret", "$", "$6", "$99$salt$hash",
    "{SCRAM-SHA-256}", "{SCRAM-SHA-256}4096,W22ZaJ0SNY7soEsUEjb6gQ==",
    "{scram-sha-256}4096,AAAA,WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=,"
      + "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=",
    "{SCRAM-SHA-256}0,AAAA,WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=,"
      + "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=",
    "{SCRAM-SHA-256}+4096,AAAA,WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=,"
      + "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=",
    "{SCRAM-SHA-256}2000000,AAAA,WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=,"
      + "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=",
    "{SCRAM-SHA-256}4096,,WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=,"
      + "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=",
    "{SCRAM-SHA-256}4096,AAAA,WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4g==,"
      + "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=",
    "{SCRAM-SHA-256}4096,AAAA,WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=,"
      + "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=,x",
  ])
  func `is not any other text`(text: String) {
    #expect(Verifier(Substring(text)) == nil)
  }
}
