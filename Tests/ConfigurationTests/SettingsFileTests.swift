import Testing

@testable import Configuration

@Suite struct `The lines of a settings file` {
  private func entries(_ text: String) -> [String] {
    SettingsFile(name: "f", content: Array(text.utf8)).entries.map {
      "\($0.place.line ?? 0) \($0.section).\($0.key)=\($0.value)"
    }
  }

  @Test(arguments: [
    ("[a]\nk = v", ["2 a.k=v"]),
    ("[a]\r\nk = v\r\n", ["2 a.k=v"]),
    ("  [ a ]  # why\n\t k\t=\tv w \n", ["2 a.k=v w"]),
    ("[a]\nk =", ["2 a.k="]),
    ("[a]\nk = # nothing", ["2 a.k="]),
    ("[a]\nk = v # why", ["2 a.k=v"]),
    ("[a]\nk = v#w;x ; y", ["2 a.k=v#w;x ; y"]),
    ("# k = v\n; k = v\n[a]\n  # k = v\n\t; k = v", []),
    ("[a]\nk = a=b", ["2 a.k=a=b"]),
    ("[a]\nk = 1\n[b]\nk = 2\n[a]\nl = 3", ["2 a.k=1", "4 b.k=2", "6 a.l=3"]),
    ("[a]\nk = ünï", ["2 a.k=ünï"]),
    ("", []),
  ])
  func `are sections, settings and comments`(text: String, expected: [String]) {
    #expect(entries(text) == expected)
    #expect(SettingsFile(name: "f", content: Array(text.utf8)).problems.isEmpty)
  }

  @Test(arguments: [
    ("k = v", "f:1: \"k\" stands before the first [section]"),
    ("[a]\nhello", "f:2: \"hello\" is neither \"key = value\" nor \"[section]\""),
    ("[a", "f:1: \"[a\" is not a section: write [name] alone"),
    ("[]", "f:1: \"[]\" is not a section: write [name] alone"),
    ("[a]]", "f:1: \"[a]]\" is not a section: write [name] alone"),
    ("[a]\nk=1\nk=2", "f:3: [a] k is given twice, first on line 2; keep one"),
    ("[a]\nk=1\n[b]\n[a]\nk=1", "f:5: [a] k is given twice, first on line 2; keep one"),
    ("[a]\nk=\0", "f:2: the line is not UTF-8 text"),
    ("[a]\n\u{1B}[2J", "f:2: \"\\x1b[2J\" is neither \"key = value\" nor \"[section]\""),
  ])
  func `that are wrong are told by their number`(text: String, expected: String) {
    let file = SettingsFile(name: "f", content: Array(text.utf8))
    #expect(file.problems.map(\.description) == [expected])
  }

  @Test func `are read on after a wrong one`() {
    let file = SettingsFile(
      name: "f", content: Array("[a]\n\u{FE}x\nbad\nk = v".utf8) + [0x0A, 0xFF])
    #expect(file.entries.map(\.value) == ["v"])
    #expect(file.problems.map(\.line) == [2, 3, 5])
  }

  @Test func `give one problem when the first section is missing`() {
    #expect(SettingsFile(name: "f", content: Array("a=1\nb=2\nc=3".utf8)).problems.count == 1)
  }
}
