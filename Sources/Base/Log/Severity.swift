/// How much an event matters, with the numbers of syslog (RFC 5424 §6.2.1).
package enum Severity: Int, Sendable {
  /// Something the admin must mend: mail is delayed or refused that should not be.
  case error = 3
  /// Something the admin may want to look at.
  case warning = 4
  /// A normal event worth a look: start, stop, a refused client.
  case notice = 5
  /// The life of each message and login.
  case info = 6
  /// What helps to find out why a stranger's program fails; the unit leaves it out of the journal.
  case debug = 7
}
