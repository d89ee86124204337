internal import CLinux

/// The log: one line an event on standard error.
///
/// Under systemd (`JOURNAL_STREAM` is set) each line begins with the `<N>` of its severity and the
/// journal adds the time; on a terminal neither is needed.
package enum Log {
  private static let isJournal = unsafe getenv("JOURNAL_STREAM") != nil

  /// Writes the line of an event.
  ///
  /// A log that cannot be written is no reason to refuse mail.
  package static func record(_ event: MailEvent) {
    write(event.line, event.severity)
  }

  /// Writes a sentence for the admin that belongs to no message or client.
  package static func say(_ severity: Severity, _ sentence: String) {
    write(LogLine.safe(sentence), severity)
  }

  /// A name that somebody may have made up, as a sentence for the log has it.
  package static func quoted(_ name: String) -> String { LogLine.quoted(name) }

  private static func write(_ text: String, _ severity: Severity) {
    let line = Array((isJournal ? "<\(severity.rawValue)>\(text)\n" : "\(text)\n").utf8)
    _ = unsafe line.withUnsafeBytes { unsafe CLinux.write(2, $0.baseAddress, $0.count) }
  }
}
