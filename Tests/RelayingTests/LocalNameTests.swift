import EventLoop
import Foundation
import TLS
import TestSupport
import Testing

@testable import DNS
@testable import Relaying

@Suite struct LocalNameTests {
  @Test(
    "The certificate of a server is for the name that the admin has given, not for the one that was looked up",
    arguments: [("box", true), ("box.lan.example", false)])
  func certificate(name: String, isTaken: Bool) async throws {
    try await onLoop {
      let server = try NextServer()
      let identity = try Identity(name)
      server.context = identity.server
      let names = try ScratchDirectory()
      try "search lan.example\n".write(
        toFile: "\(names.path)/resolv.conf", atomically: true, encoding: .utf8)
      let bed = try Bed(
        localNames: LocalNames(
          hosts: "\(names.path)/none", configuration: "\(names.path)/resolv.conf"))
      bed.relayer.settings.smarthost = .init(
        host: "box", port: server.address.port, isImplicitTLS: false)
      bed.relayer.settings.encryption = .verified
      bed.zone.entries["box.lan.example"] = .init(v4: [[127, 0, 0, 1]])
      bed.relayer.authorities = .authorities(path: identity.certificatePath)
      try await bed.put(to: "ann@far.example")
      try await bed.run(server)
      #expect(server.messages.count == (isTaken ? 1 : 0))
      #expect(bed.zone.questions.allSatisfy { $0.hasPrefix("box.lan.example ") })
    }
  }
}
