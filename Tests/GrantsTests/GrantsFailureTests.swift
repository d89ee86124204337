#if FAULT_INJECTION
  import Foundation
  import Platform
  import TestSupport
  import Testing

  @testable import Grants

  /// Each operation with its n-th system call failing, for every n.
  @Suite struct GrantsFailureTests {
    @Test(arguments: [5 as Int32, 28])
    func `The file is the old one or the new one, whatever fails`(code: Int32) async throws {
      try await onLoop {
        for n in 1... {
          let bed = try Bed()
          try bed.edit { _ in ["192.168.1.5 alice"] }
          _ = bed.user()
          var version = bed.grants.file.version
          let text = Array("192.168.1.6 bob\n".utf8)
          let (isReached, failure) = FaultInjection.failing(call: n, with: code) {
            () throws(SystemError) in
            version = try bed.grants.replace(with: text, unlessChangedFrom: version) ?? version
          }
          #expect(try bed.lines() == [failure == nil ? "192.168.1.6 bob" : "192.168.1.5 alice"])
          #expect(try bed.grants.replace(with: text, unlessChangedFrom: version) != nil)
          #expect(try bed.lines() == ["192.168.1.6 bob"])
          guard isReached else { break }
        }
      }
    }

    @Test func `What cannot be written is told once, and written when it can be`() async throws {
      try await onLoop {
        var told: Set<String> = []
        for n in 1... {
          let bed = try Bed()
          bed.logIn()
          bed.logIn(at: Bed.pc)
          await bed.keepFile()
          bed.grants.revoke(Bed.pc)
          await bed.disk.run { FaultInjection.begin(call: n, .onwards, with: 5) }
          await bed.grants.write()
          bed.world.pass(.seconds(5))
          await bed.grants.write()
          let isReached = await bed.disk.run { FaultInjection.end() }
          #expect(bed.world.sentences.count == (isReached ? 1 : 0), "\(bed.world.sentences)")
          told.formUnion(bed.world.sentences)
          bed.world.pass(.seconds(10))
          await bed.keepFile()
          #expect(try bed.lines().map { $0.prefix(12) } == ["192.168.1.5 "])
          #expect(bed.user() == "alice")
          #expect(bed.user(at: Bed.pc) == nil)
          guard isReached else { break }
        }
        // Both the file and its name.
        #expect(
          told.contains { $0.contains("fdatasync") } && told.contains { $0.contains("(fsync") })
      }
    }

    @Test func `What cannot be read lets nobody send, and ends no grant that is known`()
      async throws
    {
      try await onLoop {
        for n in 1... {
          let bed = try Bed()
          bed.logIn(at: Bed.pc)
          await bed.keepFile()
          try bed.edit { $0 + ["192.168.1.5 alice"] }
          var users: [String?] = []
          let (isReached, _) = FaultInjection.failing(call: n, with: 5) {
            users = [bed.user(at: Bed.pc), bed.user()]
          }
          #expect(users[0] == "alice")
          #expect(isReached || users[1] == "alice")
          // It is looked at again.
          #expect(bed.user() == "alice", "call \(n)")
          guard isReached else { break }
        }
      }
    }

    @Test func `What cannot be read for a while is not replaced from memory`() async throws {
      try await onLoop {
        for n in 1... {
          let bed = try Bed()
          bed.logIn(at: Bed.pc)
          await bed.keepFile()
          // Due while the file cannot be read.
          bed.logIn("bob", at: Bed.pc)
          try bed.edit { $0 + ["192.168.1.7 alice"] }
          let edited = try bed.lines()
          let (isReached, _) = FaultInjection.failing(call: n, .onwards, with: 24) {
            _ = bed.user()
          }
          if isReached {
            FaultInjection.begin(call: n, .onwards, with: 24)
            await bed.grants.write()
            #expect(FaultInjection.end())
            #expect(try bed.lines() == edited, "call \(n)")
            #expect(bed.world.sentences.count == 1, "\(bed.world.sentences)")
          }
          bed.world.pass(.seconds(5))
          await bed.keepFile()
          #expect(try bed.lines().count == 3, "call \(n)")
          guard isReached else { break }
        }
      }
    }

    @Test func `What could not be read at the start comes later, and undoes nothing new`()
      async throws
    {
      try await onLoop {
        var late = 0
        for n in 1... {
          let bed = try Bed()
          bed.logIn()
          bed.logIn(at: Bed.pc)
          await bed.keepFile()
          bed.world.pass(.seconds(800))
          let (isReached, failure) = FaultInjection.failing(call: n, .onwards, with: 5) {
            try bed.restart()
            bed.logIn()
          }
          if !isReached { break }
          // Without its directory there is no start.
          if failure != nil { continue }
          late += 1
          #expect(bed.world.sentences.count == 1, "\(bed.world.sentences)")
          bed.world.pass(.seconds(99))
          #expect(bed.user(at: Bed.pc) == "alice")
          bed.world.pass(.seconds(1))
          #expect(bed.user(at: Bed.pc) == nil)
          #expect(bed.user() == "alice")
        }
        #expect(late > 3)
      }
    }

    @Test func `Of what is written and not synced, nothing is taken for an edit`() async throws {
      try await onLoop {
        for n in 1... {
          let bed = try Bed()
          bed.logIn()
          await bed.keepFile()
          bed.logIn(at: Bed.pc)
          let before = bed.grants.file.version
          await bed.disk.run { FaultInjection.begin(call: n, .onwards, with: 5) }
          await bed.grants.write()
          guard await bed.disk.run({ FaultInjection.end() }) else { break }
          // As while the sync was waited for, when the file is not looked at.
          bed.grants.file.isChanging = true
          bed.grants.revoke(Bed.pc)
          bed.grants.file.isChanging = false
          #expect(bed.user(at: Bed.pc) == nil, "call \(n)")
          #expect(bed.user() == "alice")
          #expect(bed.grants.file.writeFailure != nil)
          bed.world.pass(.seconds(5))
          await bed.keepFile()
          #expect(bed.grants.file.version != before)
          #expect(try bed.lines().map { $0.prefix(12) } == ["192.168.1.5 "])
          #expect(bed.grants.file.writeFailure == nil)
        }
      }
    }

    @Test func `A session prolongs no grant that an admin may have taken away`() async throws {
      try await onLoop {
        let bed = try Bed()
        bed.logIn()
        await bed.keepFile()
        bed.world.pass(.seconds(800))
        try bed.edit { _ in [] }
        _ = FaultInjection.failing(call: 1, .onwards, with: 5) {
          bed.grants.extend(Bed.phone, user: "alice", isEncrypted: false)
        }
        bed.world.pass(.seconds(100))
        _ = FaultInjection.failing(call: 1, .onwards, with: 5) { #expect(bed.user() == nil) }
      }
    }
  }
#endif
