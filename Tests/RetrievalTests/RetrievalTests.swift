import EventLoop
import Foundation
import Platform
import TestSupport
import Testing

@testable import Network
@testable import Retrieval

struct RetrievalTests {
  static let first = "1700000001.M000001P1Q1.gatepost,S=149,W=158"
  static let second = "1700000002.M000002P1Q2.gatepost,S=81,W=88:2,S"
  static let third = "1700000003.17_2.other.example"

  @Test func `QUIT removes what was marked, and a connection that breaks removes nothing`()
    async throws
  {
    try await onLoop {
      let bed = try Bed()
      try await bed.session { client in
        try await client.logIn()
        try await client.ask("DELE 1", "+OK Message 1 deleted")
      }
      #expect(try bed.files() == [Self.first, Self.second, Self.third])
      try await bed.session { client in
        try await client.logIn("alice", "secret", "+OK 3 messages")
        try await client.ask("DELE 1")
        try await client.ask("DELE 3")
        try await client.ask("QUIT", "+OK Goodbye")
      }
      #expect(try bed.files() == [Self.second])
    }
  }

  @Test func `A message that another program moves is served and removed where it is then`()
    async throws
  {
    try await onLoop {
      let bed = try Bed()
      try await bed.session { client in
        try await client.logIn()
        for name in [Self.first, Self.third] {
          try FileManager.default.moveItem(
            atPath: bed.path("new/\(name)"), toPath: bed.path("cur/\(name):2,S"))
        }
        try await client.ask("RETR 3", "+OK 59 octets")
        let received = try await client.content()
        #expect(received.hasSuffix("The last line has no end\n"))
        try await client.ask("DELE 1")
        try await client.ask("QUIT")
      }
      #expect(try bed.files() == [Self.second, Self.third + ":2,S"])
    }
  }

  @Test func `A message that another program removes is an error of its own, and DELE a success`()
    async throws
  {
    try await onLoop {
      let bed = try Bed()
      try await bed.session { client in
        try await client.logIn()
        try FileManager.default.removeItem(atPath: bed.path("cur/\(Self.second)"))
        try await client.ask("RETR 2", "-ERR The message is no longer there")
        try await client.ask("DELE 2", "+OK Message 2 deleted")
        try await client.ask("QUIT", "+OK Goodbye")
      }
    }
  }

  @Test func `A file that cannot be read or removed is a temporary failure and hides no other`()
    async throws
  {
    try await onLoop {
      let bed = try Bed()
      try FileManager.default.createDirectory(
        atPath: bed.path("new/1600000000.directory.example,W=10"),
        withIntermediateDirectories: false)
      try await bed.session { client in
        try await client.logIn("alice", "secret", "+OK 4 messages")
        try await client.ask("RETR 1", "-ERR [SYS/TEMP]")
        try await client.ask("RETR 2", "+OK 158 octets")
        _ = try await client.content()
        try await client.ask("DELE 1")
        try await client.ask("QUIT", "-ERR [SYS/TEMP]")
      }
    }
  }

  @Test func `A maildrop is open in one session, and free again before QUIT is answered`()
    async throws
  {
    try await onLoop {
      let bed = try Bed()
      try await bed.session { holder in
        try await holder.logIn()
        try await bed.session { other in
          try await other.logIn("alice", "secret", "-ERR [IN-USE]")
          try await holder.ask("QUIT", "+OK Goodbye")
          try await other.ask("USER alice")
          try await other.ask("PASS secret", "+OK 3 ")
        }
        try await bed.session { third in
          try await third.logIn("ALICE", "secret", "+OK 3 ")
        }
      }
    }
  }

  @Test func `Different users do not wait for each other`() async throws {
    try await onLoop {
      let bed = try Bed()
      try await bed.session { alice in
        try await alice.logIn()
        try await bed.session { bob in
          try await bob.logIn("bob", "secret", "+OK 0 ")
        }
      }
    }
  }

  @Test func `A maildrop that cannot be opened is a temporary failure`() async throws {
    try await onLoop {
      let bed = try Bed()
      try FileManager.default.removeItem(atPath: "\(bed.scratch.path)/mail/alice")
      try Data().write(to: URL(filePath: "\(bed.scratch.path)/mail/alice"))
      try await bed.session { client in
        try await client.logIn("alice", "secret", "-ERR [SYS/TEMP]")
        try FileManager.default.removeItem(atPath: "\(bed.scratch.path)/mail/alice")
        try await client.ask("USER alice")
        try await client.ask("PASS secret", "+OK 0 ")
      }
    }
  }

