extension Configuration {
  /// Why routes lack the login that they need, a sentence for all of them; nil where none does.
  package var loginProblem: String? {
    ([relay.route] + routes).lazy.compactMap(\.loginProblem).first
  }

  /// Reads the secrets again for the routes that lack their login.
  package mutating func readMissingSecrets() {
    var reading = Reading(secrets: relay.secrets)
    relay.route.readMissingSecrets(&reading)
    for index in routes.indices { routes[index].readMissingSecrets(&reading) }
  }
}

extension Configuration.Route {
  fileprivate mutating func readMissingSecrets(_ reading: inout Reading) {
    guard loginProblem != nil, let credentialsName else { return }
    var found: Credentials?
    loginProblem = reading.tolerating(true) { reading in
      found = reading.credentials(
        credentialsName, for: Section.relay.heading(),
        at: Place(file: reading.mainFile, line: nil))
    }
    credentials = found
  }
}
