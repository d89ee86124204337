import Foundation
import Testing

/// The table of RFCs in HACKING.md and the citations in the sources say the same.
@Suite struct StandardsTests {
  @Test("A standard is cited in one form, so that it is found", arguments: SourceTree.sources)
  func form(file: SourceTree.File) {
    let other =
      /\b(?:rfc|Rfc)[- ]?\d{3}|\bRFC-?\d{3}|\bRFC  +\d|\bRFC \d+,? (?:[Ss]ection|sec\.|§ )/
    for (index, line) in file.lines.enumerated() where line.contains(other) {
      // What MIME itself is called stays as it is.
      #expect(line.contains("rfc822"), "\(file.path):\(index + 1): write RFC 5321 §4.5.3.2")
    }
  }

  @Test("HACKING.md lists the RFCs that the sources cite, and no other")
  func table() throws {
    let text = try #require(SourceTree.text(of: "HACKING.md"))
    var listed: Set<Int> = []
    for line in text.split(separator: "\n") where line.hasPrefix("|") {
      let cell = line.dropFirst().prefix { $0 != "|" }
      if let match = cell.firstMatch(of: /\b(?:RFC )?(\d{3,5})\b/), let number = Int(match.1) {
        listed.insert(number)
      }
    }
    var cited: Set<Int> = []
    for file in SourceTree.sources {
      for line in file.lines {
        for match in line.matches(of: /\bRFC (\d{3,5})\b/) { cited.formUnion([Int(match.1) ?? 0]) }
      }
    }
    #expect(cited.subtracting(listed).sorted() == [], "cited, and not in the table")
    #expect(listed.subtracting(cited).sorted() == [], "in the table, and cited nowhere")
  }
}
