import EventLoop
import Foundation
import Mail
import Platform
import TestSupport
import Testing

@testable import Relaying
@testable import Spool

@Suite("Which way a message goes") struct RoutingTests {
  private static func envelope(_ sender: String, from origin: String) throws -> QueueEnvelope {
    let text =
      "Gatepost-Arrived: 1\nGatepost-Origin: \(origin)\nGatepost-From: <\(sender)>\n"
      + "Gatepost-To: - <x@far.example>\nGatepost-Status: \nx\n"
    return try #require(QueueEnvelope(parsing: Array(text.utf8)))
  }

  private static var routes: [Route] {
    get throws {
      let anna = try #require(Mailbox("anna@home.example"))
      let address = try #require(IPAddress("192.168.3.0"))
      let network = try #require(IPNetwork(address, prefix: 24))
      let patterns: [Route.Pattern] = [
        .domain(try #require(Domain("one.far.example"))), .sender(.mailbox(anna)),
        .sender(.domain(try #require(Domain("home.example")))), .client(network),
        .domainTree(try #require(Domain("far.example"))),
      ]
      return patterns.enumerated().map { number, pattern in
        Route(pattern, servers: [.smtp(host: "s\(number)", port: 25, isImplicitTLS: false)])
      }
    }
  }

  @Test(
    "The first route that is for a recipient holds",
    arguments: [
      ("anna@home.example", "10.0.0.1 local", "one.far.example", 0),
      ("Anna@Home.example", "10.0.0.1 local", "far.example", 1),
      ("bob@home.example", "192.168.3.7 trusted network", "far.example", 2),
      ("bob@else.example", "192.168.3.7 trusted network", "far.example", 3),
      ("bob@else.example", "192.168.4.7 trusted network", "far.example", 4),
      ("bob@else.example", "192.168.4.7 trusted network", "a.b.far.example", 4),
      ("bob@else.example", "192.168.4.7 trusted network", "notfar.example", 5),
      ("", "report about 1.000001", "else.example", 5),
      ("", "192.168.3.7x", "else.example", 5),
      ("not an address", "192.168.3.255 x", "else.example", 3),
    ])
  func first(sender: String, origin: String, domain: String, place: Int) async throws {
    try await onLoop {
      let bed = try Bed()
      bed.relayer.settings.routes = try Self.routes
      let hops = bed.relayer.settings.hops(
        for: Domain(domain), of: try Self.envelope(sender, from: origin), version: 7)
      #expect(hops.map(\.route) == [place])
      #expect(hops[0].domain == (place == 5 ? domain : nil))
      #expect(hops[0].version == 7)
    }
  }

  @Test("Mail for a domain of ours is handed over, whatever the routes say")
  func handover() async throws {
    try await onLoop {
      let bed = try Bed()
      bed.relayer.settings.routes = [Route(.anything)]
      let home = try #require(Domain("home.example"))
      bed.relayer.settings.handovers[home] = .unix(path: "/x")
      let hops = bed.relayer.settings.hops(
        for: home, of: try Self.envelope("a@b.example", from: "::1 x"), version: 0)
      #expect(hops.map(\.server) == [.lmtp(.unix(path: "/x"))])
      #expect(hops.map(\.route) == [nil])
    }
  }

  @Loop
  private func server(_ server: NextServer) -> Route.Server {
    .smtp(host: "127.0.0.1", port: server.address.port, isImplicitTLS: false)
  }

  @Test("Two accounts at one host never share a session")
  func accounts() async throws {
    try await onLoop {
      let next = try NextServer()
      next.capabilities.append("AUTH PLAIN")
      next.context = try Identity("127.0.0.1").server
      next.isImplicitTLS = true
      let bed = try Bed()
      for name in ["anna", "bob"] {
        var route = Route(
          .sender(.mailbox(try #require(Mailbox("\(name)@home.example")))),
          servers: [.smtp(host: "127.0.0.1", port: next.address.port, isImplicitTLS: true)],
          encryption: .required)
        route.credentials = .init(user: name, password: Array("secret".utf8))
        bed.relayer.settings.routes.append(route)
      }
      for number in 0..<6 {
        let name = ["anna", "bob"][number % 2]
        try await bed.put(from: "\(name)@home.example", to: "u\(number)@far.example")
      }
      // One connection at a time is open, so a session that could be shared would be.
      var users: [String] = []
      next.answer = { command in
        if command.hasPrefix("AUTH ") {
          let response = command.split(separator: " ")[2]
          let text = Data(base64Encoded: String(response)).map {
            String(decoding: $0, as: UTF8.self)
          }
          users.append(text?.contains("anna") == true ? "anna" : "bob")
        }
        return nil
      }
      try await bed.run(next)
      #expect(next.messages.count == 6)
      #expect(Set(users) == ["anna", "bob"])
      #expect(users.count == next.connections)
      let logins = next.commands.count { $0.hasPrefix("AUTH") }
      #expect(logins == next.connections)
    }
  }

  @Test(
    "The next server is tried where one is down or turns a session away, and no other after that")
  func fallback() async throws {
    try await onLoop {
      let busy = try NextServer()
      busy.greeting = "421 4.3.2 busy"
      let good = try NextServer()
      let unused = try NextServer()
      let bed = try Bed()
      bed.relayer.settings.otherwise.servers = [
        // Nobody listens there.
        .smtp(host: "127.0.0.9", port: good.address.port, isImplicitTLS: false),
        server(busy), server(good), server(unused),
      ]
      for number in 0..<20 { try await bed.put(to: "u\(number)@far.example") }
      try await bed.run(busy, good, unused)
      #expect(good.messages.count == 20)
      #expect(busy.connections == 1)
      #expect(unused.connections == 0)
    }
  }

  @Test(
    "What a server says of a message is its last word, and no other is asked",
    arguments: ["MAIL", "RCPT", "DATA", "."])
  func noShopping(command: String) async throws {
    try await onLoop {
      let first = try NextServer()
      let second = try NextServer()
      if command == "." {
        first.verdict = { _ in NextServer.hangUp }
      } else {
        first.answer = { $0.hasPrefix(command) ? "451 4.3.0 later" : nil }
      }
      let bed = try Bed()
      bed.relayer.settings.otherwise.servers = [server(first), server(second)]
      try await bed.put(to: "ann@far.example")
      try await bed.run(first, second)
      #expect(first.connections == 1)
      #expect(second.connections == 0)
      #expect(bed.names(in: "queue/cur").count == 1)
    }
  }

  @Test("Where all servers are down the message waits, and each is asked once")
  func allDown() async throws {
    try await onLoop {
      let one = try NextServer()
      let two = try NextServer()
      one.greeting = "421 one is down"
      two.greeting = "554 two takes no mail"
      let bed = try Bed()
      bed.relayer.settings.otherwise.servers = [server(one), server(two)]
      for number in 0..<30 { try await bed.put(to: "u\(number)@far.example") }
      try await bed.run(one, two)
      #expect(one.connections == 1 && two.connections == 1)
      #expect(bed.names(in: "queue/cur").count == 30)
    }
  }

  @Test("What waits goes the new way when the settings have changed")
  func rerouted() async throws {
    try await onLoop {
      let old = try NextServer()
      old.greeting = "421 down"
      let new = try NextServer()
      let bed = try Bed(smarthost: old)
      try await bed.put(to: "ann@far.example")
      try await bed.run(old, new)
      bed.relayer.settings.otherwise.servers = [server(new)]
      #expect(await bed.relayer.flush { _ in true } == 1)
      try await bed.run(old, new)
      #expect(new.messages.count == 1)
      #expect(old.connections == 1)
    }
  }

  @Test("A connection is made from the address that the route has, and to its family alone")
  func source() async throws {
    try await onLoop {
      let server = try NextServer()
      let bed = try Bed(mxPort: server.address.port)
      bed.zone.add("far.example", mx: "mx.far.example", [127, 0, 0, 1])
      bed.zone.entries["mx.far.example"]?.v6 = [[UInt8](repeating: 0, count: 15) + [1]]
      bed.relayer.settings.otherwise.source = IPAddress("127.0.0.77")
      try await bed.put(to: "ann@far.example")
      try await bed.run(server)
      #expect(server.peers.map { "\($0.host)" } == ["127.0.0.77"])
    }
  }

  @Test("A certificate that is not the one that is known stops the mail")
  func pinned() async throws {
    try await onLoop {
      let server = try NextServer()
      server.context = try Identity("127.0.0.1").server
      let bed = try Bed(smarthost: server, encryption: .pinned([[UInt8](repeating: 7, count: 32)]))
      try await bed.put(to: "ann@far.example")
      try await bed.run(server)
      #expect(server.messages.isEmpty)
      #expect(!server.commands.contains { $0.hasPrefix("MAIL") })
      #expect(bed.names(in: "queue/cur").count == 1)
    }
  }
}
