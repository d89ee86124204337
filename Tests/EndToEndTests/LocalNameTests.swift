import EndToEndSupport
import Foundation
import TestSupport
import Testing

/// Servers that the admin names by the hosts file or by the search domains of the machine.
@Suite("Local names") struct LocalNameTests {
  @Test(
    "The hosts file and the search domains count for servers of the admin's, and not for exchangers",
    .needsRoot("only root can put another file in place of /etc/hosts"))
  func names() throws {
    let hop = try Hop()
    let port = FreePorts.take()
    let resolver = try LocalResolver(
      "unbound",
      [
        "mail.lan.example A 127.0.0.1", "mail.example A 192.0.2.1",
        "short.example MX 10 box", "listed.example MX 10 known.example",
      ], port: port)
    let gatepost = try Gatepost(
      hop: hop,
      """
      [relay]
      networks = 127.0.0.1
      [dns]
      nameservers = 127.0.0.1:\(port)
      [queue]
      retry = 1h
      [route hosts.example]
      via = smtp://box:\(hop.port)
      [route search.example]
      via = smtp://mail:\(hop.port)
      [route later.example]
      via = smtp://new.lan.example:\(hop.port)
      """, isStarted: false)
    try gatepost.write(
      "127.0.0.1 localhost\n127.0.0.1 Box.lan.example box\n127.0.0.1 known.example\n", to: "hosts")
    try gatepost.write(
      "nameserver 192.0.2.53\nsearch none.example lan.example\n", to: "resolv.conf")
    let script = """
      mount --bind "$0/hosts" /etc/hosts
      mount --bind "$0/resolv.conf" /etc/resolv.conf
      exec "$@"
      """
    try gatepost.start(under: ["unshare", "--mount", "sh", "-ec", script, gatepost.path])
    #expect(try gatepost.swaks(to: "ann@hosts.example").status == 0)
    #expect(try gatepost.swaks(to: "ann@search.example").status == 0)
    try gatepost.eventually("both have left") { hop.messages.count == 2 }
    #expect(gatepost.log.contains("hop=\"box [127.0.0.1]\""))
    #expect(gatepost.log.contains("hop=\"mail [127.0.0.1]\""))

    // A stranger's exchanger has no part in it.
    #expect(try gatepost.swaks(to: "ann@short.example").status == 0)
    #expect(try gatepost.swaks(to: "ann@listed.example").status == 0)
    try gatepost.waitForDeferral(count: 2)
    #expect(hop.messages.count == 2)

    // What is edited in place holds for the next message.
    let file = try FileHandle(forWritingTo: URL(filePath: "\(gatepost.path)/hosts"))
    try file.seekToEnd()
    try file.write(contentsOf: Data("127.0.0.1 new.lan.example\n".utf8))
    try file.close()
    #expect(try gatepost.swaks(to: "ann@later.example").status == 0)
    try gatepost.eventually("it has left") { hop.messages.count == 3 }
    try resolver.stop()
  }
}
