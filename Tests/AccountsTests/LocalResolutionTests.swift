import Mail
import Testing

@testable import Accounts

@Suite struct `The search for a local recipient` {
  /// The outcome for `name`, with the users anna, ben and dora-x, as in `anna ben +x@far.example`.
  private func outcome(
    _ name: String, _ aliases: String = "", separator: UInt8? = UInt8(ascii: "+"),
    catchAll: String? = nil, redirectAll: String? = nil, isComplete: Bool = true
  ) throws -> (text: String, remarks: [String]) {
    let rules = LocalRules(
      domains: [try #require(Domain("home.example")), try #require(Domain("b.example"))],
      separator: separator, catchAll: catchAll.flatMap { AliasTarget($0) },
      redirectAll: redirectAll.flatMap { Mailbox($0) })
    var resolution = LocalResolution(
      rules: rules, aliases: try AliasesFile(Array(aliases.utf8), file: "aliases").targets,
      isComplete: isComplete
    ) { ["anna", "ben", "dora-x"].contains($0) ? $0 : nil }
    let outcome = resolution.resolve(try #require(Mailbox("\(name)@home.example")))
    let text =
      switch outcome {
      case .found(let it): (it.users + it.remote.map { "+" + $0.text }).joined(separator: " ")
      case .unknown: "unknown"
      case .uncertain(let reason): "uncertain: \(reason)"
      }
    return (text, resolution.remarks)
  }

  private static let found: [(name: String, aliases: String, expected: String)] = [
    ("anna", "", "anna"), ("ANNA", "", "anna"), ("carol", "", "unknown"), ("\"\"", "", "unknown"),
    ("\"anna \"", "", "unknown"),
    // Aliases.
    ("office", "office: anna, ben", "anna ben"), ("Office", "office: ANNA", "anna"),
    ("office", "office: x@far.example, anna", "anna +x@far.example"),
    ("office", "office: Anna@B.example, Anna@Far.example", "anna +Anna@far.example"),
    ("a", "a: b\nb: c, ben\nc: anna", "anna ben"),
    ("\"front door\"", "\"front door\": anna", "anna"),
    // Each once.
    (
      "a", "a: b, c, anna, x@far.example\nb: anna\nc: b, ben, X@far.example, x@far.example",
      "anna ben +X@far.example +x@far.example"
    ),
    // An alias goes before the user of its name, and means the user where it names itself.
    ("anna", "anna: ben", "ben"), ("anna", "anna: anna, x@far.example", "anna +x@far.example"),
    ("anna", "anna: ben\nben: anna, ben", "anna ben"),
    ("anna", "anna: anna@home.example", "anna"),
    // What must exist.
    ("postmaster", "", "postmaster"), ("Abuse", "", "abuse"), ("root", "", "unknown"),
    ("postmaster", "postmaster: anna", "anna"), ("abuse", "abuse: postmaster", "postmaster"),
    ("abuse", "abuse: abuse, anna", "abuse anna"),
    // What stands behind the separator.
    ("anna+shop", "", "anna"), ("anna+", "", "anna"), ("anna+a+b", "", "anna"),
    ("postmaster+x", "", "postmaster"), ("carol+anna", "", "unknown"), ("\"+anna\"", "", "unknown"),
    ("anna+shop", "anna+shop: ben", "ben"), ("anna+shop+x", "anna+shop: ben", "ben"),
    ("anna+shop", "anna: ben", "ben"), ("a", "a: anna+shop", "anna"),
    ("anna-shop", "", "unknown"), ("anna", "anna: anna+copy", "anna"),
  ]

  @Test(arguments: found)
  func `finds`(name: String, aliases: String, expected: String) throws {
    let outcome = try outcome(name, aliases)
    #expect(outcome.text == expected)
    #expect(outcome.remarks.isEmpty)
  }

  @Test(arguments: [
    ("anna-shop", "anna"), ("dora-x", "dora-x"), ("dora-x-shop", "dora-x"), ("dora", "unknown"),
    ("anna+shop", "unknown"), ("-anna", "unknown"),
  ])
  func `divides at the separator of the rules, the last one first`(
    name: String, expected: String
  ) throws {
    #expect(try outcome(name, separator: UInt8(ascii: "-")).text == expected)
  }

  @Test func `divides nothing without a separator`() throws {
    #expect(try outcome("anna+shop", separator: nil).text == "unknown")
  }

  private static let catching: [(name: String, catchAll: String, expected: String)] = [
    ("carol", "anna", "anna"), ("carol", "office", "ben"), ("carol", "anna@b.example", "anna"),
    ("carol", "x@far.example", "+x@far.example"), ("ben", "anna", "ben"),
    ("office", "anna", "ben"), ("postmaster", "anna", "postmaster"), ("ben+x", "anna", "ben"),
    (
      "carol", "nobody",
      "uncertain: catch-all leads to \"nobody\", which is nobody's name"
    ),
  ]

  @Test(arguments: catching)
  func `catches what nobody has`(name: String, catchAll: String, expected: String) throws {
    #expect(try outcome(name, "office: ben", catchAll: catchAll).text == expected)
  }

  private static let redirecting: [(name: String, redirectAll: String, expected: String)] = [
    ("carol", "anna@home.example", "anna"), ("ben", "office@b.example", "ben +x@far.example"),
    ("postmaster", "x@far.example", "+x@far.example"),
    (
      "anna", "nobody@home.example",
      "uncertain: redirect-all leads to \"nobody\", which is nobody's name"
    ),
  ]

  @Test(arguments: redirecting)
  func `redirects everything`(name: String, redirectAll: String, expected: String) throws {
    let outcome = try outcome(
      name, "office: ben, x@far.example", catchAll: "anna", redirectAll: redirectAll)
    #expect(outcome.text == expected)
  }

  private static let circles: [(aliases: String, expected: String, remarks: [String])] = [
    ("a: b\nb: a, anna", "anna", ["the alias \"b\" leads to \"a\", which leads back to it"]),
    (
      "a: a", "uncertain: the alias \"a\" leads to \"a\", which leads back to it",
      ["the alias \"a\" leads to \"a\", which leads back to it"]
    ),
    (
      "a: b\nb: c\nc: b",
      "uncertain: the alias \"c\" leads to \"b\", which leads back to it",
      ["the alias \"c\" leads to \"b\", which leads back to it"]
    ),
    ("a: nobody, ben", "ben", ["the alias \"a\" leads to \"nobody\", which is nobody's name"]),
    (
      "a: nobody@b.example",
      "uncertain: the alias \"a\" leads to \"nobody\", which is nobody's name",
      ["the alias \"a\" leads to \"nobody\", which is nobody's name"]
    ),
  ]

  @Test(arguments: circles)
  func `cuts circles and what leads to nobody`(
    aliases: String, expected: String, remarks: [String]
  ) throws {
    let outcome = try outcome("a", aliases, catchAll: "anna")
    #expect(outcome.text == expected)
    #expect(outcome.remarks == remarks)
  }

  /// A chain of `count` aliases from a1 to anna.
  private func chain(_ count: Int) -> String {
    (1...count).map { "a\($0): \($0 == count ? "anna" : "a\($0 + 1)")\n" }.joined()
  }

  @Test func `goes no deeper than the limit`() throws {
    #expect(try outcome("a1", chain(10)).text == "anna")
    let outcome = try outcome("a1", chain(11) + "b: ben, a1\n")
    #expect(outcome.text == "uncertain: the alias \"a1\" leads over more than 10 others")
    #expect(outcome.remarks.count == 1)
  }

  @Test(arguments: [(50, "found"), (51, "uncertain")])
  func `loses nobody over the number of targets`(count: Int, expected: String) throws {
    let list = { (name: String) in
      (1...count).map { "\(name)\($0)@far.example" }.joined(separator: ",")
    }
    let text = try outcome("a", "a: b, c\nb: \(list("x"))\nc: \(list("y"))").text
    #expect(text.hasPrefix("+x1@far.example") == (expected == "found"))
    #expect(
      text.hasPrefix("uncertain: the alias \"a\" leads to more than 100")
        == (expected == "uncertain"))
  }

  @Test func `ends in good time where every alias leads to every other`() throws {
    let names = (1...100).map { "n\($0)" }.joined(separator: ", ")
    let aliases = (1...100).map { "n\($0): \(names)\n" }.joined()
    #expect(try outcome("n1", aliases).text.hasPrefix("uncertain: "))
  }

  @Test func `catches and leaves out nothing while a file is bad`() throws {
    #expect(try outcome("carol", catchAll: "anna", isComplete: false).text == "unknown")
    #expect(try outcome("anna", isComplete: false).text == "anna")
    #expect(try outcome("office", "office: ben", isComplete: false).text == "ben")
    let outcome = try outcome("office", "office: ben, carol", isComplete: false)
    #expect(
      outcome.text == "uncertain: the alias \"office\" leads to \"carol\", which is nobody's name")
    #expect(outcome.remarks.isEmpty)
  }
}
