import EventLoop
import Platform
import TestSupport
import Testing

@testable import Network

@Suite struct ConductTests {
  private static let trusted = IPAddress(v4: 0xC0A8_0105)
  private static let stranger = IPAddress(v4: 0xCB00_7105)

  @Loop
  private static func conduct(failedLogins: Int = 3, loginDelay: Duration = .zero) -> Conduct {
    Conduct(
      ClientRules(
        connectionsPerMinute: 2, commandsPerMinute: 2, failedLogins: failedLogins,
        ban: .seconds(900), loginDelay: loginDelay)
    ) { $0 == trusted ? .trusted : .stranger }
  }

  @Loop
  private static func guess(
    _ conduct: Conduct, _ password: String, user: String = "alice", from client: IPAddress
  ) async -> Bool {
    await conduct.loginFailed(
      service: "pop3", client: client, user: user, password: Array(password.utf8))
  }

  @Test("A stranger is counted, a trusted client is not")
  func standing() async {
    await onLoop {
      let conduct = Self.conduct()
      for _ in 0..<2 {
        #expect(conduct.refusal(of: Self.stranger, .stranger) == nil)
        #expect(conduct.noteCommand(of: Self.stranger))
      }
      #expect(conduct.refusal(of: Self.stranger, .known) == "more than 2 connections in a minute")
      #expect(!conduct.noteCommand(of: Self.stranger))
      for _ in 0..<10 {
        #expect(conduct.refusal(of: Self.trusted, .trusted) == nil)
        #expect(conduct.noteCommand(of: Self.trusted))
      }
    }
  }

  @Test("Wrong passwords ban a stranger, and a trusted client never")
  func bans() async {
    await onLoop {
      let conduct = Self.conduct()
      for client in [Self.stranger, Self.trusted] {
        #expect(await Self.guess(conduct, "1", from: client))
        #expect(await Self.guess(conduct, "2", from: client))
      }
      #expect(await !Self.guess(conduct, "3", from: Self.stranger))
      #expect(await Self.guess(conduct, "3", from: Self.trusted))
      #expect(conduct.refusal(of: Self.stranger, .stranger) == "banned after 3 failed logins")
      #expect(conduct.refusal(of: Self.trusted, .trusted) == nil)
    }
  }

  @Test("The same password of another user, or another of the same one, is another guess")
  func pairs() async {
    await onLoop {
      let conduct = Self.conduct()
      for _ in 0..<5 { #expect(await Self.guess(conduct, "old", from: Self.stranger)) }
      #expect(await Self.guess(conduct, "old", user: "bob", from: Self.stranger))
      #expect(await !Self.guess(conduct, "new", from: Self.stranger))
    }
  }

  @Test("New rules hold at once")
  func rules() async {
    await onLoop {
      let conduct = Self.conduct()
      #expect(await Self.guess(conduct, "1", from: Self.stranger))
      conduct.rules.failedLogins = 2
      #expect(await !Self.guess(conduct, "2", from: Self.stranger))
    }
  }

  @Test("Sessions that wait for an answer are so many at most; the others end at once")
  func delayedSessions() async {
    await onLoop {
      let conduct = Self.conduct(failedLogins: 1000, loginDelay: .seconds(30))
      await withTaskGroup(of: Bool.self) { group in
        for number in 0...Limits.delayedSessions {
          let client = IPAddress(v4: UInt32(number))
          group.addTask { await Self.guess(conduct, "x", from: client) }
        }
        #expect(await group.next() == false)
        // Those that waited could go on when their wait was broken off.
        group.cancelAll()
        var others: [Bool] = []
        for await mayGoOn in group { others.append(mayGoOn) }
        #expect(others == Array(repeating: true, count: Limits.delayedSessions))
      }
      await withTaskGroup(of: Bool.self) { group in
        group.addTask { await Self.guess(conduct, "x", from: Self.stranger) }
        group.cancelAll()
        #expect(await group.next() == true, "all have given their places back")
      }
    }
  }
}
