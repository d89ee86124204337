import DNS
import EventLoop
import Log
import Mail
import Platform
import SMTP

/// What lists in the DNS say about a client (RFC 5782).
///
/// **Failures**: none; a list that cannot be asked lists nobody, for no mail is refused because the
/// DNS does not work.
@Loop
final class Blocklists {
  /// A client that is on a list.
  struct Listing: Equatable {
    var client: IPAddress
    var zone: Domain

    /// What the client hears (RFC 3463 §3.8).
    var reply: Reply {
      Reply(.refused, EnhancedStatus(5, 7, 1), "Your address \(client) is listed at \(zone.text)")
    }

    /// What the log says.
    var reason: String { "listed at \(zone.text)" }
  }

  private let resolver: Resolver
  /// The lists whose answers meant nothing, which has been logged; no more than there are zones.
  private(set) var refusing: Set<Domain> = []

  init(resolver: Resolver) {
    self.resolver = resolver
  }

  /// Asks all lists at once and returns when the first has the client, or when none has it.
  ///
  /// An address that does not come from the Internet is on no list, and none is asked; but 127.0.0.2
  /// is on every list, so that an admin can see on the machine itself whether a list works.
  ///
  /// - Parameter deadline: at most `Limits.blocklists` from now.
  func listing(of client: IPAddress, zones: [Domain], until deadline: Instant) async -> Listing? {
    guard Self.mayBeListed(client) else { return nil }
    return await withTaskGroup(of: Listing?.self) { group in
      for zone in zones {
        group.addTask { await self.listing(of: client, in: zone, until: deadline) }
      }
      for await listing in group {
        guard let listing else { continue }
        group.cancelAll()
        return listing
      }
      return nil
    }
  }

  private static func mayBeListed(_ client: IPAddress) -> Bool {
    let testEntry = IPAddress(v4: 0x7F00_0002)  // RFC 5782 §5
    return client == testEntry
      || !PrivateNetworks.contain(IPNetwork(client)) && !client.isUnspecified
  }

  private func listing(
    of client: IPAddress, in zone: Domain, until deadline: Instant
  ) async -> Listing? {
    let answer: Answer<IPAddress>
    do throws(DNSError) {
      answer = try await resolver.a(client.reverseName(in: zone.text), until: deadline)
    } catch {
      return nil
    }
    let addresses = answer.records
    if addresses.contains(where: Self.means) { return Listing(client: client, zone: zone) }
    note(addresses.first, from: zone)
    return nil
  }

  /// Whether an answer says that the client is listed (RFC 5782 §2.1).
  ///
  /// In 127.255.255.0/24 public lists say that they do not answer our name servers. What is outside
  /// of 127.0.0.0/8 is no list: the domain of one that has closed, and belongs to someone else now,
  /// has an address for every name.
  private static func means(_ answer: IPAddress) -> Bool {
    guard let v4 = answer.v4 else { return false }
    return v4 >> 24 == 127 && v4 >> 8 != 0x7F_FFFF
  }

  /// Says once that a list gives answers that mean nothing.
  private func note(_ answer: IPAddress?, from zone: Domain) {
    guard let answer, refusing.insert(zone).inserted else { return }
    Log.say(
      .warning,
      "the blocklist \(zone.text) answers \(answer): it refuses our name servers or is no list, "
        + "and lists nobody")
  }
}
