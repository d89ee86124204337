/// One thing that a check has found.
package struct Finding: Equatable, Sendable, CustomStringConvertible {
  /// How bad it is.
  package enum Severity: Sendable {
    /// The server does not start with it, or refuses it in a reload.
    case error
    /// The server goes on without something until it is mended.
    case trouble
    /// All works, and may surprise or be unsafe.
    case warning
  }

  /// How bad it is.
  package let severity: Severity
  /// What was found, about what, and what to do.
  package let message: String
  /// The file and the line of the configuration, where it is about one.
  var place: String?

  package init(_ severity: Severity, _ message: String) {
    self.severity = severity
    self.message = message
  }

  /// The message; that of a warning says that it is one.
  package var description: String {
    (place.map { "\($0): " } ?? "") + (severity == .warning ? "warning: " : "") + message
  }
}
