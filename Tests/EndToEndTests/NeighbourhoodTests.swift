import EndToEndSupport
import Foundation
import TestSupport
import Testing

/// Grants on a real link, with the neighbour table of the kernel.
@Suite struct NeighbourhoodTests {
  /// A router that runs the daemon, 192.168.7.1 and fd00:7::1, and two hosts at its bridge.
  private final class LAN {
    let gatepost: Gatepost
    let phone: NetworkHost
    let pc: NetworkHost

    init(_ settings: String = "") throws {
      (phone, pc) = (try NetworkHost(), try NetworkHost())
      gatepost = try Gatepost(isStarted: false)
      try configure(settings)
      var script = """
        ip link set lo up
        ip link add lan type bridge
        ip address add 192.168.7.1/24 dev lan
        ip address add fd00:7::1/64 dev lan nodad
        ip link set lan up

        """
      for (name, host, last) in [("phone", phone, 5), ("pc", pc, 6)] {
        script += """
          ip link add \(name) type veth peer name wire netns \(host.pid)
          ip link set \(name) master lan up
          nsenter --net=/proc/\(host.pid)/ns/net sh -ec '
            ip address add 192.168.7.\(last)/24 dev wire
            ip address add fd00:7::\(last)/64 dev wire nodad
            ip link set wire up'

          """
      }
      try gatepost.start(under: ["unshare", "--net", "sh", "-ec", script + "exec \"$@\"", "router"])
    }

    func configure(_ settings: String) throws {
      try gatepost.configure(
        """
        [listen]
        smtp = \(gatepost.ports.smtp)
        pop3 = \(gatepost.ports.pop3)
        [pop-before-smtp]
        \(settings)
        """)
    }

    /// Runs a command at the router.
    func router(_ command: String...) throws {
      _ = try NetworkHost.run(command, at: gatepost.pid)
    }

    /// Reads mail as alice.
    func fetch(at host: NetworkHost, over server: String) throws -> String {
      try host.run(
        "curl", "-sS", "--user", "alice:secret", "pop3://\(server):\(gatepost.ports.pop3)/")
    }

    /// What is said between a client that sends a message and the server.
    func send(at host: NetworkHost, over server: String, from source: String) throws -> String {
      let name = server.contains(":") ? "[\(server)]" : server
      return try host.run(
        "curl", "-sSv", "--interface", source, "--mail-from", "alice@home.example", "--mail-rcpt",
        "ann@far.example", "-T", "/dev/null", "smtp://\(name):\(gatepost.ports.smtp)/pc.example")
    }
  }

  @Test(
    "POP over IPv6 lets the same device send over IPv4 if that is wanted, and no other host",
    .needsRoot("only root can make a network"))
  func device() throws {
    let lan = try LAN()
    #expect(try lan.fetch(at: lan.phone, over: "[fd00:7::1]").contains("curl:") == false)
    let v6 = ("fd00:7::1", "fd00:7::5")
    #expect(try lan.send(at: lan.phone, over: v6.0, from: v6.1).contains("250 2.1.5"))
    let v4 = ("192.168.7.1", "192.168.7.5")
    #expect(try lan.send(at: lan.phone, over: v4.0, from: v4.1).contains("550 5.7.1"))

    try lan.configure("same-device = yes")
    try lan.gatepost.reload()
    #expect(try lan.send(at: lan.phone, over: v4.0, from: v4.1).contains("250 2.1.5"))
    #expect(
      try lan.send(at: lan.pc, over: "192.168.7.1", from: "192.168.7.6").contains("550 5.7.1"))
    #expect(
      try lan.send(at: lan.pc, over: "fd00:7::1", from: "fd00:7::6").contains("550 5.7.1"))

    // With a second address of IPv4 it may be a repeater that speaks for others.
    try lan.phone.run("ip", "address", "add", "192.168.7.9/32", "dev", "wire")
    _ = try lan.send(at: lan.phone, over: v4.0, from: "192.168.7.9")
    #expect(try lan.send(at: lan.phone, over: v4.0, from: v4.1).contains("550 5.7.1"))
    #expect(try lan.send(at: lan.phone, over: v6.0, from: v6.1).contains("250 2.1.5"))
  }

  @Test(
    "A grant ends when another host gets its address, and the network of an IPv6 address is not meant",
    .needsRoot("only root can make a network"),
    arguments: [
      ("192.168.7.1", "192.168.7.1", "192.168.7.5/24"),
      ("[fd00:7::1]", "fd00:7::1", "fd00:7::5/64"),
    ])
  func reuse(url: String, server: String, address: String) throws {
    let lan = try LAN()
    let source = String(address.prefix { $0 != "/" })
    _ = try lan.fetch(at: lan.phone, over: url)
    #expect(try lan.send(at: lan.phone, over: server, from: source).contains("250 2.1.5"))
    // The phone leaves, and the PC gets its address, as from a DHCP server.
    try lan.phone.run("ip", "link", "set", "wire", "down")
    let isV6 = source.contains(":")
    try lan.pc.run(
      "sh", "-c",
      "ip address flush dev wire scope global && ip address add \(address) dev wire"
        + (isV6 ? " nodad" : ""))
    // It tells so, as each host does that gets an address (RFC 5227 §3, RFC 4861 §7.2.6).
    try lan.router("ip", "neighbour", "flush", "to", source)
    #expect(try lan.send(at: lan.pc, over: server, from: source).contains("450 4.7.1"))
    #expect(lan.gatepost.log.contains("\(source): the grant of alice at \(source) ends: "))
    #expect(try lan.gatepost.tool("whitelist", "list").output == "")
    // Its user may have one as well.
    _ = try lan.fetch(at: lan.pc, over: url)
    #expect(try lan.send(at: lan.pc, over: server, from: source).contains("250 2.1.5"))
  }

  @Test(
    "The IPv6 network of a link earns and covers as it is configured",
    .needsRoot("only root can make a network"))
  func network() throws {
    let lan = try LAN("networks = 10.0.0.0/8")
    _ = try lan.fetch(at: lan.phone, over: "192.168.7.1")
    #expect(
      try lan.send(at: lan.phone, over: "192.168.7.1", from: "192.168.7.5").contains("550 5.7.1"))
    _ = try lan.fetch(at: lan.phone, over: "[fd00:7::1]")
    #expect(
      try lan.send(at: lan.phone, over: "fd00:7::1", from: "fd00:7::5").contains("250 2.1.5"))
    #expect(
      try lan.send(at: lan.pc, over: "fd00:7::1", from: "fd00:7::6").contains("550 5.7.1"))
    try lan.configure("networks = 10.0.0.0/8\nsame-network = yes")
    try lan.gatepost.reload()
    #expect(
      try lan.send(at: lan.pc, over: "fd00:7::1", from: "fd00:7::6").contains("250 2.1.5"))
    try lan.configure("networks = 10.0.0.0/8\non-link-ipv6 = no")
    try lan.gatepost.reload()
    #expect(
      try lan.send(at: lan.phone, over: "fd00:7::1", from: "fd00:7::5").contains("550 5.7.1"))
  }
}
