import DNS
import Mail
import Platform
import SMTP

extension MessageDelivery {
  /// The addresses of the servers that take mail for a destination, best first (RFC 5321 §5.1).
  func route(to hop: Hop) async throws(HopFailure) -> [HopAddress] {
    if let smarthost = settings.smarthost {
      if let address = IPAddress(smarthost.host) {
        return [
          HopAddress(
            host: smarthost.host, address: SocketAddress(address, port: smarthost.port))
        ]
      }
      return try await addresses(of: [smarthost.host], port: smarthost.port, isDomain: false)
    }
    guard let domain = hop.domain, let name = Domain(domain) else {
      throw .permanent(Diagnosis(EnhancedStatus(5, 1, 2), "The address has no domain"))
    }
    if let literal = name.addressLiteral {
      guard let address = IPAddress(literal.address) else {
        throw .permanent(Diagnosis(EnhancedStatus(5, 1, 2), "Not an address: \(domain)"))
      }
      return [HopAddress(host: domain, address: SocketAddress(address, port: settings.mxPort))]
    }
    return try await mxAddresses(of: domain)
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
      return try await addresses(of: [domain], port: settings.mxPort, isDomain: true)
    case .records(let records, _):
      let hosts = try hosts(records, of: domain)
      return try await addresses(of: hosts, port: settings.mxPort, isDomain: false)
    }
  }

  /// The exchanges in the order in which they are tried, up to where this host stands among them.
  private func hosts(
    _ records: [MXRecord], of domain: String
  ) throws(HopFailure) -> [String] {
    if records.contains(where: \.isNull) {
      // RFC 7505 §4.1
      throw .permanent(
        Diagnosis(EnhancedStatus(5, 1, 10), "The domain \(domain) accepts no mail"))
    }
    // Those of equal preference in random order, which spreads the load (RFC 5321 §5.1).
    var sorted = records.shuffled().sorted { $0.preference < $1.preference }
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

  /// The addresses of hosts in their order, IPv6 before IPv4 for each.
  private func addresses(
    of hosts: [String], port: UInt16, isDomain: Bool
  ) async throws(HopFailure) -> [HopAddress] {
    var found: [HopAddress] = []
    var trouble: HopFailure?
    for host in hosts {
      do throws(DNSError) {
        let all =
          try await relayer.resolver.aaaa(host).records + relayer.resolver.a(host).records
        found += all.map { HopAddress(host: host, address: SocketAddress($0, port: port)) }
      } catch {
        trouble = failure(error, host)
      }
    }
    if found.isEmpty {
      if let trouble { throw trouble }
      let what = hosts.joined(separator: ", ")
      let status = isDomain ? EnhancedStatus(5, 1, 2) : EnhancedStatus(5, 4, 4)
      let diagnosis = Diagnosis(status, "No address for \(what)")
      // A smarthost that has no address is a slip in our configuration, not the sender's.
      throw settings.smarthost == nil ? .permanent(diagnosis) : .temporary(diagnosis)
    }
    return found
  }

  private func failure(_ error: DNSError, _ name: String) -> HopFailure {
    let status = EnhancedStatus(error.isTemporary ? 4 : 5, 4, 3)
    let diagnosis = Diagnosis(status, "Looking up \(name): \(error)")
    return error.isTemporary ? .temporary(diagnosis) : .permanent(diagnosis)
  }
}
