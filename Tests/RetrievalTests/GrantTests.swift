import Platform
import TestSupport
import Testing

@testable import Retrieval

struct GrantTests {
  @Test func `A login earns its address a grant, and says how it was made`() async throws {
    try await onLoop {
      let bed = try Bed()
      try await bed.session { client in
        #expect(bed.grants.grant(of: Bed.phone) == nil)
        try await client.logIn()
        let grant = bed.grants.grant(of: Bed.phone)
        #expect(grant?.user == "alice")
        #expect(grant?.how == "USER")
      }
      try await bed.session("pop3s") { client in
        try await client.expect("+OK")
        try await client.ask("AUTH PLAIN AGJvYgBzZWNyZXQ=", "+OK")
        #expect(bed.grants.grant(of: Bed.phone)?.how == "PLAIN+TLS")
      }
    }
  }

  @Test func `A wrong password earns nothing`() async throws {
    try await onLoop {
      let bed = try Bed()
      try await bed.session { client in
        try await client.logIn("alice", "wrong", "-ERR [AUTH]")
      }
      #expect(bed.grants.grant(of: Bed.phone) == nil)
    }
  }

  @Test func `A login from outside the networks reads mail and earns nothing`() async throws {
    try await onLoop {
      let bed = try Bed()
      try await bed.session(from: Bed.stranger) { client in
        try await client.logIn("alice", "secret", "+OK")
      }
      #expect(bed.grants.grant(of: Bed.stranger) == nil)
    }
  }

  @Test func `The right password earns nothing while another device has the maildrop`()
    async throws
  {
    try await onLoop {
      let bed = try Bed()
      try await bed.session(from: Bed.stranger) { holder in
        try await holder.logIn()
        try await bed.session { client in
          try await client.logIn("alice", "secret", "-ERR [IN-USE]")
        }
      }
      #expect(bed.grants.grant(of: Bed.phone) == nil)
    }
  }

  @Test func `A login in clear earns nothing where TLS is asked for, and extends nothing`()
    async throws
  {
    try await onLoop {
      let bed = try Bed()
      bed.grants.rules.needsTLS = true
      try await bed.session { client in try await client.logIn() }
      #expect(bed.grants.grant(of: Bed.phone) == nil)
      try await bed.session("pop3s") { client in
        try await client.logIn()
        #expect(bed.grants.grant(of: Bed.phone)?.how == "USER+TLS")
      }
      let end = bed.grants.grant(of: Bed.phone)?.end
      try await bed.session { client in
        try await client.logIn()
        try await client.ask("QUIT")
      }
      #expect(bed.grants.grant(of: Bed.phone)?.end == end)
    }
  }

  @Test func `A user with may-pop=no is told so for the right password, and earns nothing`()
    async throws
  {
    try await onLoop {
      let bed = try Bed()
      try await bed.session { client in
        try await client.logIn("sender", "secret", "-ERR [SYS/PERM]")
        try await client.ask("STAT", "-ERR")
        try await client.ask("USER sender")
        try await client.ask("PASS wrong", "-ERR [AUTH]")
      }
      #expect(bed.grants.grant(of: Bed.phone) == nil)
    }
  }

  @Test func `A disabled user is refused as one with another password`() async throws {
    try await onLoop {
      let bed = try Bed()
      try await bed.session { client in
        try await client.logIn("away", "secret", "-ERR [AUTH]")
      }
      #expect(bed.grants.grant(of: Bed.phone) == nil)
    }
  }

  @Test func `A grant names the password, and QUIT extends it`() async throws {
    try await onLoop {
      let bed = try Bed()
      try await bed.session { client in
        try await client.logIn()
        let grant = try #require(bed.grants.grant(of: Bed.phone))
        #expect(grant.credential == bed.accounts.credential(ofUser: "alice"))
        #expect(grant.credential?.count == 16)
        try await client.ask("QUIT")
        #expect(try #require(bed.grants.grant(of: Bed.phone)).end > grant.end)
      }
    }
  }

  @Test func `A grant lives as long as its session does something, however short the window`()
    async throws
  {
    try await onLoop {
      let bed = try Bed()
      bed.grants.rules.window = .seconds(60)
      try bed.put("new/1800000000.a.example", String(repeating: "0123456\n", count: 100_000))
      try await bed.session(sendBufferBytes: 1) { client in
        try await client.logIn()
        for _ in 1...3 {
          bed.clock.ahead += .seconds(40)
          try await client.ask("NOOP")
        }
        #expect(bed.grants.grant(of: Bed.phone) != nil)
        // A message that takes longer than the window.
        try await client.ask("RETR 4")
        bed.clock.ahead += .seconds(70)
        #expect(bed.grants.grant(of: Bed.phone) == nil)
        _ = try await client.content()
        #expect(bed.grants.grant(of: Bed.phone) != nil)
        bed.clock.ahead += .seconds(70)
        #expect(bed.grants.grant(of: Bed.phone) == nil)
        try await client.ask("QUIT")
        #expect(bed.grants.grant(of: Bed.phone) != nil)
      }
      bed.clock.ahead += .seconds(60)
      #expect(bed.grants.grant(of: Bed.phone) == nil)
    }
  }

  @Test func `A grant that was taken back during the session does not return with QUIT`()
    async throws
  {
    try await onLoop {
      let bed = try Bed()
      try await bed.session { client in
        try await client.logIn()
        bed.grants.revoke(user: "alice")
        try await client.ask("NOOP")
        try await client.ask("QUIT")
        #expect(bed.grants.grant(of: Bed.phone) == nil)
      }
    }
  }
}
