import Foundation
import Testing

/// A dialogue file of `Tests/Dialogues/pop3`; its README is the syntax.
struct Dialogue: CustomTestStringConvertible {
  enum Step {
    case client(String)
    case server(prefix: String)
    case closed
  }

  let name: String
  let listener: String
  let steps: [(line: Int, step: Step)]

  static let folder = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "Dialogues/pop3")

  static func all() throws -> [Dialogue] {
    try FileManager.default.contentsOfDirectory(atPath: folder.path)
      .filter { $0.hasSuffix(".txt") }.sorted().map(Dialogue.init(named:))
  }

  init(named name: String) throws {
    self.name = name
    var listener = "pop3"
    var steps: [(Int, Step)] = []
    let text = try String(contentsOf: Self.folder.appending(path: name), encoding: .utf8)
    for (index, line) in text.components(separatedBy: "\n").enumerated() {
      if line.isEmpty || line.hasPrefix("#") { continue }
      if line.hasPrefix("listener: ") {
        listener = String(line.dropFirst(10))
      } else if line == "S: <closed>" {
        steps.append((index + 1, .closed))
      } else if line.hasPrefix("S: ") {
        steps.append((index + 1, .server(prefix: String(line.dropFirst(3)))))
      } else if line.hasPrefix("C: ") {
        steps.append((index + 1, .client(String(line.dropFirst(3)))))
      } else {
        throw UnknownLine(file: name, line: index + 1)
      }
    }
    self.listener = listener
    self.steps = steps
  }

  struct UnknownLine: Error {
    var file: String
    var line: Int
  }

  var testDescription: String { name }
}
