import Foundation
import Mail
import Testing

@testable import Accounts

@Suite struct `The file of aliases` {
  /// The aliases of `text`, sorted by name, as in `name: target target`; what is wrong with it otherwise.
  private func aliases(_ text: String) -> [String] {
    do throws(UsersFileError) {
      return try AliasesFile(Array(text.utf8), file: "aliases").targets.map { name, targets in
        "\(name): " + targets.map(\.description).joined(separator: " ")
      }.sorted()
    } catch {
      return error.description.split(separator: "\n").map(String.init)
    }
  }

  @Test(arguments: [
    ("", []), ("# a: b\n\n \t\n", []),
    ("office: anna", ["office: anna"]),
    ("Office:ANNA,Ben@Far.example\r\n", ["office: anna Ben@far.example"]),
    ("a: b,\n  c\n\td, e", ["a: b c d e"]),
    ("a: b\n# between\n\n  c\nd: e", ["a: b c", "d: e"]),
    ("a:\n  b", ["a: b"]),
    ("a: b, c, # and so on\nb: c # x, y", ["a: b c", "b: c"]),
    ("a : b ,, c ,", ["a: b c"]),
    ("\"front door\": \"Back, door\"", ["front door: back, door"]),
    ("\"a:b\\\"#c\": d", ["a:b\"#c: d"]),
    (
      "a: \"x y\"@far.example, z@[IPv6:2001:db8::1]",
      ["a: \"x y\"@far.example z@[IPv6:2001:db8::1]"]
    ),
    ("a: b#c", ["a: b#c"]),
    ("anna: anna, anna@far.example", ["anna: anna anna@far.example"]),
    ("a.b: c\na+b: d", ["a+b: d", "a.b: c"]),
    ("Jürgen: émile\némile: anna", ["jürgen: émile", "émile: anna"]),
  ])
  func `holds names and their targets`(text: String, expected: [String]) {
    #expect(aliases(text) == expected)
  }

  private static let wrong: [(text: String, expected: [String])] = [
    ("office anna", ["aliases:1: the line is not \"name: target, target\""]),
    (" office: anna", ["aliases:1: the line goes on with an alias, but none stands before it"]),
    ("a: b\n\nc:\n\nd: # e", ["aliases:3: \"c\" has no target", "aliases:5: \"d\" has no target"]),
    (
      "a: b\nb: c\nA: d",
      ["aliases:3: \"a\" is there twice, first on line 1; keep one"]
    ),
    (
      "a: |/bin/sh",
      ["aliases:1: \"|/bin/sh\" is a program; a target is a name of this host or an address"]
    ),
    (
      "a: \"|/bin/sh -c x\"",
      [
        "aliases:1: \"\"|/bin/sh -c x\"\" is a program; a target is a name of this host or an address"
      ]
    ),
    (
      "a: b,\n /var/mail/a",
      ["aliases:2: \"/var/mail/a\" is a file; a target is a name of this host or an address"]
    ),
    (
      "a: :include:/etc/list",
      [
        "aliases:1: \":include:/etc/list\" is an included list;"
          + " a target is a name of this host or an address"
      ]
    ),
    (
      "a: b c",
      ["aliases:1: \"b c\" is neither a name of this host nor an address"]
    ),
    ("a: \"b", ["aliases:1: \"\"b\" is neither a name of this host nor an address"]),
    (
      "a: <b@c.example>",
      ["aliases:1: \"<b@c.example>\" is neither a name of this host nor an address"]
    ),
    ("a: \u{1B}[2J", ["aliases:1: \"\\x1b[2J\" is neither a name of this host nor an address"]),
    (
      "a@home.example: b",
      [
        "aliases:1: \"a@home.example\" is not the name of an alias; it has no domain, and quotes"
          + " where it has spaces"
      ]
    ),
    (
      "a, b: c",
      [
        "aliases:1: \"a, b\" is not the name of an alias; it has no domain, and quotes where it has"
          + " spaces"
      ]
    ),
    (
      ": c",
      [
        "aliases:1: \"\" is not the name of an alias; it has no domain, and quotes where it has spaces"
      ]
    ),
    ("a: b\0", ["aliases:1: the line is not UTF-8 text"]),
    (
      "wrong\n  b, |c\nd: /e\nf: g",
      [
        "aliases:1: the line is not \"name: target, target\"",
        "aliases:3: \"/e\" is a file; a target is a name of this host or an address",
      ]
    ),
  ]

  @Test(arguments: wrong)
  func `is wrong as a whole for one wrong line`(text: String, expected: [String]) {
    #expect(aliases(text) == expected)
  }

  @Test(arguments: [(100, true), (101, false)])
  func `holds so many targets of a name`(count: Int, isRight: Bool) {
    let text = "a:\n" + (1...count).map { " b\($0)\n" }.joined()
    #expect((aliases(text) == ["aliases:102: \"a\" has more than 100 targets"]) != isRight)
  }

  @Test func `is right as the example shows it, with every comment taken away`() throws {
    let example = URL(filePath: #filePath)
      .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "etc/aliases")
    let text = try String(contentsOf: example, encoding: .utf8)
    #expect(aliases(text).isEmpty)
    let lines = text.split(separator: "\n").filter { $0.hasPrefix("#") && !$0.hasPrefix("# ") }
    #expect(
      aliases(lines.map { $0.dropFirst() }.joined(separator: "\n")) == [
        "abuse: anna", "anna: anna anna@far.example", "family: anna ben carol@far.example",
        "front door: anna", "postmaster: anna", "root: anna",
      ])
  }
}
