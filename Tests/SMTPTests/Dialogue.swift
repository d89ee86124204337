import Foundation
import Testing

/// A dialogue file of `Tests/Dialogues/smtp`; its README is the syntax.
struct Dialogue: CustomTestStringConvertible {
  enum Step {
    /// Lines that are sent in one write, each without its CRLF.
    case client([[UInt8]])
    case server(prefix: String)
    case closed
  }

  struct UnknownLine: Error {
    var file: String
    var line: Int
  }

  let name: String
  private(set) var listener = "smtp"
  private(set) var steps: [(line: Int, step: Step)] = []

  static let folder = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "Dialogues/smtp")

  static func all() throws -> [Dialogue] {
    try FileManager.default.contentsOfDirectory(atPath: folder.path)
      .filter { $0.hasSuffix(".txt") }.sorted().map(Dialogue.init(named:))
  }

  init(named name: String) throws {
    self.name = name
    let text = try String(contentsOf: Self.folder.appending(path: name), encoding: .utf8)
    var group: [[UInt8]] = []
    for (index, line) in text.components(separatedBy: "\n").enumerated() {
      if line.hasPrefix("C: ") {
        group.append(Self.unescaped(line.dropFirst(3)))
        continue
      }
      guard !line.isEmpty, !line.hasPrefix("#") else { continue }
      if !group.isEmpty { steps.append((index, .client(group))) }
      group = []
      if line.hasPrefix("listener: ") {
        listener = String(line.dropFirst(10))
      } else if line == "S: <closed>" {
        steps.append((index + 1, .closed))
      } else if line.hasPrefix("S: ") {
        steps.append((index + 1, .server(prefix: String(line.dropFirst(3)))))
      } else {
        throw UnknownLine(file: name, line: index + 1)
      }
    }
  }

  var testDescription: String { name }

  /// The bytes of a line in which `\xHH` is a byte.
  private static func unescaped(_ text: Substring) -> [UInt8] {
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "\\"), rest.first == UInt8(ascii: "x"),
        let value = UInt8(String(decoding: rest.dropFirst().prefix(2), as: UTF8.self), radix: 16)
      {
        bytes.append(value)
        rest = rest.dropFirst(3)
      } else {
        bytes.append(byte)
      }
    }
    return bytes
  }
}
