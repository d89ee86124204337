/// One thing that is wrong, or worth knowing, about the configuration, and where it stands.
package struct Diagnostic: Equatable, Sendable, CustomStringConvertible {
  /// How bad it is.
  package enum Severity: Sendable {
    /// The configuration cannot be used.
    case error
    /// The configuration is used as it is, but may surprise its author.
    case warning
  }

  /// Whether the configuration can be used all the same.
  package let severity: Severity
  /// The file, as it was named.
  package let file: String
  /// The line, counted from 1; nil when the file as a whole is meant.
  package let line: Int?
  /// What is wrong and what to write in its place, without a full stop.
  package let message: String
  /// Whether a file could not be read, so that a later attempt may find nothing wrong.
  package let isTemporary: Bool

  init(
    _ severity: Severity, _ place: Place, _ message: String, isTemporary: Bool = false
  ) {
    self.isTemporary = isTemporary
    self.severity = severity
    file = place.file
    line = place.line
    self.message = message
  }

  /// `FILE:LINE: what is wrong, what is accepted`, the form that editors jump to.
  package var description: String {
    severity == .warning ? "\(place): warning: \(message)" : "\(place): \(message)"
  }

  /// The file and the line.
  package var place: String { line.map { "\(file):\($0)" } ?? file }
}

/// Where a setting stands.
struct Place: Hashable, Sendable {
  var file: String
  var line: Int?
}

/// All that is wrong with a configuration; nothing of it was used.
package struct ConfigurationError: Error, CustomStringConvertible {
  /// Every problem, file by file in the order of the lines, warnings among them.
  package let diagnostics: [Diagnostic]

  /// Whether nothing is wrong but that a file could not be read.
  package var isTemporary: Bool {
    diagnostics.allSatisfy { $0.isTemporary || $0.severity == .warning }
  }

  /// One line a problem.
  package var description: String {
    diagnostics.map(\.description).joined(separator: "\n")
  }
}

/// Why a value was not taken: a phrase that starts with the value.
struct Rejection: Error {
  let reason: String
  /// Text that ends the message: the word that was likely meant.
  var suggestion = ""
  /// Whether the reason already says what would be right, so that no form need follow.
  var isComplete = false
}
