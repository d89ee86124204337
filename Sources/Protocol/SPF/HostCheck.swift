internal import Mail
internal import Platform

/// Why an evaluation ends before its end.
enum Interruption: Error, Equatable {
  /// There is no answer to this yet.
  case question(Evaluation.Question)
  /// Nothing that follows can change the result.
  case verdict(SPFResult.Verdict)
}

/// The function `check_host` of RFC 7208 §4, over answers that are known.
struct HostCheck {
  private let message: Message
  private let known: [Evaluation.Question: Finding]
  private var termsThatLookUp = 0
  private var voidLookups = 0

  init(_ message: Message, _ known: [Evaluation.Question: Finding]) {
    self.message = message
    self.known = known
  }

  /// What the record of `domain` says about the client.
  ///
  /// It calls itself for `include` and `redirect`, which are terms that look up, so the depth is
  /// bounded by the number of those.
  mutating func verdict(of domain: String) throws(Interruption) -> SPFResult.Verdict {
    let record: Record
    switch try certain(.texts(of: domain)) {
    case .record(let found): record = found
    case .wrongRecord: throw .verdict(.permerror)
    default: return .none
    }
    for directive in record.directives {
      if try matches(directive.mechanism, of: domain) { return directive.verdict }
    }
    guard let redirect = record.redirect else { return .neutral }
    try countTerm()
    let verdict = try verdict(of: name(redirect, in: domain))
    // RFC 7208 §6.1.
    if verdict == .none { throw .verdict(.permerror) }
    return verdict
  }

  private mutating func matches(
    _ mechanism: Mechanism, of domain: String
  ) throws(Interruption) -> Bool {
    switch mechanism {
    case .all:
      return true
    case .network(let network):
      return network?.contains(message.client) ?? false
    case .include(let spec):
      try countTerm()
      let verdict = try verdict(of: name(spec, in: domain))
      // RFC 7208 §5.2; errors have gone further up already.
      if verdict == .none { throw .verdict(.permerror) }
      return verdict == .pass
    case .a(let spec, let lengths):
      try countTerm()
      let addresses = try addresses(of: name(spec, in: domain))
      if addresses.isEmpty { try countVoid() }
      return lengths.match(message.client, addresses)
    case .mx(let spec, let lengths):
      try countTerm()
      return try exchangeMatches(name(spec, in: domain), lengths)
    case .ptr(let spec):
      try countTerm()
      let target = try name(spec, in: domain)
      return try firstValidated { Self.rank($0, for: target) < 2 } != nil
    case .exists(let spec):
      try countTerm()
      // Of IPv4 for a client of IPv6 too (RFC 7208 §5.7).
      let addresses = try certain(.v4Addresses(of: name(spec, in: domain))).addresses
      if addresses.isEmpty { try countVoid() }
      return !addresses.isEmpty
    }
  }

  /// RFC 7208 §5.4.
  private mutating func exchangeMatches(
    _ domain: String, _ lengths: PrefixLengths
  ) throws(Interruption) -> Bool {
    let exchanges = try certain(.exchanges(of: domain)).names
    if exchanges.isEmpty { try countVoid() }
    if exchanges.count > Limits.exchanges { throw .verdict(.permerror) }
    for exchange in exchanges {
      if lengths.match(message.client, try addresses(of: exchange)) { return true }
    }
    return false
  }

  /// The addresses of a host that are of the client's family.
  private func addresses(of host: String) throws(Interruption) -> [IPAddress] {
    try certain(addressQuestion(host)).addresses
  }

  private func addressQuestion(_ host: String) -> Evaluation.Question {
    message.client.isV4 ? .v4Addresses(of: host) : .v6Addresses(of: host)
  }

  /// What the DNS says to a question, if it says something.
  private func certain(_ question: Evaluation.Question) throws(Interruption) -> Finding {
    let finding = try finding(question)
    if finding == .failure { throw .verdict(.temperror) }
    return finding
  }

  private func finding(_ question: Evaluation.Question) throws(Interruption) -> Finding {
    guard let finding = known[question] else { throw .question(question) }
    return finding
  }

  // MARK: The names of the client

  /// The first of the client's names that is wanted and leads back to the client (RFC 7208 §5.5).
  ///
  /// Whoever owns the client's network writes these names, so one counts only if the owner of the
  /// name agrees. A failure of the DNS is no name, and not an error.
  private func firstValidated(
    _ isWanted: (String) -> Bool
  ) throws(Interruption) -> String? {
    for name in try finding(.names(of: message.client)).names.prefix(Limits.clientNames)
    where isWanted(name) {
      let addresses = try finding(addressQuestion(name)).addresses
      if addresses.contains(message.client) { return name }
    }
    return nil
  }

  /// How well a name of the client stands for `domain`: it is the name, lies below it, or neither.
  private static func rank(_ name: String, for domain: String) -> Int {
    name == domain ? 0 : name.hasSuffix("." + domain) ? 1 : 2
  }

  // MARK: Limits

  private mutating func countTerm() throws(Interruption) {
    termsThatLookUp += 1
    if termsThatLookUp > Limits.termsThatLookUp { throw .verdict(.permerror) }
  }

  /// Counts a term whose own name has nothing (RFC 7208 §4.6.4).
  ///
  /// The names of the client do not count, which the domain has no part in; nor do the hosts of an
  /// `mx`, of which many have no address of the client's family.
  private mutating func countVoid() throws(Interruption) {
    voidLookups += 1
    if voidLookups > Limits.voidLookups { throw .verdict(.permerror) }
  }

  // MARK: Macros

  /// The name that a term is about.
  private mutating func name(
    _ spec: MacroString?, in domain: String
  ) throws(Interruption) -> String {
    guard let spec else { return domain }
    var validatedName = "unknown"
    if spec.uses(.validatedName) {
      try countTerm()
      // RFC 7208 §7.3: best the domain itself, then a name below it, then any.
      for rank in 0...2 {
        if let name = try firstValidated({ Self.rank($0, for: domain) == rank }) {
          validatedName = name
          break
        }
      }
    }
    return spec.name { letter in value(of: letter, in: domain, validatedName) }
  }

  /// RFC 7208 §7.2.
  private func value(
    of letter: Macro.Letter, in domain: String, _ validatedName: String
  ) -> String {
    let senderDomain = message.domain?.text ?? ""
    return switch letter {
    case .sender: message.localPart + "@" + senderDomain
    case .localPart: message.localPart
    case .senderDomain: senderDomain
    case .domain: domain
    case .address: message.client.labels.joined(separator: ".")
    case .validatedName: validatedName
    case .family: message.client.isV4 ? "in-addr" : "ip6"
    case .clientName: message.clientName
    // These belong to explanations and are refused where a name is wanted.
    case .readableAddress, .receiver, .time: ""
    }
  }
}
