import Mail

/// A user name and a password for another server; it prints neither.
package struct Credentials: Sendable, CustomStringConvertible, CustomDebugStringConvertible,
  CustomReflectable
{
  /// The user name.
  package let user: String
  /// The password.
  package let password: String
  /// Where they stand: `entry isp of /etc/gatepost/secrets`.
  package let place: String

  /// A text without the password, so that no log line or message can leak it.
  package var description: String { "credentials" }
  /// The same text.
  package var debugDescription: String { description }
  /// Nothing, so that a dump shows no field.
  package var customMirror: Mirror { Mirror(self, children: []) }
}

/// The file of credentials: `NAME USER PASSWORD` a line, comments with `#`.
///
/// The password is the rest of the line and may hold spaces and `#`; it can neither start nor end
/// with white space. **Failures**: a wrong line is told by its number, never by its content.
struct SecretsFile {
  private(set) var entries: [String: Credentials] = [:]
  private(set) var problems: [Diagnostic] = []

  init(name file: String, content: [UInt8]) {
    for (index, bytes) in content.split(separator: .lineFeed, omittingEmptySubsequences: false)
      .enumerated()
    {
      let place = Place(file: file, line: index + 1)
      guard let text = String(validating: bytes, as: UTF8.self), !bytes.contains(0) else {
        problems.append(Diagnostic(.error, place, "the line is not UTF-8 text"))
        continue
      }
      let line = text.trimmed
      if line.isEmpty || line.utf8.first == UInt8(ascii: "#") { continue }
      let (name, rest) = Self.word(line)
      let (user, password) = Self.word(rest)
      if password.isEmpty {
        problems.append(Diagnostic(.error, place, "the line is not \"NAME USER PASSWORD\""))
      } else if entries[name] != nil {
        problems.append(Diagnostic(.error, place, "\(quoted(name)) is given twice; keep one"))
      } else {
        entries[name] = Credentials(
          user: user, password: String(password), place: "entry \(name) of \(file)")
      }
    }
  }

  private static func word(_ text: Substring) -> (first: String, rest: Substring) {
    let end = text.utf8.firstIndex { $0 == .space || $0 == .tab } ?? text.endIndex
    return (String(text[..<end]), text[end...].trimmed)
  }
}
