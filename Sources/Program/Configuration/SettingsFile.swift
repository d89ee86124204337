import Mail

/// The lines of one file in systemd's style: `[section]`, `key = value`, comments.
///
/// Where sections of a kind have names, it is `[kind name]`; the name is kept in lower case.
/// A comment line starts with `#` or `;`; within a line a `#` after white space starts a comment.
/// Names and values are trimmed, an empty value is kept: the key decides what it means. A section may
/// stand more than once; a key may not, for one of the two values would be silently lost.
///
/// **Failures**: each wrong line is a diagnostic and the others are read all the same.
///
/// **Limits**: `Limits.fileBytes` is the reader's affair; nothing here grows faster than the file.
struct SettingsFile: Sendable {
  struct Entry: Equatable, Sendable {
    let section: String
    let key: String
    let value: String
    let place: Place
  }

  /// The start of a section, so that an unknown one can be told once, even when it is empty.
  struct Heading: Equatable, Sendable {
    let section: String
    let place: Place
  }

  private(set) var headings: [Heading] = []
  private(set) var entries: [Entry] = []
  private(set) var problems: [Diagnostic] = []

  init(name: String, content: [UInt8]) {
    var section: String?
    var firstLines: [String: Int] = [:]
    for (index, bytes) in content.split(separator: .lineFeed, omittingEmptySubsequences: false)
      .enumerated()
    {
      let place = Place(file: name, line: index + 1)
      guard let text = String(validating: bytes, as: UTF8.self), !bytes.contains(0) else {
        problems.append(Diagnostic(.error, place, "the line is not UTF-8 text"))
        continue
      }
      let line = Self.withoutComment(text).trimmed
      if line.isEmpty { continue }
      if line.utf8.first == UInt8(ascii: "[") {
        section = Self.heading(line)
        if let section {
          headings.append(Heading(section: section, place: place))
        } else {
          problems.append(
            Diagnostic(.error, place, "\(quoted(line)) is not a section: write [name] alone"))
        }
        continue
      }
      guard let equals = line.utf8.firstIndex(of: UInt8(ascii: "=")) else {
        problems.append(
          Diagnostic(.error, place, "\(quoted(line)) is neither \"key = value\" nor \"[section]\""))
        continue
      }
      let key = String(line[..<equals].trimmed)
      let value = String(line[line.utf8.index(after: equals)...].trimmed)
      guard let section else {
        if headings.isEmpty && problems.isEmpty {
          problems.append(
            Diagnostic(.error, place, "\(quoted(key)) stands before the first [section]"))
        }
        continue
      }
      let path = "[\(section)] \(key)"
      if let first = firstLines[path] {
        problems.append(
          Diagnostic(.error, place, "\(path) is given twice, first on line \(first); keep one"))
        continue
      }
      firstLines[path] = index + 1
      entries.append(Entry(section: section, key: key, value: value, place: place))
    }
  }

  /// The line up to a `#` or `;` that starts it, or a `#` that follows white space.
  private static func withoutComment(_ line: String) -> Substring {
    let trimmed = line.trimmed
    if trimmed.utf8.first == UInt8(ascii: "#") || trimmed.utf8.first == UInt8(ascii: ";") {
      return ""
    }
    var isAfterSpace = false
    for index in trimmed.utf8.indices {
      let byte = trimmed.utf8[index]
      if isAfterSpace && byte == UInt8(ascii: "#") { return trimmed[..<index] }
      isAfterSpace = byte == .space || byte == .tab
    }
    return trimmed
  }

  private static func heading(_ line: Substring) -> String? {
    guard line.utf8.count > 2, line.utf8.last == UInt8(ascii: "]") else { return nil }
    let name = Substring(line.utf8.dropFirst().dropLast()).trimmed
    guard !name.isEmpty, !name.utf8.contains(where: { $0 == 0x5B || $0 == 0x5D }) else {
      return nil
    }
    let words = name.utf8.split { $0 == .space || $0 == .tab }.map { String(Substring($0)) }
    // Sections of equal names are one, and domains know no case.
    return ([words[0]] + words.dropFirst().map(\.asciiLowercased)).joined(separator: " ")
  }
}
