import Foundation
import Testing

/// The habits that the compiler and `swift format` do not keep.
@Suite struct StyleTests {
  @Test("The tree is where it is looked for")
  func tree() {
    #expect(SourceTree.sources.count > 100)
    #expect(SourceTree.tests.count > 30)
  }

  @Test("No file is longer than 400 lines", arguments: SourceTree.sources + SourceTree.tests)
  func length(file: SourceTree.File) { #expect(file.lines.count <= 401) }

  @Test("Nothing that the daemon links imports what costs megabytes")
  func imports() {
    let expensive = /^\s*(?:\w+ )*import (?:Foundation\w*|Dispatch)\b/
    let offenders = matches(of: expensive) { !$0.path.hasPrefix("Sources/Program/gatepost/") }
    #expect(offenders == [])
  }

  @Test(
    "No task is started that leaves the loop, and nothing traps on an error",
    arguments: [
      #"\bTask\s*\{"#, #"\bTask\.(?:detached|sleep)\b"#, #"\btry!"#,
      #"\bas!"#, #"\bDispatchQueue\b"#, #"\bThread\."#,
    ])
  func forbidden(pattern: String) throws {
    #expect(matches(of: try Regex(pattern)) == [])
  }

  @Test("Nothing is public: the package has no library product")
  func visibility() { #expect(matches(of: /^\s*(?:public|open (?:class|func|var))\b/) == []) }

  @Test("Types are named after what they are")
  func names() throws {
    // systemd calls itself the service manager.
    let kind = #"\b(?:struct|class|enum|actor|protocol)\s+(?!ServiceManager\b)"#
    let vague = try Regex(kind + #"\w*(?:Manager|Helper|Utils?|Handler|Impl)\b"#)
    #expect(matches(of: vague) == [])
  }

  @Test("Nothing is left for later")
  func leftovers() {
    // Put together here so that this file is not found.
    let words = ["TO" + "DO", "FIX" + "ME", "X" + "XX", "HA" + "CK"]
    var offenders: [String] = []
    for file in SourceTree.sources + SourceTree.tests {
      for (index, line) in file.lines.enumerated() {
        let found = line.split { !$0.isLetter }.contains { words.contains(String($0)) }
        if found { offenders.append("\(file.path):\(index + 1): \(line)") }
      }
    }
    #expect(offenders == [])
  }

  @Test("Every declaration that other targets see is documented")
  func documentation() throws {
    // What a protocol asks for is documented there, and the labels of an initializer say it all.
    let witness = "description|hash|next|enqueue|asUnowned\\w+|checkIsolated|unownedExecutor"
    let isExempt = try Regex(#"\binit\b|func [<=]|\b(?:func|var) (?:\#(witness))\b"#)
    let declaration = /^\s*(?:@\w+(?:\([^)]*\))?\s+)*package\s+(?!import\b)/
    var offenders: [String] = []
    for file in SourceTree.sources {
      for (index, line) in file.lines.enumerated() {
        guard line.contains(declaration), !line.contains(isExempt) else { continue }
        let above = file.lines[..<index].last { !$0.contains(/^\s*(?:@|\/\/ )/) } ?? ""
        if !above.contains(/^\s*\/\/\//) { offenders.append("\(file.path):\(index + 1): \(line)") }
      }
    }
    #expect(offenders == [])
  }

  /// The lines of the sources, without comments, in which the pattern is found.
  private func matches(
    of pattern: some RegexComponent, where isIncluded: (SourceTree.File) -> Bool = { _ in true }
  ) -> [String] {
    SourceTree.sources.filter(isIncluded).flatMap { file in
      file.code.filter { $0.text.contains(pattern) }.map { "\(file.path):\($0.number): \($0.text)" }
    }
  }
}
