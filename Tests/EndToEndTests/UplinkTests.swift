import EndToEndSupport
import Foundation
import TestSupport
import Testing

/// Lines and name servers that go away and come back, with the kernel's routes, a router's ICMP, and foreign resolvers.
@Suite("Uplink") struct UplinkTests {
  /// A board with the daemon, 192.0.2.2, and its provider 192.0.2.1, which has the name server 198.51.100.53 and the
  /// mail server 198.51.100.25, and no way to anywhere else.
  private final class Line {
    let gatepost: Gatepost
    let sink: MailSink
    private let provider: NetworkHost
    private let resolver: LocalResolver

    /// Domains with an exchanger that cannot be reached, whose mail waits.
    static let waiting = ["broadcast", "refused", "absent", "long"]
    /// Those whose mail returns.
    static let returning = ["group", "everybody", "mapped"]

    private static let records =
      [
        "group.example MX 10 mx.group.example", "mx.group.example A 224.0.0.1",
        "everybody.example MX 10 mx.everybody.example", "mx.everybody.example A 255.255.255.255",
        "mapped.example MX 10 mx.mapped.example", "mx.mapped.example AAAA ::ffff:224.0.0.1",
        "broadcast.example MX 10 mx.broadcast.example", "mx.broadcast.example A 192.0.2.255",
        // The provider's router answers with ICMP "net unreachable", and the link with nothing.
        "refused.example MX 10 mx.refused.example", "mx.refused.example A 203.0.113.7",
        "absent.example MX 10 mx.absent.example", "mx.absent.example A 192.0.2.77",
      ]
      + (0..<40).map { "long.example MX 10 a-host-with-a-long-name-\($0).long.example" }
      + (0..<4).flatMap {
        ["good\($0).example MX 10 mx.good\($0).example", "mx.good\($0).example A 198.51.100.25"]
      }

    init(_ settings: String = "") throws {
      let provider = try NetworkHost()
      self.provider = provider
      try provider.run(
        "sh", "-ec",
        """
        ip link set lo up
        ip address add 198.51.100.25/32 dev lo
        ip address add 198.51.100.53/32 dev lo
        echo 1 > /proc/sys/net/ipv4/ip_forward
        """)
      sink = try MailSink(at: provider)
      resolver = try LocalResolver(
        "unbound", Self.records, address: "198.51.100.53", port: 53, at: provider)
      gatepost = try Gatepost(
        """
        [relay]
        mx-port = 25
        networks = 127.0.0.1
        [dns]
        nameservers = 198.51.100.53
        [queue]
        retry = 1h
        \(settings)
        """, isStarted: false)
      let script = """
        ip link set lo up
        ip link add wan type veth peer name wire netns \(provider.pid)
        ip address add 192.0.2.2/24 dev wan
        ip link set wan up
        nsenter --net=/proc/\(provider.pid)/ns/net sh -ec '
          ip address add 192.0.2.1/24 dev wire
          ip link set wire up'
        ip route add default via 192.0.2.1
        exec "$@"
        """
      try gatepost.start(under: ["unshare", "--net", "sh", "-ec", script, "board"])
    }

    /// Runs a command at the board.
    @discardableResult
    func board(_ command: String) throws -> String {
      try NetworkHost.run(["sh", "-ec", command], at: gatepost.pid)
    }

    /// Hands in a message at the board.
    func send(to recipient: String) throws {
      let said = try board(
        "swaks --server 127.0.0.1 --port \(gatepost.ports.smtp) --from alice@home.example --to \(recipient)"
      )
      try #require(said.contains("250 2.0.0"), "\(said)")
    }

    /// Waits for the mail of recipients.
    func waitForMail(to recipients: String...) throws {
      try gatepost.eventually("the mail to \(recipients) has left") {
        Set(sink.recipients).isSuperset(of: recipients)
      }
    }
  }

