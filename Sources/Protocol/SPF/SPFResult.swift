package import Mail

/// What a domain says about a host that sends in its name (RFC 7208 §2.6).
package struct SPFResult: Equatable, Sendable {
  /// The result, with the words of RFC 8601 §2.7.2.
  package enum Verdict: String, CaseIterable, Sendable {
    /// The domain says nothing, or is none.
    case none
    /// The domain explicitly does not say whether the host may send.
    case neutral
    /// The host may send.
    case pass
    /// The host may not send.
    case fail
    /// The host probably may not send.
    case softfail
    /// The DNS could not tell; later it may.
    case temperror
    /// What the domain says cannot be understood.
    case permerror
  }

  /// Which of its names the client was judged by.
  package enum Identity: String, Sendable {
    /// The reverse path (RFC 7208 §2.4).
    case mailFrom = "mailfrom"
    /// The name it greeted with, for a message without a reverse path (RFC 7208 §2.3).
    case greeting = "helo"
  }

  /// The result.
  package var verdict: Verdict
  /// The name that was checked.
  package var identity: Identity
  /// The domain of that name; nil if it has none that could say anything.
  package var domain: Domain?

  package init(_ verdict: Verdict, _ identity: Identity, domain: Domain?) {
    self.verdict = verdict
    self.identity = identity
    self.domain = domain
  }

  /// The result as it stands in an `Authentication-Results:` field (RFC 8601 §2.2), without the
  /// semicolon before it: `spf=pass smtp.mailfrom=far.example`.
  package var text: String {
    let property = domain.map { " smtp.\(identity.rawValue)=\($0.text)" } ?? ""
    return "spf=\(verdict.rawValue)" + property
  }
}
