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

  /// Whether a login of a user would be looked at.
  @Loop
  private static func tries(
    _ conduct: Conduct, _ user: String, from client: IPAddress = stranger
  ) async -> Bool {
    await conduct.tryPassword(service: "pop3", client: client, user: user) { true } == true
      && conduct.mayTry(service: "pop3", client: client, user: user)
  }

  /// Tries a wrong password as a session does; says whether it was looked at.
  @Loop
  private static func attempt(_ conduct: Conduct, _ password: String) async -> Bool {
    let result = await conduct.tryPassword(service: "pop3", client: stranger, user: "alice") {
      await Task.yield()
      return false
    }
    if result != nil { _ = await guess(conduct, password, from: stranger) }
    return result != nil
  }

  /// Guesses whose answers are waited for by nobody.
  @Loop
  private static func guessInVain(
    _ conduct: Conduct, _ passwords: [String?], user: String = "alice", from client: IPAddress
  ) async {
    for password in passwords {
      await withTaskGroup(of: Void.self) { group in
        group.addTask {
          _ = await conduct.loginFailed(
            service: "pop3", client: client, user: user, password: password.map { Array($0.utf8) })
        }
        group.cancelAll()
      }
    }
  }

  @Test("Ten tries with a mechanism that hides the password are one guess, and the next ones count")
  func hiddenPasswords() async {
    await onLoop {
      let conduct = Self.conduct(failedLogins: 3)
      await Self.guessInVain(conduct, Array(repeating: nil, count: 10), from: Self.stranger)
      #expect(conduct.refusal(of: Self.stranger, .stranger) == nil)
      #expect(await Self.tries(conduct, "alice"))
      await Self.guessInVain(conduct, [nil, nil], from: Self.stranger)
      #expect(conduct.refusal(of: Self.stranger, .stranger) == "banned after 3 failed logins")
      #expect(await !Self.tries(conduct, "alice"))
    }
  }

  @Test("Devices with old passwords do not ban an address from which somebody has logged in")
  func household() async {
    await onLoop {
      let conduct = Self.conduct(failedLogins: 3, loginDelay: .seconds(1))
      conduct.noteLogin(of: Self.stranger, user: "carol")
      #expect(conduct.standing(of: Self.stranger) == .known)
      for user in ["alice", "bob", "dora", "emil"] {
        await Self.guessInVain(conduct, ["old", "older"], user: user, from: Self.stranger)
      }
      #expect(conduct.refusal(of: Self.stranger, .known) == nil)
      #expect(await Self.tries(conduct, "carol"))
      #expect(await Self.tries(conduct, "alice"))
      #expect(await Self.tries(conduct, "fred"))
    }
  }

  @Test(
    "Guesses at one user are paced, in any spelling of the name, and those of others are not touched"
  )
  func pace() async {
    await onLoop {
      let conduct = Self.conduct(failedLogins: 3, loginDelay: .seconds(30))
      for number in 1...2 {
        await Self.guessInVain(conduct, ["\(number)"], from: Self.trusted)
        #expect(await Self.tries(conduct, "alice", from: Self.trusted))
      }
      await Self.guessInVain(conduct, ["3"], user: "ALICE@home.example", from: Self.trusted)
      #expect(await !Self.tries(conduct, "alice", from: Self.trusted))
      #expect(await !Self.tries(conduct, "Alice", from: Self.trusted))
      #expect(await Self.tries(conduct, "bob", from: Self.trusted))
      #expect(await Self.tries(conduct, "alice", from: Self.stranger))
    }
  }

  @Test(
    "After many guesses at many names only who has logged in from there is let in for the moment")
  func sprayed() async {
    await onLoop {
      let conduct = Self.conduct(loginDelay: .seconds(30))
      conduct.noteLogin(of: Self.trusted, user: "carol")
      for number in 1...40 {
        #expect(await Self.tries(conduct, "user\(number)", from: Self.trusted))
        await Self.guessInVain(conduct, ["x"], user: "user\(number)", from: Self.trusted)
      }
      #expect(await !Self.tries(conduct, "user41", from: Self.trusted))
      #expect(await Self.tries(conduct, "carol", from: Self.trusted))
      #expect(await Self.tries(conduct, "user41", from: Self.stranger))
    }
  }

  @Test(
    "While a client's places for delayed answers are taken, no other password of it is looked at")
  func fullPlaces() async {
    await onLoop {
      let conduct = Self.conduct(failedLogins: 1000, loginDelay: .seconds(30))
      conduct.noteLogin(of: Self.trusted, user: "carol")
      await withTaskGroup(of: Void.self) { group in
        for number in 0..<Limits.delayedSessionsOfClient {
          group.addTask {
            _ = await Self.guess(conduct, "x", user: "user\(number)", from: Self.trusted)
          }
        }
        for _ in 0..<100 { await Task.yield() }
        #expect(await !Self.tries(conduct, "bob", from: Self.trusted))
        #expect(await Self.tries(conduct, "carol", from: Self.trusted))
        #expect(await Self.tries(conduct, "bob", from: Self.stranger))
        group.cancelAll()
      }
      #expect(await Self.tries(conduct, "bob", from: Self.trusted))
    }
  }

  @Test("A burst of guesses is looked at one by one, so that none is verified after the ban")
  func burst() async {
    await onLoop {
      let conduct = Self.conduct(failedLogins: 3)
      var verified = 0
      await withTaskGroup(of: Bool.self) { group in
        for number in 0..<20 {
          group.addTask { await Self.attempt(conduct, "\(number)") }
        }
        for await isVerified in group where isVerified { verified += 1 }
      }
      #expect(verified == 3)
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
