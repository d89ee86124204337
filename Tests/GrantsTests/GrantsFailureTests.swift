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
          let text = Array("192.168.1.6 bob\n".utf8)
          let (isReached, failure) = FaultInjection.failing(call: n, with: code) {
            () throws(SystemError) in
            _ = try bed.grants.replace(with: text, unlessChangedFrom: .unusable(""))
          }
          #expect(try bed.lines() == [failure == nil ? "192.168.1.6 bob" : "192.168.1.5 alice"])
          #expect(try bed.grants.replace(with: text, unlessChangedFrom: .unusable("")) != nil)
          #expect(try bed.lines() == ["192.168.1.6 bob"])
          guard isReached else { break }
        }
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
  }
#endif
