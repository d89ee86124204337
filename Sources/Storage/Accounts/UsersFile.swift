import Mail

/// What is wrong with the file of users or of aliases, or with a change of it: a text for the
/// administrator.
package struct UsersFileError: Error, Equatable, Sendable, CustomStringConvertible {
  /// What kind of problem it is, for the exit status of the tool.
  package enum Kind: Sendable {
    /// The content of the file, or what shall become of it, is not right.
    case malformed
    /// There is no user of that name.
    case unknownUser
    /// The file cannot be read.
    case unreadable
    /// The file cannot be written.
    case unwritable
  }

  /// What kind of problem it is.
  package let kind: Kind
  /// What is wrong and what to do, one line a problem.
  package let description: String

  init(_ kind: Kind = .malformed, reason: String) {
    self.kind = kind
    description = reason
  }
}

/// The content of the users file, line by line, so that a change leaves the other lines alone.
///
/// A line is a user, a comment with `#`, or empty. **Failures**: one wrong line makes the whole
/// content unusable; the alternative, a file without that user, would bounce the user's mail.
package struct UsersFile: Sendable {
  private struct Line {
    var text: [UInt8]
    var user: User?
  }

  private var lines: [Line] = []
  private var numbers: [UserName: Int] = [:]

  /// The users in the order of the file.
  package var users: [User] { lines.compactMap(\.user) }

  /// An empty file.
  init() {}

  /// The lines of `content`; `file` is for the messages.
  init(_ content: [UInt8], file: String) throws(UsersFileError) {
    var problems = FileProblems(file)
    var parts = content.split(separator: .lineFeed, omittingEmptySubsequences: false)
    if parts.last?.isEmpty == true { parts.removeLast() }
    for (index, part) in parts.enumerated() {
      do throws(UsersFileError) {
        try append(Self.line(part))
      } catch {
        problems.add(error, line: index + 1)
        lines.append(Line(text: Array(part)))
      }
    }
    try problems.check()
  }

  private static func line(_ bytes: ArraySlice<UInt8>) throws(UsersFileError) -> Line {
    guard let text = String(validating: bytes, as: UTF8.self), !bytes.contains(.nul) else {
      throw UsersFileError(reason: "the line is not UTF-8 text")
    }
    let trimmed = text[...].trimmed
    if trimmed.isEmpty || trimmed.utf8.first == UInt8(ascii: "#") {
      return Line(text: Array(bytes))
    }
    return Line(text: Array(bytes), user: try User(line: trimmed))
  }

  private mutating func append(_ line: Line) throws(UsersFileError) {
    if let name = line.user?.name {
      if let first = numbers[name] {
        throw UsersFileError(reason: "\(name) is there twice, first on line \(first + 1); keep one")
      }
      numbers[name] = lines.count
    }
    lines.append(line)
  }
}

extension UsersFile {
  /// The bytes of the file.
  var content: [UInt8] { lines.flatMap { $0.text + [.lineFeed] } }

  /// The user of that name; fails if there is none.
  package func user(_ name: UserName) throws(UsersFileError) -> User {
    guard let user = lines[try index(of: name)].user else {
      preconditionFailure("a line with a number has a user")
    }
    return user
  }

  /// Fails if there is a user of that name.
  package func checkAbsence(of name: UserName) throws(UsersFileError) {
    guard numbers[name] == nil else {
      throw UsersFileError(
        reason: "\(name) is there already;"
          + " a new password is set with: gatepost user passwd \(name)")
    }
  }

  /// Adds a user at the end; fails if there is one of that name.
  package mutating func add(_ user: User) throws(UsersFileError) {
    try checkAbsence(of: user.name)
    numbers[user.name] = lines.count
    lines.append(Line(text: Array(user.line.utf8), user: user))
  }

  /// Puts the user in the place of the one of that name; fails if there is none.
  package mutating func replace(_ user: User) throws(UsersFileError) {
    let index = try index(of: user.name)
    lines[index] = Line(text: Array(user.line.utf8), user: user)
  }

  /// Removes the user; fails if there is none of that name.
  package mutating func remove(_ name: UserName) throws(UsersFileError) {
    let index = try index(of: name)
    lines.remove(at: index)
    numbers[name] = nil
    for (name, other) in numbers where other > index { numbers[name] = other - 1 }
  }

  private func index(of name: UserName) throws(UsersFileError) -> Int {
    guard let index = numbers[name] else {
      throw UsersFileError(
        .unknownUser,
        reason: "there is no user \(name); the users are told by: gatepost user list")
    }
    return index
  }
}
