import EndToEndSupport
import Foundation
import TestSupport
import Testing

/// The traps in a list of trusted networks.
@Suite struct TrustTests {
  /// A router that runs the daemon, a wire, and two hosts behind it in a network of their own.
  ///
  /// The router is 192.168.7.1 and 192.168.7.2, its gateway 192.168.7.254, a device 192.168.7.5.
  private final class LAN {
    let gatepost: Gatepost
    private let hosts: NetworkHost

    init(trusting networks: String) throws {
      hosts = try NetworkHost()
      gatepost = try Gatepost(isStarted: false)
      try trust(networks)
      let script = """
        ip link set lo up
        ip link add lan type veth peer name wire netns \(hosts.pid)
        ip address add 192.168.7.1/24 dev lan
        ip address add 192.168.7.2/32 dev lan
        ip link set lan up
        ip route add default via 192.168.7.254
        nsenter --net=/proc/\(hosts.pid)/ns/net sh -ec '
          ip address add 192.168.7.254/24 dev wire
          ip address add 192.168.7.5/32 dev wire
          ip link set wire up'
        exec "$@"
        """
      try gatepost.start(under: ["unshare", "--net", "sh", "-ec", script, "router"])
    }

    /// Sets the networks whose hosts may relay.
    func trust(_ networks: String) throws {
      try gatepost.configure(
        "[listen]\nsmtp = \(gatepost.ports.smtp)\n[relay]\nnetworks = \(networks)")
    }

    /// What a client says up to RCPT that has that address.
    func send(from source: String, isRouter: Bool) throws -> String {
      try NetworkHost.run(
        [
          "swaks", "--server", "192.168.7.1", "--port", "\(gatepost.ports.smtp)",
          "--local-interface", source, "--from", "x@far.example", "--to", "ann@far.example",
          "--quit-after", "RCPT",
        ], at: isRouter ? gatepost.pid : hosts.pid)
    }
  }

  @Test(
    "A host of the LAN relays; the router's own addresses and its gateway do not, and the log says why",
    .needsRoot("only root can make a network"))
  func own() throws {
    let lan = try LAN(trusting: "192.168.7.0/24, 127.0.0.1")
    #expect(try lan.send(from: "192.168.7.5", isRouter: false).contains("250 2.1.5"))
    let trap = "[relay] networks = 192.168.7.0/24 contains "
    for (address, isRouter, reason) in [
      ("192.168.7.1", true, "\(trap)192.168.7.1, an address of this machine: it is not trusted"),
      ("192.168.7.2", true, "\(trap)192.168.7.2, an address of this machine: it is not trusted"),
      ("192.168.7.254", false, "\(trap)the default gateway 192.168.7.254: it is not trusted"),
    ] {
      #expect(try lan.send(from: address, isRouter: isRouter).contains("550 5.7.1"))
      #expect(lan.gatepost.log.contains(reason))
    }

    // What is named by itself is meant.
    try lan.trust("192.168.7.0/24, 192.168.7.1, 192.168.7.254")
    try lan.gatepost.reload()
    #expect(try lan.send(from: "192.168.7.1", isRouter: true).contains("250 2.1.5"))
    #expect(try lan.send(from: "192.168.7.2", isRouter: true).contains("550 5.7.1"))
    #expect(try lan.send(from: "192.168.7.254", isRouter: false).contains("250 2.1.5"))
    #expect(lan.gatepost.log.count(of: trap) == 4)
  }

  @Test(
    "A list that holds strangers is no configuration",
    arguments: [
      ("0.0.0.0/0\nallow-public = yes", "would let strangers relay"),
      ("19.0.0.0/8", "holds addresses of the Internet"),
    ])
  func publicNetworks(networks: String, reason: String) throws {
    let gatepost = try Gatepost("[relay]\nnetworks = \(networks)", isStarted: false)
    #expect(throws: Overdue.self) { try gatepost.start() }
    #expect(gatepost.log.contains(reason))
  }
}
