import EventLoop
import Platform
import TestSupport
import Testing

@testable import Relaying
@testable import Spool

@Suite("What has waited, after a reload or a flush") struct ChangedSettingsTests {
  /// A bed with a message that its smarthost has put off, and the server for the settings that come.
  @Loop
  private func putOff() async throws -> (bed: Bed, old: NextServer, new: NextServer) {
    let old = try NextServer()
    old.answer = {
      $0.hasPrefix("AUTH") ? "535 5.7.8 wrong" : $0.hasPrefix("MAIL") ? "451 later" : nil
    }
    old.capabilities.append("AUTH PLAIN")
    let new = try NextServer()
    new.capabilities.append("AUTH PLAIN")
    let bed = try Bed(smarthost: old)
    try await bed.put(to: "ann@far.example")
    try await bed.run(old)
    #expect(bed.names(in: "queue/cur").count == 1)
    return (bed, old, new)
  }

  enum Change: CaseIterable, Sendable { case server, login, route }

  @Test("A change of the way has what was put off sent at once", arguments: Change.allCases)
  func changed(change: Change) async throws {
    try await onLoop {
      let (bed, old, new) = try await putOff()
      switch change {
      case .server: bed.relayer.settings.smarthost?.port = new.address.port
      case .login:
        old.answer = { _ in nil }
        bed.relayer.settings.otherwise.allowsPasswordInClear = true
        bed.relayer.settings.smarthost?.credentials = .init(user: "me", password: [0x61])
      case .route:
        bed.relayer.settings.routes = [
          Route(
            .anything,
            servers: [
              .smtp(host: "127.0.0.1", port: new.address.port, isImplicitTLS: false)
            ], encryption: .none)
        ]
      }
      try await bed.run(old, new, until: { old.messages.count + new.messages.count == 1 })
    }
  }

  @Test("What is the same for it does not have it sent, and other routes are other ways")
  func same() async throws {
    try await onLoop {
      let (bed, _, _) = try await putOff()
      let before = bed.relayer.settings
      var settings = before
      settings.lifetime = .seconds(60)
      settings.otherwise.connections = 1
      #expect(!settings.hasOtherWays(than: before))
      settings.otherwise.needsTLS13 = true
      #expect(settings.hasOtherWays(than: before))
    }
  }

  @Test("A flush that comes to nothing leaves the waits as they were")
  func flush() async throws {
    try await onLoop {
      let server = try NextServer()
      server.answer = { $0.hasPrefix("MAIL") ? "451 later" : nil }
      let bed = try Bed(smarthost: server, retry: [.seconds(100), .seconds(10_000)])
      try await bed.put(to: "ann@far.example")
      try await bed.run(server)
      let due = try #require(bed.spool.firstDue)
      for _ in 0..<3 {
        #expect(await bed.relayer.flush { _ in true } == 1)
        try await bed.run(server)
        // The file tells the time in whole seconds.
        #expect(try #require(bed.spool.firstDue) < due + .seconds(2))
      }
      #expect(server.commands.count { $0.hasPrefix("MAIL") } == 4)
    }
  }

  @Test("A login that is refused is told by its user and where it stands")
  func refusedLogin() async throws {
    try await onLoop {
      let (bed, old, _) = try await putOff()
      bed.relayer.settings.otherwise.allowsPasswordInClear = true
      bed.relayer.settings.smarthost?.credentials = .init(
        user: "me", password: [0x61], place: "entry isp of /etc/secrets")
      try await bed.run(
        old, until: { old.commands.contains { $0.hasPrefix("AUTH") } && bed.isSettled })
      #expect(
        try #require(bed.envelope().last).contains(
          "login of me refused (entry isp of /etc/secrets): 535 5.7.8 wrong"))
      #expect(old.commands.last == "QUIT")
    }
  }
}
