/// What a client may do before it is turned away.
package struct ClientRules: Equatable, Sendable {
  /// Connections in a minute; nil for any number.
  package var connectionsPerMinute: Int?
  /// Commands in a minute; nil for any number.
  package var commandsPerMinute: Int?
  /// Failed logins, each within the time of a ban after the one before, that bring the ban.
  package var failedLogins: Int
  /// How long a banned client gets no connection.
  package var ban: Duration
  /// How late the first failed login is answered; each further one is answered twice as late.
  package var loginDelay: Duration

  package init(
    connectionsPerMinute: Int?, commandsPerMinute: Int?, failedLogins: Int, ban: Duration,
    loginDelay: Duration = .seconds(1)
  ) {
    self.connectionsPerMinute = connectionsPerMinute
    self.commandsPerMinute = commandsPerMinute
    self.failedLogins = failedLogins
    self.ban = ban
    self.loginDelay = loginDelay
  }
}
