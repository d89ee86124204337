import DNS
import Mail
import Network
import Platform
import SMTP

extension MessageDelivery {
  /// The addresses of the servers that take mail for a destination, best first (RFC 5321 §5.1).
  func route(to hop: Hop) async throws(HopFailure) -> [HopAddress] {
    if let server = hop.server { return try await route(to: server) }
    guard let domain = hop.domain, let name = Domain(ArraySlice(domain.utf8)) else {
      throw .permanent(Diagnosis(EnhancedStatus(5, 1, 2), "The address has no domain"))
    }
    if let literal = name.addressLiteral {
      guard let address = IPAddress(literal.address), !leadsHere(address), address.mayBeHost
      else {
        throw .permanent(
          Diagnosis(EnhancedStatus(5, 1, 2), "Not the address of another host: \(domain)"))
      }
      let addresses = [
        HopAddress(
          host: literal.address, address: SocketAddress(address, port: settings.mxPort))
      ]
      if possible(addresses).isEmpty { throw nobody(at: addresses) }
      return addresses
    }
    return try await mxAddresses(of: domain)
  }

  /// The addresses of a server that the admin has named: whatever is wrong with its name is for the admin
  /// to mend.
  private func route(to server: Route.Server) async throws(HopFailure) -> [HopAddress] {
    switch server {
    case .lmtp(.unix(let path)): return [HopAddress(unixSocket: path)]
    case .lmtp(.tcp("localhost", let port)), .smtp("localhost", let port, _):
      // No name server is to say where that is: a password may go there in clear.
      return ["127.0.0.1", "::1"].compactMap { IPAddress($0) }.map { address in
        HopAddress(host: "localhost", address: SocketAddress(address, port: port))
      }
    case .lmtp(.tcp(let host, let port)), .smtp(let host, let port, _):
      do throws(HopFailure) {
        let found = try await addresses(of: host, port: port)
        let hosts = possible(found)
        if hosts.isEmpty { throw nobody(at: found) }
        return hosts
      } catch let error where error.isPermanent {
        let diagnosis = error.diagnosis
        let status = EnhancedStatus(4, diagnosis.status.subject, diagnosis.status.detail)
        throw .temporary(Diagnosis(status, diagnosis.text))
      }
    }
  }

  /// The addresses of a server that the admin has named: it may be an address itself, stand in the hosts file, or have a
  /// name that is short for one in the DNS.
  private func addresses(
    of host: String, port: UInt16
  ) async throws(HopFailure) -> [HopAddress] {
    if let address = IPAddress(host) {
      return [HopAddress(host: host, address: SocketAddress(address, port: port))]
    }
    let local = resolver.localAddresses(of: host)
    if !local.isEmpty {
      return local.map { place in
        HopAddress(host: host, address: SocketAddress(place.host, port: port, scope: place.scope))
      }
    }
    var failure: HopFailure?
    for name in resolver.fullNames(of: host) {
      do throws(HopFailure) {
        let found = try await addresses(of: [name], port: port, isDomain: false).found
        // The certificate is for the name that the admin has given.
        return found.map { HopAddress(host: host, $0.address) }
      } catch { failure = error }
    }
    guard let failure else { preconditionFailure("a host has a name") }
    throw failure
  }

  private func mxAddresses(of domain: String) async throws(HopFailure) -> [HopAddress] {
    let answer: Answer<MXRecord>
    do throws(DNSError) {
      answer = try await relayer.resolver.mx(domain)
    } catch {
      throw failure(error, domain)
    }
    switch answer {
    case .noSuchName:
      throw .permanent(Diagnosis(EnhancedStatus(5, 1, 2), "The domain \(domain) does not exist"))
    case .noData:
      // RFC 5321 §5.1: a host without MX records is its own, the implicit MX.
      return try await exchangers([domain], isDomain: true)
    case .records(let records, _):
      let hosts = try hosts(records, of: domain)
      return try await exchangers(hosts, isDomain: false)
    }
  }

  /// The addresses of exchangers, without those that lead back to this host.
  private func exchangers(
    _ hosts: [String], isDomain: Bool
  ) async throws(HopFailure) -> [HopAddress] {
    let (addresses, trouble) = try await addresses(
      of: hosts, port: settings.mxPort, isDomain: isDomain)
    let others = possible(addresses).filter { !leadsHere($0.ipAddress) }
    if !others.isEmpty { return others }
    // One whose address is not known now may be a server.
    if let trouble { throw trouble }
    for own in addresses where leadsHere(own.ipAddress) {
      throw .permanent(
        Diagnosis(EnhancedStatus(5, 4, 6), "\(own) is no address of a mail exchanger"))
    }
    throw nobody(at: addresses)
  }

  /// Why a server without an address that a host may have gets no mail.
  ///
  /// A multicast address or the like is a way to say that there is no server (compare RFC 7505 §1). Only the
  /// netmask of this machine makes an address the broadcast of its link, and a netmask may be mended.
  private func nobody(at addresses: [HopAddress]) -> HopFailure {
    let isForGood = addresses.allSatisfy { !isBroadcast($0.ipAddress) }
    let text = "\(addresses[0]) is not the address of a host"
    return isForGood
      ? .permanent(Diagnosis(EnhancedStatus(5, 4, 4), text))
      : .temporary(Diagnosis(EnhancedStatus(4, 4, 4), text))
  }

