import Mail

/// What is wrong with the lines of a file, told all at once.
struct FileProblems {
  private let file: String
  private var problems: [(line: Int, text: String)] = []

  init(_ file: String) { self.file = file }

  /// Adds what is wrong with a line, counted from 1.
  mutating func add(_ error: UsersFileError, line: Int) {
    problems.append((line, "\(file):\(line): \(error)"))
  }

  /// Fails if anything is wrong.
  ///
  /// **Limits**: `Limits.reportedLines` are told, and how many more there are.
  func check() throws(UsersFileError) {
    if problems.isEmpty { return }
    let told = problems.sorted { $0.line < $1.line }.prefix(Limits.reportedLines)
    let rest = problems.count - told.count
    throw UsersFileError(
      reason: told.map(\.text).joined(separator: "\n") + (rest > 0 ? "\nand \(rest) more" : ""))
  }
}

extension Substring {
  /// The text without white space, carriage returns included, at its ends.
  var trimmed: Substring {
    let isSpace = { (byte: UInt8) in byte == .space || byte == .tab || byte == .carriageReturn }
    var rest = utf8[...]
    while let first = rest.first, isSpace(first) { rest = rest.dropFirst() }
    while let last = rest.last, isSpace(last) { rest = rest.dropLast() }
    return Substring(rest)
  }
}
