import Testing

@testable import Configuration

@Suite struct `The secrets file` {
  @Test func `holds a name, a user and a password a line`() {
    let text = "# ours\n\nisp  me@isp.example\tpass # word \nother o p\n"
    let file = SecretsFile(name: "secrets", content: Array(text.utf8))
    #expect(file.problems.isEmpty)
    #expect(file.entries.keys.sorted() == ["isp", "other"])
    #expect(file.entries["isp"]?.user == "me@isp.example")
    #expect(file.entries["isp"]?.password == "pass # word")
  }

  @Test func `is told by line numbers, never by content`() {
    let text = "isp geheim\nisp u geheim\nisp u geheim\ngeheim\0 u p\n"
    let file = SecretsFile(name: "secrets", content: Array(text.utf8))
    #expect(
      file.problems.map(\.description) == [
        "secrets:1: the line is not \"NAME USER PASSWORD\"",
        "secrets:3: \"isp\" is given twice; keep one",
        "secrets:4: the line is not UTF-8 text",
      ])
  }

  @Test func `does not print what it holds`() {
    let credentials = Credentials(user: "me", password: "geheim", place: "here")
    var dumped = ""
    dump(credentials, to: &dumped)
    for text in ["\(credentials)", String(reflecting: credentials), dumped] {
      #expect(!text.contains("geheim"))
    }
  }
}
