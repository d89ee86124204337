import Platform

/// The destinations at which TLS fails although it is offered: where TLS is a bonus, mail may go there in clear after a
/// while (RFC 7435 §3).
///
/// One failure proves nothing: a reset is cheap for an attacker, and another server of the destination may do better. So a
/// message leaves in clear only at a later attempt of its own, when no server has taken it under TLS at that attempt either,
/// and when the destination has failed for the first step of `retry` at least. A session under TLS ends it.
///
/// **Limits**: `Limits.tlsFailures` destinations, those that failed last; each for `Limits.tlsFailureMemory`.
struct TLSFailures {
  private var records: [Hop: (first: Instant, last: Instant)] = [:]

  /// Notes that TLS has failed at every server that offered it.
  mutating func note(_ hop: Hop, at now: Instant) {
    if let known = records[hop], known.last + Limits.tlsFailureMemory > now {
      records[hop] = (known.first, now)
      return
    }
    if records.count >= Limits.tlsFailures,
      let oldest = records.min(by: { $0.value.last < $1.value.last })
    {
      records[oldest.key] = nil
    }
    records[hop] = (now, now)
  }

  /// Notes that TLS works.
  mutating func forget(_ hop: Hop) { records[hop] = nil }

  /// Whether TLS has failed there for this time, and not worked since.
  func last(_ hop: Hop, for time: Duration, at now: Instant) -> Bool {
    guard let known = records[hop] else { return false }
    return known.first + time <= now && known.last + Limits.tlsFailureMemory > now
  }
}

extension Hop {
  /// The same destination without TLS: it has sessions of its own.
  var inClear: Hop {
    var hop = self
    hop.isInClear = true
    return hop
  }
}

extension RelayingSettings.Encryption {
  /// The name of the policy in the log.
  var name: String {
    switch self {
    case .none: "none"
    case .opportunistic: "may"
    case .required: "encrypt"
    case .verified: "verify"
    case .pinned: "fingerprint"
    }
  }
}
