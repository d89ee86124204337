import Platform
import TestSupport
import Testing

@testable import Retrieval

struct LoginDelayTests {
  @Test func `Who comes back too soon is told so for the right password, and earns nothing`()
    async throws
  {
    try await onLoop {
      let bed = try Bed()
      bed.settings.loginDelay = .seconds(60)
      try await bed.session { client in
        try await client.logIn()
        try await client.ask("QUIT")
      }
      bed.grants.revoke(user: "alice")
      try await bed.session { client in
        try await client.logIn("alice", "secret", "-ERR [LOGIN-DELAY]")
        try await client.ask("USER alice")
        try await client.ask("PASS wrong", "-ERR [AUTH]")
        try await client.ask("USER bob")
        try await client.ask("PASS secret")
      }
      #expect(bed.grants.grant(of: Bed.phone)?.user == "bob")
    }
  }

  @Test func `A login that did not work counts for nothing`() async throws {
    try await onLoop {
      let bed = try Bed()
      try await bed.session { holder in
        try await holder.logIn()
        bed.settings.loginDelay = .seconds(60)
        try await bed.session { client in
          try await client.logIn("alice", "secret", "-ERR [IN-USE]")
        }
        try await holder.ask("QUIT")
      }
      try await bed.session { client in try await client.logIn() }
    }
  }

  @Test func `CAPA tells the delay and the days, where there are some`() async throws {
    try await onLoop {
      let bed = try Bed()
      bed.settings.loginDelay = .seconds(90)
      bed.settings.expiryDays = 30
      try await bed.session { client in
        try await client.expect("+OK")
        try await client.ask("CAPA")
        let text = try await client.content()
        #expect(text.contains("LOGIN-DELAY 90\n"))
        #expect(text.contains("EXPIRE 30\n"))
      }
    }
  }

  @Test func `A login is too soon until the delay is over, on the clock that never jumps`() {
    var times = LoginTimes()
    let start = Instant(nanoseconds: 1_000_000_000)
    times.note("alice", at: start)
    func isTooSoon(_ user: String, _ later: Duration) -> Bool {
      times.isTooSoon(user, delay: .seconds(60), at: start + later)
    }
    #expect(isTooSoon("alice", .seconds(59)))
    #expect(!isTooSoon("alice", .seconds(60)))
    #expect(!isTooSoon("bob", .zero))
  }

  @Test func `The oldest login makes room`() {
    var times = LoginTimes()
    let start = Instant(nanoseconds: 0)
    for number in 0...LoginTimes.limit { times.note("u\(number)", at: start + .seconds(number)) }
    let now = start + .seconds(LoginTimes.limit)
    #expect(!times.isTooSoon("u0", delay: .seconds(3600), at: now))
    #expect(times.isTooSoon("u1", delay: .seconds(3600), at: now))
  }
}
