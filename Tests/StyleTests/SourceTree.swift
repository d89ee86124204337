import Foundation
import Testing

/// The files of the project, as the tests of style read them.
enum SourceTree {
  /// One Swift file: its path below the root of the project, and its lines.
  struct File: CustomTestStringConvertible, Sendable {
    let path: String
    let lines: [String]
    var testDescription: String { path }

    /// The lines with their numbers, and without what stands behind `//`.
    var code: [(number: Int, text: String)] {
      lines.enumerated().map { index, line in
        (index + 1, String(line[..<(line.range(of: "//")?.lowerBound ?? line.endIndex)]))
      }
    }
  }

  static let root = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  static let sources = swiftFiles(below: "Sources")
  static let tests = swiftFiles(below: "Tests")

  /// The text of a file; nil if it is not there.
  static func text(of path: String) -> String? {
    try? String(contentsOf: root.appending(path: path), encoding: .utf8)
  }

  private static func swiftFiles(below folder: String) -> [File] {
    let paths = FileManager.default.enumerator(atPath: root.appending(path: folder).path)
    var files: [File] = []
    while let path = paths?.nextObject() as? String {
      guard path.hasSuffix(".swift"), !path.contains(".build/") else { continue }
      let text = text(of: "\(folder)/\(path)") ?? ""
      files.append(File(path: "\(folder)/\(path)", lines: text.components(separatedBy: "\n")))
    }
    return files.sorted { $0.path < $1.path }
  }
}
