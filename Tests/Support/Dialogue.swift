import Foundation
package import Testing

/// A dialogue file of `Tests/Dialogues/PROTOCOL`; the README there is its syntax.
package struct Dialogue: CustomTestStringConvertible, Sendable {
  /// What happens next in a session.
  package enum Step: Sendable {
    /// Lines that are sent in one write, each without its CRLF.
    case client([[UInt8]])
    case server(prefix: String)
    /// A whole reply of however many lines, whose code it is.
    case reply(code: String)
    case closed
  }

  package struct UnknownLine: Error {
    package var file: String
    package var line: Int
  }

  /// The name of the file.
  package let name: String
  /// The listener the file asks for; nil for the protocol's usual one.
  package private(set) var listener: String?
  /// The keys of a profile that the client has, each switched on.
  package private(set) var quirks: [String] = []
  /// The keywords that the profile hides.
  package private(set) var hidden: [String] = []
  /// Whether the client is in a trusted network.
  package private(set) var isTrusted = false
  /// The steps, each with the number of its last line.
  package private(set) var steps: [(line: Int, step: Step)] = []

  /// The folder of a protocol's dialogues.
  package static func folder(of protocolName: String) -> URL {
    URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "Dialogues/\(protocolName)")
  }

  /// All dialogues of a protocol, by name.
  package static func all(of protocolName: String) throws -> [Dialogue] {
    let folder = folder(of: protocolName)
    return try FileManager.default.contentsOfDirectory(atPath: folder.path)
      .filter { $0.hasSuffix(".txt") }.sorted()
      .map { try Dialogue(file: folder.appending(path: $0)) }
  }

  private init(file: URL) throws {
    name = file.lastPathComponent
    let text = try String(contentsOf: file, encoding: .utf8)
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
      } else if line.hasPrefix("quirks: ") {
        quirks = line.dropFirst(8).components(separatedBy: ", ")
      } else if line.hasPrefix("hidden: ") {
        hidden = line.dropFirst(8).components(separatedBy: ", ")
      } else if line == "client: trusted" {
        isTrusted = true
      } else if line == "S: <closed>" {
        steps.append((index + 1, .closed))
      } else if line.hasPrefix("S: "), line.hasSuffix("*") {
        steps.append((index + 1, .reply(code: String(line.dropFirst(3).dropLast()))))
      } else if line.hasPrefix("S: ") {
        steps.append((index + 1, .server(prefix: String(line.dropFirst(3)))))
      } else {
        throw UnknownLine(file: name, line: index + 1)
      }
    }
  }

  package var testDescription: String { name }

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