  /// The addresses that a host may have; a link-local one of IPv6 tells nobody the link.
  private func possible(_ addresses: [HopAddress]) -> [HopAddress] {
    addresses.filter { address in
      guard case .tcp(let place) = address.address else { return true }
      return place.host.mayBeHost && !isBroadcast(place.host)
        && (place.host.isV4 || !place.host.isLinkLocal || place.scope != 0)
    }
  }

  private func isBroadcast(_ address: IPAddress?) -> Bool {
    address.map(relayer.links.current().broadcasts.contains) ?? false
  }

  /// Whether a connection there would end at this host.
  ///
  /// Whoever runs the DNS of a domain could have this server talk to itself, as a client that it trusts.
  /// On another port than 25 mail exchangers are only tried out, on this machine more often than not.
  private func leadsHere(_ address: IPAddress?) -> Bool {
    guard settings.mxPort == 25, let address else { return false }
    return address.isLoopback || address.isUnspecified
  }

  /// The exchanges in the order in which they are tried, up to where this host stands among them.
  private func hosts(
    _ records: [MXRecord], of domain: String
  ) throws(HopFailure) -> [String] {
    let exchanges = records.filter { !$0.isNull }
    if exchanges.isEmpty {
      // RFC 7505 §3; one beside other records is a mistake, and those count.
      throw .permanent(
        Diagnosis(EnhancedStatus(5, 1, 10), "The domain \(domain) accepts no mail"))
    }
    // Those of equal preference in random order, which spreads the load (RFC 5321 §5.1).
    var sorted = exchanges.shuffled().sorted { $0.preference < $1.preference }
    if let own = sorted.first(where: { $0.exchange == settings.hostname.text }) {
      // RFC 5321 §5.1: a server that finds itself sends only to the ones that are preferred to it.
      sorted.removeAll { $0.preference >= own.preference }
    }
    if sorted.isEmpty {
      throw .permanent(
        Diagnosis(
          EnhancedStatus(5, 4, 6),
          "The best MX of \(domain) is this host, which does not have the domain under [server] "
            + "domains"))
    }
    return sorted.prefix(Limits.hostsPerAttempt).map(\.exchange)
  }

  /// The addresses of hosts in their order.
  ///
  /// For each host IPv6 and IPv4 take turns: a box whose provider has only one of them reaches an
  /// address it can use within `Limits.addressesPerAttempt`.
  ///
  /// - Parameter isDomain: whether the host is the recipients' domain itself, the implicit MX.
  /// - Returns: the addresses, one at least, and why those of some hosts are not known.
  private func addresses(
    of hosts: [String], port: UInt16, isDomain: Bool
  ) async throws(HopFailure) -> (found: [HopAddress], trouble: HopFailure?) {
    var found: [HopAddress] = []
    var trouble: HopFailure?
    for host in hosts {
      let families = [
        await records(of: host, { () async throws(DNSError) in try await resolver.aaaa(host) }),
        await records(of: host, { () async throws(DNSError) in try await resolver.a(host) }),
      ]
      for place in 0..<(families.map(\.addresses.count).max() ?? 0) {
        for family in families where place < family.addresses.count {
          let address = SocketAddress(family.addresses[place], port: port)
          found.append(HopAddress(host: host, address: address))
        }
      }
      trouble = families.lazy.compactMap(\.trouble).first ?? trouble
    }
    if !found.isEmpty { return (found, trouble) }
    if let trouble { throw trouble }
    let what = "No address for \(hosts.joined(separator: ", "))"
    // A domain that has neither mail exchangers nor an address takes no mail. One whose exchangers
    // have no address wants to take mail, and a smarthost without one is a slip on our side.
    throw isDomain
      ? .permanent(Diagnosis(EnhancedStatus(5, 1, 2), what))
      : .temporary(Diagnosis(EnhancedStatus(4, 4, 4), what))
  }

  /// What the DNS says to one question about a host.
  ///
  /// A name server that answers for one family and fails for the other is a common fault; whoever
  /// asks goes on with what there is.
  private func records(
    of host: String, _ ask: () async throws(DNSError) -> Answer<IPAddress>
  ) async -> (addresses: [IPAddress], trouble: HopFailure?) {
    do throws(DNSError) { return (try await ask().records, nil) } catch {
      return ([], failure(error, host))
    }
  }

  private var resolver: Resolver { relayer.resolver }

  private func failure(_ error: DNSError, _ name: String) -> HopFailure {
    let diagnosis = Diagnosis(
      EnhancedStatus(error.isTemporary ? 4 : 5, 4, 3), "Looking up \(name): \(error)")
    return switch error {
    case .invalidName: .permanent(diagnosis)
    case .network, .timedOut: .unreached(diagnosis, isNameServer: true)
    case .failed, .malformed, .cutShort: .unreached(diagnosis)
    case .interrupted: .temporary(diagnosis)
    }
  }
}
