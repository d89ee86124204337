import Foundation
import Testing

@testable import Configuration

@Suite struct `The example file` {
  private static let root = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
  private let lines: [String]

  init() throws {
    let file = Self.root.appending(path: "etc/gatepost.conf")
    lines = try String(contentsOf: file, encoding: .utf8).components(separatedBy: "\n")
  }

  /// Whether the line begins a section; one with a name is a comment like its keys.
  private static func isHeading(_ line: String) -> Bool {
    line.hasPrefix("[") || line.hasPrefix("#[")
  }

  /// The headings, each as that of its kind.
  private var headings: [String] {
    lines.filter(Self.isHeading).map { line in
      guard line.hasPrefix("#"), let kind = line.dropFirst(2).split(separator: " ").first else {
        return line
      }
      return "[\(kind) NAME]"
    }
  }

  /// The lines of a section, its heading left out.
  private func lines(of section: Section) throws -> ArraySlice<String> {
    let heading = section.isNamed ? "#[\(section.rawValue) " : section.heading()
    let start = try #require(lines.firstIndex { $0.hasPrefix(heading) }) + 1
    return lines[start...].prefix { !Self.isHeading($0) }
  }

  @Test func `has every key as a comment at its default, under what it is for`() throws {
    for key in Keys.all {
      let section = try lines(of: key.section)
      let index = try #require(
        section.firstIndex(of: "#\(key.name) = \(key.example)"), "\(key.path)")
      let comment = section[..<index].reversed().prefix { $0.hasPrefix("# ") }.reversed()
      let text = comment.map { $0.dropFirst(2) }.joined(separator: " ")
      #expect(text.hasPrefix(key.summary), "\(key.path)")
    }
  }

  @Test func `has no other keys, and sections in the order of the table`() {
    let settings = lines.filter { $0.hasPrefix("#") && !$0.hasPrefix("# ") && $0.contains("=") }
    #expect(settings.count == Keys.all.count)
    #expect(headings == Section.allCases.map { $0.heading() })
  }

  @Test func `changes nothing as it is installed`() throws {
    let file = SettingsFile(name: "etc", content: Array(lines.joined(separator: "\n").utf8))
    #expect(file.problems.isEmpty)
    #expect(file.entries.isEmpty)
  }

  @Test func `is right with every comment taken away`() {
    let text = lines.map { $0.hasPrefix("#") && !$0.hasPrefix("# ") ? String($0.dropFirst()) : $0 }
      .filter { !$0.hasPrefix("credentials") }
    #expect(problems(of: text.joined(separator: "\n")) == [])
  }

  @Test func `has no line over a hundred characters`() {
    #expect(lines.filter { $0.count > 100 } == [])
  }
}
