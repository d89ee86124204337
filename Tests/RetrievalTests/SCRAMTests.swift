import Dispatch
import EventLoop
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Retrieval

struct SCRAMTests {
  private static func encoded(_ text: String) -> String { Data(text.utf8).base64EncodedString() }

  /// Reads a challenge.
  @Loop private static func challenge(_ client: Client) async throws -> String {
    let line = try await client.line()
    guard line.hasPrefix("+ "), let octets = Data(base64Encoded: String(line.dropFirst(2))) else {
      return line
    }
    return String(decoding: octets, as: UTF8.self)
  }

  @Test(arguments: ["SCRAM-SHA-256", "SCRAM-SHA-256-PLUS"])
  func `A password that is proved opens the maildrop and earns a grant`(mechanism: String)
    async throws
  {
    try await onLoop {
      let bed = try Bed()
      try await bed.session("pop3s") { client in
        try await client.expect("+OK")
        var scram = SCRAMClient(user: "Alice")
        if mechanism == "SCRAM-SHA-256-PLUS" {
          scram.header = "p=tls-exporter,,"
          scram.binding = try #require(client.channelBinding)
        }
        try await client.send("AUTH \(mechanism) \(Self.encoded(scram.first))")
        let final = scram.final(try await Self.challenge(client))
        try await client.send(Self.encoded(try #require(final)))
        #expect(scram.accepts(try await Self.challenge(client)))
        #expect(bed.grants.grant(of: Bed.phone) == nil)
        try await client.ask("", "+OK 3 messages")
        let grant = bed.grants.grant(of: Bed.phone)
        #expect(grant?.user == "alice")
        #expect(grant?.how == "\(mechanism)+TLS")
      }
    }
  }

  @Test(arguments: ["alice", "nobody"])
  func `A wrong proof earns nothing`(user: String) async throws {
    try await onLoop {
      let bed = try Bed()
      try await bed.session { client in
        try await client.expect("+OK")
        var scram = SCRAMClient(user: user, password: "wrong")
        try await client.send("AUTH SCRAM-SHA-256 \(Self.encoded(scram.first))")
        let final = scram.final(try await Self.challenge(client))
        try await client.ask(Self.encoded(try #require(final)), "-ERR [AUTH]")
        try await client.ask("STAT", "-ERR")
      }
      #expect(bed.grants.grant(of: Bed.phone) == nil)
    }
  }

  @Test(arguments: [
    ("{PLAIN}secret:", "-ERR [AUTH]"), ("!:", "-ERR [AUTH]"), ("SAME:disabled=yes", "-ERR [AUTH]"),
    ("SAME:may-pop=no", "-ERR"), ("SAME:quota=1MB", "+OK"),
  ])
  func `Who has changed between the proof and its confirmation is judged as of now`(
    line: String, answer: String
  ) async throws {
    try await onLoop {
      let bed = try Bed()
      try await bed.session("pop3s") { client in
        try await Self.prove(client)
        let path = "\(bed.scratch.path)/users"
        let old = try String(contentsOfFile: path, encoding: .utf8).split(separator: ":")[1]
        let new = "alice:" + line.replacing("SAME", with: old) + "\n"
        try new.write(toFile: path, atomically: true, encoding: .utf8)
        try await client.ask("", answer)
      }
      #expect((bed.grants.grant(of: Bed.phone) != nil) == (answer == "+OK"))
    }
  }

  @Test(arguments: [
    ("{PLAIN}secret:", "-ERR [AUTH]"), ("SAME:disabled=yes", "-ERR [AUTH]"),
    ("SAME:may-pop=no", "-ERR [SYS/PERM]"), ("SAME:", "+OK"),
  ])
  func `Who has changed while the maildrop was read earns nothing`(
    line: String, answer: String
  ) async throws {
    try await onLoop {
      let bed = try Bed()
      let held = Held()
      let gate = DispatchSemaphore(value: 0)
      try await bed.session { client in
        try await Self.prove(client)
        try await withThrowingTaskGroup(of: Void.self) { group in
          for _ in 0..<2 {
            group.addTask {
              await bed.workers.run {
                held.count.withLock { $0 += 1 }
                _ = gate.wait(timeout: .now() + 60)
              }
            }
          }
          while held.count.withLock({ $0 }) < 2 { await Task.yield() }
          try await client.send("")
          // Now the first has the maildrop, which no worker reads yet.
          try await bed.session(from: Bed.stranger) { other in
            try await Self.prove(other)
            try await other.ask("", "-ERR [IN-USE]")
          }
          let path = "\(bed.scratch.path)/users"
          let old = try String(contentsOfFile: path, encoding: .utf8).split(separator: ":")[1]
          let new = "alice:" + line.replacing("SAME", with: old) + "\n"
          try new.write(toFile: path, atomically: true, encoding: .utf8)
          for _ in 0..<2 { gate.signal() }
          try await group.waitForAll()
        }
        try await client.expect(answer)
      }
      #expect((bed.grants.grant(of: Bed.phone) != nil) == (answer == "+OK"))
      // The maildrop is free again.
      if answer != "+OK" {
        #expect(try await bed.service.maildrops.open("alice") != nil)
      }
    }
  }

  /// Proves the password as alice, up to where only the confirmation is missing.
  @Loop private static func prove(_ client: Client) async throws {
    try await client.expect("+OK")
    var scram = SCRAMClient(user: "alice")
    try await client.send("AUTH SCRAM-SHA-256 \(encoded(scram.first))")
    let final = scram.final(try await challenge(client))
    try await client.send(encoded(try #require(final)))
    #expect(scram.accepts(try await challenge(client)))
  }
}

/// How many workers are held.
private final class Held: Sendable {
  let count = Mutex(0)
}
