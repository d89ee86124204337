import EventLoop
import Foundation
import Platform
import TestSupport
import Testing

@testable import Retrieval

/// What becomes of messages that were read and left.
struct ReadMessageTests {
  /// Fetches two messages, looks at a third, and wants to be rid of one.
  @Loop private static func readSome(_ client: Client) async throws {
    try await client.logIn()
    for command in ["RETR 1", "TOP 2 10", "RETR 3"] {
      try await client.ask(command)
      _ = try await client.content()
    }
    try await client.ask("DELE 3")
  }

  @Test func `QUIT marks what was fetched whole and left, and nothing else does`() async throws {
    try await onLoop {
      let bed = try Bed()
      for file in try bed.files() {
        for folder in ["new", "cur"] {
          try? FileManager.default.removeItem(atPath: bed.path("\(folder)/\(file)"))
        }
      }
      for number in 1...4 { try bed.put("new/\(number).x,S=2,W=3", "x\n") }
      try await bed.session { client in
        try await Self.readSome(client)
      }
      // The connection was lost.
      #expect(try bed.files().sorted() == (1...4).map { "\($0).x,S=2,W=3" })
      try await bed.session { client in
        try await Self.readSome(client)
        try await client.ask("QUIT")
      }
      #expect(
        try bed.files().sorted() == ["1.x,S=2,W=3:2,S", "2.x,S=2,W=3", "4.x,S=2,W=3"])
      try await bed.session { client in
        try await client.logIn()
        try await client.ask("UIDL 1", "+OK 1 1.x")
      }
    }
  }

  @Test(arguments: [nil, 30, 40_000])
  func `What was marked as read a moment ago stays, however long ago it came`(days: Int?)
    async throws
  {
    try await onLoop {
      let bed = try Bed()
      bed.settings.expiryDays = days
      try bed.put("cur/100.x,S=2,W=3:2,S", "x\n")
      try await bed.session { client in try await client.logIn() }
      #expect(try bed.files().contains("100.x,S=2,W=3:2,S"))
    }
  }

  @Test func `What a client has been told about expiry holds in its session`() async throws {
    try await onLoop {
      let bed = try Bed()
      let file = "100.x,S=2,W=3:2,S"
      try bed.put("cur/\(file)", "x\n")
      // Reaches to tomorrow.
      let everything = -1
      try await bed.session { client in
        bed.service.settings.expiryDays = everything
        try await client.logIn()
      }
      #expect(try bed.files().contains(file))
      bed.settings.expiryDays = everything
      try await bed.session { client in
        bed.service.settings.expiryDays = nil
        try await client.logIn()
      }
      #expect(try !bed.files().contains(file))
    }
  }
}
