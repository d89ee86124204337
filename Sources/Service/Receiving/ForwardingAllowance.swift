import Platform

/// How many copies of strangers' mail aliases, a catch-all or a redirection have sent elsewhere within the hour, so that
/// nobody uses them as a relay of spam.
///
/// The hour begins with the first copy, and is over an hour later.
///
/// **Limits**: as many clients as there may be copies.
struct ForwardingAllowance {
  private var start = Instant(nanoseconds: 0)
  private var total = 0
  private var counts: [IPAddress: Int] = [:]

  private static let hour: Duration = .seconds(3600)

  /// Counts copies of a client's message, unless that would be too many; says so then.
  mutating func take(_ copies: Int, from client: IPAddress, at now: Instant) -> String? {
    if total == 0 || now - start >= Self.hour {
      start = now
      total = 0
      counts = [:]
    }
    let key = client.network
    let count = counts[key, default: 0]
    if count + copies > Limits.forwardedOfClient {
      return "more than \(Limits.forwardedOfClient) copies of its mail to other hosts in an hour"
    }
    if total + copies > Limits.forwarded {
      return "more than \(Limits.forwarded) copies of strangers' mail to other hosts in an hour"
    }
    counts[key] = count + copies
    total += copies
    return nil
  }
}

extension IPAddress {
  /// What counts as one client: the /64 of an address of IPv6.
  fileprivate var network: IPAddress { isV4 ? self : IPNetwork(self, prefix: 64)?.address ?? self }
}