  @Test(
    "No destination that cannot be reached holds up the mail for others",
    .needsRoot("only root can make a network"))
  func badDestinations() throws {
    let line = try Line()
    for (number, name) in (Line.returning + Line.waiting).enumerated() {
      try line.send(to: "ann@\(name).example")
      if number < 3 {
        try line.send(to: "ann\(number)@good\(number).example")
        try line.waitForMail(to: "ann\(number)@good\(number).example")
      }
    }
    try line.gatepost.waitForDeferral(count: Line.waiting.count)
    try line.send(to: "bob@good3.example")
    try line.waitForMail(to: "bob@good3.example")
    try line.gatepost.eventually("three messages have returned") {
      line.gatepost.maildrop("alice").count == Line.returning.count
    }
    let log = line.gatepost.log
    #expect(!log.contains("offline"))
    #expect(log.contains("mx.refused.example [203.0.113.7]:25: Network is unreachable (connect)"))
    #expect(
      log.contains("the answer is too long for UDP, and the name server does not give it over TCP"))
    #expect(log.contains("mx.broadcast.example [192.0.2.255] is not the address of a host"))
    #expect(log.contains("mx.group.example [224.0.0.1] is not the address of a host"))
  }

  @Test(
    "Without a default route mail waits, but not that for a server on a link; with one in any table it leaves",
    .needsRoot("only root can make a network"))
  func route() throws {
    let line = try Line(
      "[route near.example]\nvia = smtp://192.0.2.1:25\n"
        + "[route far.example]\nvia = smtp://198.51.100.25:25")
    try line.send(to: "ann@good0.example")
    try line.waitForMail(to: "ann@good0.example")
    try line.board("ip route del default")
    try line.send(to: "ann@good1.example")
    try line.gatepost.waitForLog(
      "offline: the network cannot be reached: this machine has no default route")
    try line.send(to: "ann@good2.example")
    try line.send(to: "ann@far.example")
    try line.gatepost.waitForDeferral(count: 3)
    try line.send(to: "ann@near.example")
    try line.waitForMail(to: "ann@near.example")
    #expect(!line.gatepost.log.contains("online"))
    #expect(try line.gatepost.tool("status").output.contains("trouble: network: offline"))

    try line.board("ip route add default via 192.0.2.1 table 100 && ip rule add lookup 100")
    try line.waitForMail(to: "ann@good1.example", "ann@good2.example", "ann@far.example")
    try line.gatepost.waitForLog("online: there is a default route again")
    // As long as it is there, one that refuses is no more than that.
    try line.board("ip route add unreachable 198.51.100.25 table 100")
    try line.send(to: "bob@good3.example")
    try line.gatepost.waitForDeferral(count: 4)
    #expect(line.gatepost.log.count(of: "offline") == 1)
  }

  @Test("A resolver that is restarted delays no mail", arguments: ["unbound", "dnsmasq"])
  func restart(kind: String) throws {
    let hop = try Hop()
    let port = FreePorts.take()
    let records = (0..<5).flatMap {
      ["far\($0).example MX 10 mx.far\($0).example", "mx.far\($0).example A 127.0.0.1"]
    }
    let resolver = try LocalResolver(kind, records, port: port)
    let gatepost = try Gatepost(
      hop: hop,
      "[relay]\nnetworks = 127.0.0.1\n[dns]\nnameservers = 127.0.0.1:\(port)\n[queue]\nretry = 1h")
    for number in 0..<5 {
      try resolver.stop()
      #expect(try gatepost.swaks(to: "ann@far\(number).example").status == 0)
      try resolver.start()
      try gatepost.eventually("the mail has left") { hop.messages.count == number + 1 }
    }
    #expect(!gatepost.log.contains("deferred"))
  }

  @Test("Mail that waits for a resolver leaves when it is back, without new mail")
  func longRestart() throws {
    let hop = try Hop()
    let port = FreePorts.take()
    let resolver = try LocalResolver(
      "unbound",
      [
        "far.example MX 10 mx.far.example", "mx.far.example A 127.0.0.1",
        "near.example MX 10 mx.far.example",
      ], port: port)
    let gatepost = try Gatepost(
      hop: hop,
      "[relay]\nnetworks = 127.0.0.1\n[dns]\nnameservers = 127.0.0.1:\(port)\n[queue]\nretry = 1h")
    try resolver.stop()
    #expect(try gatepost.swaks(to: "ann@far.example").status == 0)
    try EndToEndSupport.eventually("it waits", within: 90, context: { gatepost.log }) {
      gatepost.log.contains("offline: no name server answers")
    }
    // This one waits without a question.
    #expect(try gatepost.swaks(to: "ann@near.example").status == 0)
    try gatepost.waitForDeferral(count: 2)
    try resolver.start()
    try EndToEndSupport.eventually("the mail has left", within: 90, context: { gatepost.log }) {
      hop.messages.count == 2
    }
    #expect(gatepost.log.count(of: "online: ") == 1)
  }
}