  @Test func `Commands sent before the TLS handshake end the session`() async throws {
    try await onLoop {
      try await Bed().session { client in
        try await client.expect("+OK")
        try await client.send("STLS", "USER alice")
        try await client.expect("-ERR Nothing may follow STLS")
        try await client.expect("<closed>")
      }
    }
  }

  @Test func `A client that does not log in has less time than one that has`() async throws {
    try await onLoop {
      let bed = try Bed()
      bed.settings.loginTime = .milliseconds(300)
      try await bed.session { client in
        try await client.expect("+OK")
        // However busy it is: no time starts anew.
        try await client.ask("CAPA", "+OK")
        while try await client.line() != "." {}
        try await client.expect("<closed>")
      }
      bed.settings.loginTime = .seconds(60)
      try await bed.session { client in
        try await client.logIn()
        try await client.ask("NOOP", "+OK")
      }
    }
  }

  @Test func `A client that is silent for too long is closed without a word`() async throws {
    try await onLoop {
      try await Bed(timeout: .milliseconds(1)).session { client in
        try await client.expect("+OK")
        try await client.expect("<closed>")
      }
    }
  }

  @Test func `QUIT removes nothing before what was asked for has left`() async throws {
    try await onLoop {
      let bed = try Bed()
      // Less than gathers before it is sent, and more than the kernel takes.
      let text = String(repeating: "0123456\n", count: 1500)
      try bed.put("new/1800000000.a.example", text)
      let commands = ["USER alice", "PASS secret", "RETR 4", "DELE 4", "QUIT"]
      try await bed.session(sendBufferBytes: 1) { client in
        try await client.expect("+OK")
        try await client.send(octets: commands.map { Array($0.utf8) })
        try await client.expect("+OK")
        // It hangs up, and has read no more than that.
      }
      #expect(try bed.files().contains("1800000000.a.example"))
      try await bed.session(sendBufferBytes: 1) { client in
        try await client.expect("+OK")
        try await client.send(octets: commands.map { Array($0.utf8) })
        for _ in 1...3 { try await client.expect("+OK") }
        #expect(try await client.content() == text)
        try await client.expect("+OK")
        try await client.expect("+OK Goodbye")
      }
      #expect(try !bed.files().contains("1800000000.a.example"))
    }
  }

  @Test func `After QUIT there is as much time for the last reply as for any other`() async throws {
    try await onLoop {
      let bed = try Bed()
      bed.service.settings.loginTime = .zero
      let sockets = try SocketPair()
      let session = RetrievalSession(
        bed.service,
        connection: try Connection(
          sockets.left.duplicate(), peer: SocketAddress(Bed.phone, port: 1)),
        listener: "pop3", beginsWithTLS: false)
      #expect(session.deadline < .now + .seconds(1))
      let alice = try #require(try bed.accounts.mailbox(for: "alice"))
      _ = await session.open(alice, how: "USER")
      session.leaveMaildrop()
      #expect(session.deadline > .now + .seconds(500))
    }
  }

  @Test
  func `A size that RETR shows to be wrong is right in the next LIST, and in the next session`()
    async throws
  {
    try await onLoop {
      let bed = try Bed()
      for file in try bed.files() {
        for folder in ["new", "cur"] {
          try? FileManager.default.removeItem(atPath: bed.path("\(folder)/\(file)"))
        }
      }
      let long = String(repeating: ".0123456789\n", count: 20_000)
      try bed.put("new/1.x,S=2,W=3", "right\n")
      try bed.put("new/2.x,S=9,W=9", "..\n.")
      try bed.put("new/3.x,W=7", long)
      try bed.put("new/4.x,S=2,W=3", "x\n")
      for isLost in [true, false] {
        try await bed.session { client in
          try await client.logIn()
          if isLost { try await client.ask("STAT", "+OK 4 22") }
          for number in 1...4 {
            try await client.ask("RETR \(number)")
            _ = try await client.content()
          }
          try await client.ask("STAT", "+OK 4 260017")
          try await client.ask("LIST 1", "+OK 1 7")
          try await client.ask("DELE 2")
          try await client.ask("STAT", "+OK 3 260010")
          try await client.ask("RSET")
          // A connection that is lost has shown it as well.
          if !isLost { try await client.ask("QUIT") }
        }
        try await bed.session { client in
          try await client.logIn()
          try await client.ask("STAT", "+OK 4 260017")
          try await client.ask("LIST 2", "+OK 2 7")
          try await client.ask("LIST 3", "+OK 3 260000")
          try await client.ask("TOP 3 2")
          _ = try await client.content()
          try await client.ask("LIST 3", "+OK 3 260000")
          try await client.ask("QUIT")
        }
      }
    }
  }
}
