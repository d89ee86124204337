import Mail
import Platform

/// Whether the network is believed to be gone, as where a line is down or a box has just started.
///
/// One failure that can have no other reason says so, or two in a row, to different destinations, that
/// most likely have none. Then nothing is sent to any destination beyond the own networks, but for one
/// attempt in each pause; the first that makes a connection ends it.
struct Outage {
  /// How sure a failure is to be one of the network.
  enum Evidence: Sendable {
    /// It may be the destination's own.
    case likely
    case certain
  }

  /// Why, as the log and the messages that wait say it; nil while the network is there.
  private(set) var reason: String?
  private var nextProbe = Instant(nanoseconds: 0)
  private var suspect: Hop?

  /// Why nothing is sent to a destination now; nil if there is no reason, or if this is the attempt that
  /// is to find out.
  mutating func obstacle(to hop: Hop, at now: Instant, pause: Duration) -> String? {
    guard let reason, !hop.isLocal else { return nil }
    if now < nextProbe { return "the network cannot be reached: \(reason)" }
    nextProbe = now + pause
    return nil
  }

  /// Lets the next message find out: that which was to has not come as far as the network.
  mutating func giveBackProbe() { nextProbe = Instant(nanoseconds: 0) }

  /// Notes a failure; says whether with it the network is known to be gone.
  mutating func note(
    _ hop: Hop, _ evidence: Evidence, reason text: String, at now: Instant, pause: Duration
  ) -> Bool {
    guard !hop.isLocal else { return false }
    if reason != nil {
      nextProbe = now + pause
      return false
    }
    defer { suspect = hop }
    guard evidence == .certain || suspect.map({ !$0.isSameDestination(as: hop) }) == true else {
      return false
    }
    reason = String(escaping: text.utf8, limit: Limits.reasonBytes)
    // Two dead destinations may come together: then the next message shows it at once.
    nextProbe = evidence == .certain ? now + pause : now
    return true
  }

  /// Notes that a connection was made, or that the network is to be tried; says whether it was
  /// believed to be gone.
  mutating func end() -> Bool {
    defer { self = Outage() }
    return reason != nil
  }
}

extension Outage.Evidence {
  /// What a connection that could not be made says of the network; nil for nothing.
  ///
  /// Many a machine has no way to any address of IPv6 for good, and mail for a host that has no other
  /// must not stop all the rest.
  init?(_ error: SystemError, at place: HopAddress.Place) {
    guard case .tcp(let address) = place, error.isNetworkMissing || error.isHostUnreachable else {
      return nil
    }
    self = error.isNetworkMissing && address.host.isV4 ? .certain : .likely
  }
}
