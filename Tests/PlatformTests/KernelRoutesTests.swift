import Foundation
import TestSupport
import Testing

@testable import Platform

/// The routes of a real kernel, in a network of their own that one thread of the test has.
@Suite(.enabled(if: geteuid() == 0, "only root can make a network")) struct KernelRoutesTests {
  /// The gateways, and whether there is a way out, after some commands of ip(8).
  private static func routes(after commands: String) async throws -> DefaultRoutes? {
    try await withCheckedThrowingContinuation { continuation in
      let thread = Thread {
        continuation.resume(
          with: Result {
            guard let symbol = dlsym(nil, "unshare") else { return nil }
            let unshare = unsafeBitCast(symbol, to: (@convention(c) (Int32) -> Int32).self)
            let newNetwork: Int32 = 0x4000_0000
            guard unshare(newNetwork) == 0 else { return nil }
            let script = """
              ip link set lo up
              ip link add lan0 type veth peer name lan1
              ip link set lan0 up
              ip link set lan1 up
              ip address add 192.0.2.2/24 dev lan0
              ip -6 address add 2001:db8::2/64 dev lan0 nodad
              \(commands)
              """
            let shell = try ChildProcess("/bin/sh", ["-ec", script])
            return shell.wait() == 0 ? try DefaultRoutes.read() : nil
          })
      }
      thread.start()
    }
  }

  @Test(
    "A default route is found whatever its family, table and next hops, and one that leads nowhere is none",
    arguments: [
      (":", false, []), ("ip route add default dev lan0", true, []),
      ("ip route add default via 192.0.2.1", true, ["192.0.2.1"]),
      ("ip -6 route add default via fe80::1 dev lan0", true, ["fe80::1"]),
      ("ip -6 route add default from 2001:db8::/56 via fe80::1 dev lan0", true, ["fe80::1"]),
      ("ip route add default via inet6 fe80::1 dev lan0", true, ["fe80::1"]),
      (
        "ip route add 0.0.0.0/1 via 192.0.2.1 && ip route add 128.0.0.0/1 dev lan0", true,
        ["192.0.2.1"]
      ),
      ("ip route add default via 192.0.2.1 table 100", true, ["192.0.2.1"]),
      (
        "ip nexthop add id 1 via 192.0.2.1 dev lan0 && ip route add default nhid 1", true,
        ["192.0.2.1"]
      ),
      (
        "ip route add default nexthop via 192.0.2.1 nexthop via 192.0.2.3", true,
        ["192.0.2.1", "192.0.2.3"]
      ),
      ("ip route add unreachable default && ip -6 route add prohibit default", false, []),
      ("ip route add blackhole default table 7", false, []),
      ("ip route add 224.0.0.0/4 dev lan0", false, []),
      ("ip route add default via 192.0.2.1 && ip link set lan0 down", false, []),
      (
        // The kernel notices the want of a carrier a little later.
        """
        ip route add default via 192.0.2.1
        ip link set lan1 down
        until ip route show default | grep -q linkdown; do :; done
        """, false, []
      ),
    ] as [(String, Bool, [String])])
  func routes(commands: String, exist: Bool, gateways: [String]) async throws {
    let found = try #require(try await Self.routes(after: commands))
    #expect(found.exist == exist)
    #expect(found.gateways.map(\.description) == gateways)
  }
}
