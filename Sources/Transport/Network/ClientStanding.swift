import Platform

/// How far a client is known by its address, before it says a word; the least known first.
package enum ClientStanding: Comparable, Sendable {
  /// Anybody.
  case stranger
  /// Is where a login may earn a grant, and has shown none yet.
  case candidate
  /// Has a live grant, or somebody has logged in from there lately.
  case known
  /// Is in a trusted network: neither its connections nor its commands are counted.
  case trusted
}

extension IPAddress {
  /// What stands for the client at this address.
  ///
  /// An IPv6 client is its /64: a single host there has as many addresses as it likes.
  var client: IPAddress { isV4 ? self : IPNetwork(self, prefix: 64)?.address ?? self }
}
