package import Mail
import Platform

/// The content of the file of aliases, in the syntax of aliases(5).
///
///     # comment
///     office: anna, ben@far.example
///     "front door": office,
///       carol
///
/// A name is a local part, in any case of its letters; its targets are names of this host and
/// addresses of any, between commas, and go on in lines that begin with white space. A `#` after white
/// space begins a comment. Programs, files and included lists are not targets here: whoever may write
/// an alias shall not run anything as the server.
///
/// **Failures**: one wrong line makes the whole content unusable, as with users.
package struct AliasesFile {
  /// The targets of each name, the name in lower case.
  private(set) var targets: [String: [AliasTarget]] = [:]

  private var lines: [String: Int] = [:]
  /// The alias that a line with white space at its beginning goes on with.
  private var current: String?

  /// The aliases in `content`; `file` is for the messages.
  init(_ content: [UInt8], file: String) throws(UsersFileError) {
    var problems = FileProblems(file)
    var isRight = true
    for (index, bytes) in content.split(separator: .lineFeed, omittingEmptySubsequences: false)
      .enumerated()
    {
      do throws(UsersFileError) {
        let line = try Line(bytes)
        if line.isEmpty { continue }
        // What goes on with a wrong line would only be told as wrong too.
        if line.isContinuation && !isRight { continue }
        isRight = true
        try take(line, at: index + 1)
      } catch {
        isRight = false
        if let current { targets[current] = nil }
        problems.add(error, line: index + 1)
      }
    }
    for (name, number) in lines where targets[name]?.isEmpty == true {
      problems.add(UsersFileError(reason: "\(Self.quoted(name)) has no target"), line: number)
    }
    try problems.check()
  }

  /// Fails if the file at `path` cannot be used; that it is not there is no fault.
  package static func check(path: String) throws(UsersFileError) { _ = try read(path: path) }

  /// Reads the file at `path`; that it is not there is no fault.
  package static func read(path: String) throws(UsersFileError) -> AliasesFile {
    let content: [UInt8]
    do throws(SystemError) {
      content = try Descriptor.reading(path: path).readAll(limit: Limits.aliasesFileBytes)
    } catch {
      if !error.isNotFound {
        throw UsersFileError(.unreadable, reason: "\(path): cannot be read: \(error)")
      }
      content = []
    }
    return try AliasesFile(content, file: path)
  }

  /// Whether mail for the mailbox, whose domain is local, reaches an address elsewhere or a user who can log in.
  ///
  /// - Parameter separator: what ends the part of a local part that counts; nil for none.
  package func reach(_ mailbox: Mailbox, _ users: UsersFile, separator: UInt8?) -> Bool {
    let names = Set(users.users.map(\.name.text))
    var resolution = LocalResolution(
      rules: LocalRules(
        domains: [mailbox.domain], separator: separator, catchAll: nil, redirectAll: nil),
      aliases: targets, isComplete: true, maildrop: { names.contains($0) ? $0 : nil })
    guard case .found(let found) = resolution.resolve(mailbox) else { return false }
    let readers = Set(users.users.filter { $0.login != .locked }.map(\.name.text))
    return !found.remote.isEmpty || found.users.contains(where: readers.contains)
  }

  private mutating func take(_ line: Line, at number: Int) throws(UsersFileError) {
    if !line.isContinuation {
      current = nil
      guard let text = line.name else {
        throw UsersFileError(reason: "the line is not \"name: target, target\"")
      }
      guard case .name(let name) = AliasTarget(text) else {
        throw UsersFileError(
          reason: "\(Self.quoted(text)) is not the name of an alias; it has no domain, and quotes"
            + " where it has spaces")
      }
      if let first = lines[name] {
        throw UsersFileError(
          reason: "\(Self.quoted(name)) is there twice, first on line \(first); keep one")
      }
      lines[name] = number
      targets[name] = []
      current = name
    }
    guard let current else {
      throw UsersFileError(reason: "the line goes on with an alias, but none stands before it")
    }
    for text in line.targets {
      targets[current, default: []].append(try Self.target(text))
    }
    if targets[current, default: []].count > Limits.aliasTargets {
      throw UsersFileError(
        reason: "\(Self.quoted(current)) has more than \(Limits.aliasTargets) targets")
    }
  }

  private static func target(_ text: Substring) throws(UsersFileError) -> AliasTarget {
    let bare = text.utf8.first == .quote ? Substring(text.utf8.dropFirst()) : text
    let kinds = [("|", "a program"), ("/", "a file"), (":include:", "an included list")]
    for (prefix, kind) in kinds where bare.hasPrefix(prefix) {
      throw UsersFileError(
        reason: "\(quoted(text)) is \(kind); a target is a name of this host or an address")
    }
    guard let target = AliasTarget(text) else {
      throw UsersFileError(
        reason: "\(quoted(text)) is neither a name of this host nor an address")
    }
    return target
  }

  private static func quoted(_ text: some StringProtocol) -> String {
    "\"" + String(escaping: text.utf8, limit: 80) + "\""
  }

  /// A line, divided where its quotes allow it.
  private struct Line {
    var isContinuation = false
    /// What stands before the colon; nil if there is none, as in a continuation.
    var name: Substring?
    var targets: [Substring] = []

    var isEmpty: Bool { name == nil && targets.isEmpty }

    init(_ bytes: ArraySlice<UInt8>) throws(UsersFileError) {
      guard let text = String(validating: bytes, as: UTF8.self), !bytes.contains(.nul) else {
        throw UsersFileError(reason: "the line is not UTF-8 text")
      }
      isContinuation = text.utf8.first == .space || text.utf8.first == .tab
      var isQuoted = false, isEscaped = false
      var before = UInt8.space
      var start = text.startIndex
      var end = text.endIndex
      for index in text.utf8.indices {
        let byte = text.utf8[index]
        if isEscaped {
          isEscaped = false
        } else if isQuoted {
          isEscaped = byte == .backslash
          isQuoted = byte != .quote
        } else if byte == .quote {
          isQuoted = true
        } else if byte == UInt8(ascii: "#") && (before == .space || before == .tab) {
          end = index
          break
        } else if byte == .colon && name == nil && !isContinuation {
          name = text[..<index].trimmed
          targets = []
          start = text.utf8.index(after: index)
        } else if byte == UInt8(ascii: ",") {
          add(text[start..<index])
          start = text.utf8.index(after: index)
        }
        before = byte
      }
      add(text[start..<end])
    }

    /// Adds a target; a comma too many, as lists end with, adds none.
    private mutating func add(_ text: Substring) {
      let text = text.trimmed
      if !text.isEmpty { targets.append(text) }
    }
  }
}
