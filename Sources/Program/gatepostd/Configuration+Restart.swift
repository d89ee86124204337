import Configuration

extension Configuration {
  /// The keys whose values another configuration has changed, and that hold from a restart on.
  ///
  /// - Parameter inherited: the names of the services whose sockets systemd has bound.
  func keysToRestartFor(_ other: Configuration, inherited: [String]) -> [String] {
    let (old, new) = (self, other)
    var changes: [(key: String, isChanged: Bool)] = [
      ("[server] spool", old.server.spool != new.server.spool),
      ("[server] state", old.server.state != new.server.state),
      ("[server] runtime", old.server.runtime != new.server.runtime),
      ("[server] users", old.server.users != new.server.users),
      ("[local] aliases", old.local.aliases != new.local.aliases),
      ("[dns] nameservers", old.dns.nameservers != new.dns.nameservers),
      ("[limits] connections", old.limits.connections != new.limits.connections),
      (
        "[limits] connections-per-client",
        old.limits.connectionsPerClient != new.limits.connectionsPerClient
      ),
    ]
    for (before, after) in zip(old.listen.services, new.listen.services)
    where inherited.contains(before.name) {
      changes.append(("[listen] \(before.name)", before.endpoints != after.endpoints))
    }
    return changes.filter(\.isChanged).map(\.key)
  }
}
