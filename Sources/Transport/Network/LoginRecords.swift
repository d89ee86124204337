package import Platform

/// What has come of the logins of users from clients: a pure value, to which the time is told.
///
/// Keys are keyed hashes (`LoginKey`), so no name is kept.
///
/// **Limits**: `Limits.failingLogins` that failed and `Limits.knownLogins` that succeeded. When there are more
/// failures, the one with the fewest that lapses first is forgotten; of the others the oldest.
package struct LoginRecords {
  private struct Failures {
    /// Different guesses.
    var count = 0
    /// Failures with a mechanism that hides the password.
    var hidden = 0
    /// When they are forgotten.
    var lapse: Instant
    /// When the next login is looked at.
    var next = Instant(nanoseconds: 0)
  }

  private var failures: [LoginKey: Failures] = [:]
  private var logins: [LoginKey: Instant] = [:]

  package init() {}

  /// Whether there was a login within `Limits.knownLoginAge`.
  package func isKnown(_ key: LoginKey, at now: Instant) -> Bool {
    logins[key].map { now - $0 < Limits.knownLoginAge } ?? false
  }

  /// How long the next login has to wait; nil where it need not.
  ///
  /// - Parameter free: failed logins that bring no wait.
  package func wait(of key: LoginKey, free: Int, at now: Instant) -> Duration? {
    guard let found = failures[key], found.count >= free, now < found.lapse, now < found.next
    else { return nil }
    return found.next - now
  }

  /// Notes that a login succeeded: its failures are forgiven.
  package mutating func noteLogin(_ keys: [LoginKey], at now: Instant) {
    for key in keys {
      failures[key] = nil
      if logins[key] == nil, logins.count >= Limits.knownLogins,
        let oldest = logins.min(by: { $0.value < $1.value })
      {
        logins[oldest.key] = nil
      }
      logins[key] = now
    }
  }

  /// Notes a failed login whose password is hidden; says whether it is taken for the same guess as before.
  ///
  /// Equal passwords cannot be told from others then, so a number of failures count once.
  package mutating func noteHiddenFailure(
    _ key: LoginKey, until lapse: Instant, at now: Instant
  ) -> Bool {
    update(key, until: lapse, at: now) { found in
      found.hidden += 1
      return (2...Limits.hiddenFailures).contains(found.hidden)
    }
  }

  /// Counts another guess, after which the next one has to wait so long.
  package mutating func noteGuess(
    _ key: LoginKey, wait: Duration, until lapse: Instant, at now: Instant
  ) {
    update(key, until: lapse, at: now) { found in
      found.count += 1
      found.next = now + wait
    }
  }

  private mutating func update<Result>(
    _ key: LoginKey, until lapse: Instant, at now: Instant, _ body: (inout Failures) -> Result
  ) -> Result {
    var found = failures[key] ?? Failures(lapse: lapse)
    if now >= found.lapse { found = Failures(lapse: lapse) }
    found.lapse = lapse
    if failures[key] == nil { makeRoom(at: now) }
    defer { failures[key] = found }
    return body(&found)
  }

  private mutating func makeRoom(at now: Instant) {
    guard failures.count >= Limits.failingLogins else { return }
    failures = failures.filter { now < $0.value.lapse }
    guard failures.count >= Limits.failingLogins else { return }
    let least = failures.min {
      ($0.value.count, $0.value.lapse) < ($1.value.count, $1.value.lapse)
    }
    if let least { failures[least.key] = nil }
  }
}

/// A client, or a user at a client, as a keyed hash.
///
/// SipHash, whose key the standard library draws anew in each process.
package struct LoginKey: Hashable, Sendable {
  private let hash: Int

  /// The key of a client.
  package init(_ client: IPAddress) {
    var hasher = Hasher()
    hasher.combine(client.client)
    hash = hasher.finalize()
  }

  /// The key of a user at a client; the case of letters and a domain do not matter, as a login ignores them.
  package init(_ client: IPAddress, user: String) {
    var hasher = Hasher()
    hasher.combine(client.client)
    let end = user.utf8.lastIndex(of: UInt8(ascii: "@")) ?? user.endIndex
    for byte in user.utf8[..<end] {
      hasher.combine((0x41...0x5A).contains(byte) ? byte + 0x20 : byte)
    }
    hash = hasher.finalize()
  }
}
