import ArgumentParser
import Grants
import Platform

/// How another program wants to be told of the addresses with a grant.
enum WhitelistFormat: String, CaseIterable, ExpressibleByArgument {
  /// A table for `cidr:` (cidr_table(5)).
  case postfix
  /// A file for `iplsearch`.
  case exim
  /// Commands for `nft -f`.
  case nftables

  /// The lines for some grants; an address is there once, whoever has it.
  func lines(_ grants: [Grant], at now: Instant) -> [String] {
    var ends: [IPAddress: Instant] = [:]
    for grant in grants { ends[grant.address] = max(ends[grant.address] ?? grant.end, grant.end) }
    let addresses = ends.keys.sorted()
    switch self {
    case .postfix:
      return addresses.map { "\(IPNetwork($0).address)/\(IPNetwork($0).prefix) OK" }
    case .exim:
      // A colon ends a key that is not quoted.
      return addresses.map { $0.isV4 ? "\($0): granted" : "\"\($0)\": granted" }
    case .nftables:
      let elements = addresses.map {
        (address: $0, seconds: ((ends[$0] ?? now) - now).wholeSeconds)
      }
      return ["add table inet gatepost"]
        + Self.set("granted4", "ipv4_addr", elements.filter(\.address.isV4))
        + Self.set("granted6", "ipv6_addr", elements.filter { !$0.address.isV4 })
    }
  }

  private static func set(
    _ name: String, _ type: String, _ elements: [(address: IPAddress, seconds: Int64)]
  ) -> [String] {
    let list = elements.map { "\($0.address) timeout \(max(1, $0.seconds))s" }.joined(
      separator: ", ")
    return [
      "add set inet gatepost \(name) { type \(type); flags timeout; }",
      "flush set inet gatepost \(name)",
    ] + (elements.isEmpty ? [] : ["add element inet gatepost \(name) { \(list) }"])
  }
}
