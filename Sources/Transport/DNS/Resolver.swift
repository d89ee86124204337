package import EventLoop
package import Platform

/// Asks name servers for what mail needs to know, and remembers what they say for as long as it holds.
///
/// Nothing blocks: a question is a datagram and a wait of the event loop, so hundreds of questions to
/// a dead server hold up nothing else. ldns writes the questions and reads the answers.
///
/// **Failures**: `DNSError`, all of them temporary but `.invalidName`. A server that fails, refuses,
/// talks nonsense or stays silent is passed over for the next one; only when the last has been asked
/// is there an error. "There is nothing" is never concluded from a failure.
///
/// **Limits**: 20 seconds for a question, less where `until` says so; see `Limits` for what an answer
/// and the cache may hold.
@Loop
package final class Resolver {
  var nameServers: NameServers
  /// Takes why the file of name servers cannot be read, and nil when it can again.
  package var trouble: (@Loop (String?) -> Void)?
  var patience: Patience
  private var localNames: LocalNames
  private var cache = Cache()
  /// The servers that the cache comes from, and the one of them that answered last.
  var servers: [SocketAddress] = []
  var preferred = 0

  /// The servers that do not take the offer of long replies, until when that is believed.
  var plainUntil: [SocketAddress: Instant] = [:]
  /// When a server has answered a question last, of anybody.
  package internal(set) var lastAnswer = Instant(nanoseconds: 0)

  /// A resolver that asks the given servers.
  package convenience init(
    _ nameServers: NameServers = NameServers(), localNames: LocalNames = LocalNames()
  ) {
    self.init(nameServers, localNames: localNames, patience: Patience())
  }

  init(_ nameServers: NameServers, localNames: LocalNames = LocalNames(), patience: Patience) {
    self.nameServers = nameServers
    self.localNames = localNames
    self.patience = patience
  }

  /// Where a host that the admin has named is, as far as this machine knows without the DNS: its addresses, with port 0.
  package func localAddresses(of host: String) -> [SocketAddress] {
    localNames.addresses(of: host)
  }

  /// The names under which a host that the admin has named is looked for in the DNS, the first one first.
  package func fullNames(of host: String) -> [String] { localNames.fullNames(of: host) }

  /// Which names are asked for.
  package enum NameKind: Sendable {
    /// Letters, digits, hyphens and underscores: what names of hosts and mail domains are made of.
    case host
    /// Any octets (RFC 2181 §11).
    case any
  }

  /// The hosts that take mail for `domain`, most preferred first (RFC 5321 §5.1).
  ///
  /// Hosts of equal preference stand in the server's order; to spread the load is the caller's. A host
  /// whose name is no host name is left out.
  package func mx(
    _ domain: String, _ kind: NameKind = .host, until deadline: Instant = .distantFuture
  ) async throws(DNSError) -> Answer<MXRecord> {
    try await lookUp(domain, kind, .mx, until: deadline) {
      if case .exchanges(let hosts) = $0 { hosts } else { [] }
    }
  }

  /// The IPv4 addresses of `host`.
  package func a(
    _ host: String, _ kind: NameKind = .host, until deadline: Instant = .distantFuture
  ) async throws(DNSError) -> Answer<IPAddress> {
    try await lookUp(host, kind, .a, until: deadline) {
      if case .addresses(let all) = $0 { all } else { [] }
    }
  }

  /// The IPv6 addresses of `host`.
  package func aaaa(
    _ host: String, _ kind: NameKind = .host, until deadline: Instant = .distantFuture
  ) async throws(DNSError) -> Answer<IPAddress> {
    try await lookUp(host, kind, .aaaa, until: deadline) {
      if case .addresses(let all) = $0 { all } else { [] }
    }
  }

  /// The names that the network's owner gives the host at `address`, who may lie.
  package func ptr(
    _ address: IPAddress, until deadline: Instant = .distantFuture
  ) async throws(DNSError) -> Answer<String> {
    let name = address.reverseName(in: address.isV4 ? "in-addr.arpa" : "ip6.arpa")
    return try await lookUp(name, .host, .ptr, until: deadline) {
      if case .names(let names) = $0 { names } else { [] }
    }
  }

  /// The texts of `name`, those that begin with `v=` first; the strings of one record are joined
  /// (RFC 7208 §3.3).
  package func txt(
    _ name: String, _ kind: NameKind = .host, until deadline: Instant = .distantFuture
  ) async throws(DNSError) -> Answer<[UInt8]> {
    try await lookUp(name, kind, .txt, until: deadline) {
      if case .texts(let texts) = $0 { texts } else { [] }
    }
  }

  /// What the certificate of the server at `port` of `host` must look like (RFC 7672 §2).
  ///
  /// To be believed only where `AnswerOrigin.isAuthenticated`.
  package func tlsa(
    _ host: String, port: UInt16
  ) async throws(DNSError) -> Answer<TLSARecord> {
    try await lookUp("_\(port)._tcp.\(host)", .host, .tlsa) {
      if case .certificates(let all) = $0 { all } else { [] }
    }
  }

  private func lookUp<Record>(
    _ name: String, _ kind: NameKind, _ type: RecordType,
    until deadline: Instant = .distantFuture, _ records: (RecordSet) -> [Record]
  ) async throws(DNSError) -> Answer<Record> {
    let name = kind == .host ? DomainName(name) : DomainName(octets: name)
    guard let name else { throw .invalidName }
    let finding = try await finding(for: Question(name: name, type: type), until: deadline)
    switch finding.content {
    case .noData: return .noData
    case .noSuchName: return .noSuchName
    case .records(let set):
      return .records(
        records(set),
        AnswerOrigin(
          timeToLive: .seconds(Int64(finding.timeToLive)),
          isAuthenticated: finding.isAuthenticated))
    }
  }

  /// The servers to ask now; tells of a file that cannot be read.
  @discardableResult
  package func currentServers() -> [SocketAddress] {
    let before = nameServers.problem
    let current = nameServers.current()
    if nameServers.problem != before {
      trouble?(nameServers.problem.map { "\($0); the servers known so far are asked" })
    }
    return current
  }

  private func finding(
    for question: Question, until deadline: Instant
  ) async throws(DNSError) -> Finding {
    let current = currentServers()
    if current != servers {
      servers = current
      preferred = 0
      plainUntil = plainUntil.filter { current.contains($0.key) }
      cache.removeAll()
    }
    if let finding = cache.finding(for: question, at: .now) { return finding }
    let finding = try await ask(
      current, question, until: min(deadline, .now + patience.total))
    // Another task may have found other servers meanwhile: theirs is the cache now.
    if servers == current { cache.insert(finding, for: question, at: .now) }
    return finding
  }
}
