package import Platform

/// What a grant is worth is looked at each time it is used.
extension Grants {
  /// The grant that lets a client send, if there is one at this moment.
  package func grant(of client: IPAddress) -> Grant? {
    refresh()
    // Each turn takes one grant away.
    while let grant = candidate(for: client) {
      let neighbours = facts.neighbours()
      guard let reason = flaw(of: grant, among: neighbours) else {
        return complete(grant, among: neighbours)
      }
      report("\(client): the grant of \(grant.user) at \(grant.address) ends: \(reason)")
      end(grant)
    }
    return nil
  }

  /// The grants that let their own addresses send at this moment, each with its line in the file.
  package func inForce() -> [(grant: Grant, line: String)] {
    refresh()
    let now = facts.now()
    let neighbours = facts.neighbours()
    return table.grants.filter { grant in
      grant.isAlive(at: now) && (grant.how == Grant.adminsWord || facts.mayEarn(grant.address))
        && flaw(of: grant, among: neighbours) == nil
    }.map { ($0, GrantFile.line(of: $0, boot: facts.boot, at: now)) }
  }

  /// Counts a recipient for the grant of a client; returns what there are too many of.
  package func take(_ client: IPAddress, isFirstOfMessage: Bool) -> GrantExcess? {
    guard var grant = grant(of: client) else { return nil }
    if let limit = rules.messages, isFirstOfMessage, grant.sent.messages >= limit {
      return .messages(limit: limit)
    }
    if let limit = rules.recipients, grant.sent.recipients >= limit {
      return .recipients(limit: limit)
    }
    if isFirstOfMessage { grant.sent.messages += 1 }
    grant.sent.recipients += 1
    table.set(grant)
    note(isUrgent: false)
    return nil
  }

  /// A grant that may hold for the client.
  private func candidate(for client: IPAddress) -> Grant? {
    let now = facts.now()
    if facts.mayEarn(client) { return nearest(to: client) { table.living(at: now, where: $0) } }
    return table.living(at: now) { $0.address == client && $0.how == Grant.adminsWord }
  }

  /// The user whose grant would hold for the client if it had not ended, and who may have one again.
  package func pastUser(of client: IPAddress) -> String? {
    refresh()
    let now = facts.now()
    guard facts.mayEarn(client),
      let grant = nearest(to: client, { table.past(at: now, where: $0) })
    else { return nil }
    return facts.credential(grant.user) == nil ? nil : grant.user
  }

  /// What `find` finds of the client's own grants, else of those of its network, else of those of its device.
  private func nearest(
    to client: IPAddress, _ find: (_ isMeant: (Grant) -> Bool) -> Grant?
  ) -> Grant? {
    if let own = find({ $0.address == client }) { return own }
    if let network = network(around: client),
      let found = find({ network.contains($0.address) })
    {
      return found
    }
    return hardware(of: client).flatMap { hardware in find { $0.hardware == hardware } }
  }

  /// The /64 whose grants hold for the client: that around it, if it is on a link of this machine.
  private func network(around client: IPAddress) -> IPNetwork? {
    guard rules.coversNetwork, !client.isV4, !client.isLinkLocal, facts.isOnLink(client) else {
      return nil
    }
    return IPNetwork(client, prefix: 64)
  }

  /// The device whose grants hold for the client, which is another address of it.
  ///
  /// A device has one address of IPv4. What has more may be a repeater or a router that speaks for many.
  private func hardware(of client: IPAddress) -> HardwareAddress? {
    guard rules.coversDevice, table.grants.contains(where: { $0.hardware != nil }),
      let device = facts.neighbours()?.device(at: client), device.v4Addresses <= 1
    else { return nil }
    return device.hardware
  }

  /// Why a grant that is alive is worth nothing.
  private func flaw(of grant: Grant, among neighbours: Neighbours?) -> String? {
    guard let credential = facts.credential(grant.user) else {
      return "there is no such user, or none who can log in"
    }
    if let earned = grant.credential, earned != credential {
      return "the user has another password now"
    }
    let hardware = neighbours?.device(at: grant.address)?.hardware
    if let earned = grant.hardware, let hardware, earned != hardware {
      return "\(hardware) has the address now, which \(earned) had"
    }
    // The same address may be on every link.
    if grant.address.isLinkLocal, hardware == nil || grant.hardware == nil {
      return "which host has the address cannot be told"
    }
    return nil
  }

  /// Notes for a grant that a hand has written what it is of from its first use on.
  private func complete(_ grant: Grant, among neighbours: Neighbours?) -> Grant {
    if grant.credential != nil { return grant }
    var known = grant
    known.credential = facts.credential(grant.user)
    known.hardware = grant.hardware ?? neighbours?.device(at: grant.address)?.hardware
    table.set(known)
    note(isUrgent: false)
    return known
  }

  /// Takes away a grant, with all others of the user that are of an older password, or of none.
  private func end(_ grant: Grant) {
    let credential = facts.credential(grant.user)
    _ = table.remove(at: facts.now()) { other in
      other.user == grant.user
        && (other.address == grant.address || credential == nil
          || other.credential != nil && other.credential != credential)
    }
    note(isUrgent: true)
  }
}
