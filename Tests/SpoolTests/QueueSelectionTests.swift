import Testing

@testable import Spool

@Suite struct QueueSelectionTests {
  private let id = SpoolScratch.id(1)

  private func envelope(
    from sender: String = "me@home.example", to recipients: [String] = ["ann@far.example"],
    done: Int? = nil
  ) throws -> QueueEnvelope {
    let header = QueueEnvelope.header(
      SubmittedEnvelope(
        reversePath: sender, recipients: recipients.map { .init($0) }, origin: "test"),
      arrived: 1_763_706_000)
    var envelope = try #require(QueueEnvelope(parsing: header + Array("Subject: x\n".utf8)))
    if let done { envelope.recipients[done].state = .delivered }
    return envelope
  }

  private func isMeant(
    _ patterns: String..., envelope: QueueEnvelope, age: Int64 = 0
  ) throws -> Bool {
    let selection = try QueueSelection(patterns)
    return selection.mayMean(id, at: Int64(id.seconds) + age) && selection.means(envelope)
  }

  @Test(
    "A message is meant or not",
    arguments: [
      ("all", true), ("from=me@home.example", true), ("from=ME@HOME.example", true),
      ("from=you@home.example", false), ("from=@home.example", true),
      ("from=@example", false), ("from=@sub.home.example", false), ("from=<>", false),
      ("from=*", true), ("to=ann@far.example", true), ("to=bob@far.example", true),
      ("to=carol@far.example", false), ("to=@far.example", true), ("to=@home.example", false),
      ("older=1h", true), ("older=61min", false), ("older=3600s", true), ("older=1d", false),
      ("older=0s", true),
    ])
  func meaning(pattern: String, isExpected: Bool) throws {
    let envelope = try envelope(to: ["ann@far.example", "bob@far.example"])
    #expect(try isMeant(pattern, envelope: envelope, age: 3600) == isExpected)
  }

  @Test("Patterns of one kind add up, those of different kinds must all hold")
  func combination() throws {
    let message = try envelope()
    #expect(try isMeant("from=x@y.example", "from=me@home.example", envelope: message))
    #expect(try !isMeant("from=me@home.example", "to=@else.example", envelope: message))
    #expect(try isMeant("\(id)", "1763706001.k3v9q0", envelope: message))
    #expect(try !isMeant("1763706001.k3v9q0", "all", envelope: message))
    #expect(try !isMeant("older=1h", "older=2h", envelope: message, age: 5000))
  }

  @Test("Reports are those without a sender, and a recipient that is done does not count")
  func details() throws {
    #expect(try isMeant("from=<>", envelope: envelope(from: "")))
    #expect(try !isMeant("from=@home.example", envelope: envelope(from: "")))
    let partly = try envelope(to: ["ann@far.example", "bob@else.example"], done: 0)
    #expect(try !isMeant("to=@far.example", envelope: partly))
    #expect(try isMeant("to=@else.example", envelope: partly))
  }

  @Test("A message from the future is meant by all: the clock was set back since")
  func future() throws {
    #expect(try isMeant("all", envelope: envelope(), age: -1_000_000))
    #expect(try !isMeant("older=1s", envelope: envelope(), age: -1_000_000))
  }

  @Test(
    "What is no pattern is refused, and named",
    arguments: [
      "", "ALL", "x", "from=", "from=x", "from=@", "from=a*@b.example", "to=", "to=<>", "older=",
      "older=2", "older=h", "older=-1h", "older=2y", "older=1234567d", "older=1h2", "1763706000.",
      "1763706000.k3v9q0x", "*",
    ])
  func misspelling(word: String) {
    #expect(throws: QueueSelection.Misspelling(word: word)) { try QueueSelection(["all", word]) }
  }

  @Test("Nothing selects nothing")
  func nothing() {
    #expect(throws: QueueSelection.Misspelling.self) { try QueueSelection([]) }
  }
}
