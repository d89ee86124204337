package import Platform

/// What a grant is worth is looked at each time it is used.
extension Grants {
  /// The grants that let a client send at this moment, those of its own address first, then those of its
  /// network, then those of its device; of several the one that ends last.
  ///
  /// More than one user may have logged in where the client is, and each of them lets it send what the user
  /// may.
  package func grants(of client: IPAddress) -> [Grant] {
    refresh()
    let now = facts.now()
    let candidates = candidates(for: client) { table.living(at: now, where: $0) }
    if candidates.isEmpty { return [] }
    let neighbours = facts.neighbours()
    var sound: [Grant] = []
    // What ends one may end others with it.
    for grant in candidates where table.isAlive(grant, at: now) {
      // Worth nothing now, and perhaps again later.
      if facts.credential(grant.user) == nil, !facts.areUsersKnown() { continue }
      if let reason = flaw(of: grant, among: neighbours) {
        report("\(client): the grant of \(grant.user) at \(grant.address) ends: \(reason)")
        end(grant)
      } else {
        sound.append(complete(grant, among: neighbours))
      }
    }
    return sound
  }

  /// The first of the grants that let a client send at this moment.
  package func grant(of client: IPAddress) -> Grant? { grants(of: client).first }

  /// Whether a login at the address earns a grant.
  package func mayEarn(_ client: IPAddress) -> Bool { facts.mayEarn(client) }

  /// Whether the client may have a grant that cannot be told of now, because the users cannot be read.
  package func isUncertain(of client: IPAddress) -> Bool {
    if facts.areUsersKnown() { return false }
    refresh()
    let now = facts.now()
    return facts.mayEarn(client)
      || !candidates(for: client) { table.living(at: now, where: $0) }.isEmpty
  }

  /// The grants that let their own addresses send at this moment, each with its line in the file.
  package func inForce() -> [(grant: Grant, line: String)] {
    refresh()
    let now = facts.now()
    let neighbours = facts.neighbours()
    return table.grants.filter { grant in
      grant.isAlive(at: now) && (grant.isOfAdmin || facts.mayEarn(grant.address))
        && flaw(of: grant, among: neighbours) == nil
    }.map { ($0, GrantFile.line(of: $0, boot: facts.boot, at: now)) }
  }

  /// What there would be too many of with another recipient.
  package func excess(of grant: Grant, isFirstOfMessage: Bool) -> GrantExcess? {
    if let limit = rules.messages, isFirstOfMessage, grant.sent.messages >= limit {
      return .messages(limit: limit)
    }
    if let limit = rules.recipients, grant.sent.recipients >= limit {
      return .recipients(limit: limit)
    }
    return nil
  }

  /// Counts a recipient for a grant.
  package func count(_ grant: Grant, isFirstOfMessage: Bool) {
    table.count(grant, isFirstOfMessage: isFirstOfMessage)
    note(isUrgent: false)
  }

  /// The users whose grants would hold for the client if they had not ended, and who may have one again; the
  /// nearest first, as with `grants`.
  package func pastUsers(of client: IPAddress) -> [String] {
    refresh()
    let now = facts.now()
    guard facts.mayEarn(client) else { return [] }
    var users: [String] = []
    for grant in candidates(for: client, { table.past(at: now, where: $0) })
    where !users.contains(grant.user) && facts.credential(grant.user) != nil {
      users.append(grant.user)
    }
    return users
  }

  /// What `find` finds of the grants that may hold for a client: those of its own address, those of its network,
  /// those of its device.
  private func candidates(
    for client: IPAddress, _ find: (_ isMeant: (Grant) -> Bool) -> [Grant]
  ) -> [Grant] {
    if table.grants.isEmpty { return [] }
    let mayEarn = facts.mayEarn(client)
    var found = find { $0.address == client && (mayEarn || $0.isOfAdmin) }
    if !mayEarn { return found }
    if let network = network(around: client) {
      found += find { $0.address != client && network.contains($0.address) }
    }
    if let hardware = hardware(of: client) {
      found += find { grant in
        grant.hardware == hardware
          && !found.contains { $0.address == grant.address && $0.user == grant.user }
      }
    }
    return found
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
    if rules.needsTLS, !grant.isOfTLS { return "its login was not under TLS" }
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
    _ = table.set(known, at: facts.now())
    note(isUrgent: false)
    return known
  }

  /// Ends a grant, with all others of the user that are of an older password.
  ///
  /// It is remembered, for its address may earn another one at once; one of a user who is gone is not.
  private func end(_ grant: Grant) {
    let now = facts.now()
    if let credential = facts.credential(grant.user) {
      table.end(at: now) { other in
        other.user == grant.user
          && (other.address == grant.address
            || other.credential != nil && other.credential != credential)
      }
    } else {
      _ = table.remove(at: now) { $0.user == grant.user }
    }
    note(isUrgent: true)
  }
}
