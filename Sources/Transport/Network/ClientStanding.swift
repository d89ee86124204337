import Platform

/// How far a client is known by its address, before it says a word.
package enum ClientStanding: Sendable {
  /// Anybody.
  case stranger
  /// Has a live grant, or is where a login may earn one: it gets in when strangers do not any more.
  case known
  /// Is in a trusted network: it gets in as well, and neither its connections nor its commands are
  /// counted.
  case trusted
}

extension IPAddress {
  /// What stands for the client at this address.
  ///
  /// An IPv6 client is its /64: a single host there has as many addresses as it likes.
  var client: IPAddress { isV4 ? self : IPNetwork(self, prefix: 64)?.address ?? self }
}
