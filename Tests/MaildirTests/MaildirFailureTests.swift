#if FAULT_INJECTION
  import Platform
  import Testing

  @testable import Maildir

  /// Each operation with its n-th system call failing, for every n.
  struct MaildirFailureTests {
    static let EIO: Int32 = 5
    static let EMFILE: Int32 = 24

    static func filled(_ durability: Durability = .separate) throws -> Sample {
      let sample = try Sample(durability)
      for number in 1...3 { try sample.put("new/\(number).a.h,S=2,W=3", "x\n") }
      try sample.put("new/4.a.h", "x\n")
      try sample.put("cur/5.a.h:2,S", "x\n")
      return sample
    }

    @Test(arguments: [EIO, EMFILE])
    func `A listing is whole or fails, and never hides a message`(code: Int32) throws {
      let sample = try Self.filled()
      for n in 1... {
        var count = 0
        let (isReached, failure) = FaultInjection.failing(call: n, with: code) {
          () throws(SystemError) in
          count = try sample.maildir.contents().count
        }
        #expect(failure != nil || count == 5, "call \(n)")
        guard isReached else { break }
      }
    }

    @Test(arguments: [Durability.ordered, .separate])
    func `What is still there after a removal has been reported, and can be removed later`(
      durability: Durability
    ) throws {
      for n in 1... {
        let sample = try Self.filled(durability)
        let contents = try sample.maildir.contents()
        try sample.move("new/2.a.h,S=2,W=3", to: "cur/2.a.h,S=2,W=3:2,S")
        var failures = 0
        let (isReached, _) = FaultInjection.failing(call: n, with: Self.EIO) {
          () throws(SystemError) in
          failures = sample.maildir.remove([0, 1, 2, 4], of: contents).failures
        }
        let left = try sample.files().count - 1
        #expect(failures >= left, "call \(n)")
        // What keeps the inodes until a sync is no removal, and may fail.
        if durability == .ordered { #expect((failures > 0) == isReached, "call \(n)") }
        #expect(sample.maildir.remove([0, 1, 2, 4], of: contents).failures == 0)
        #expect(try sample.files() == ["new/4.a.h"])
        guard isReached else { break }
      }
    }

    @Test func `A message that cannot be opened is a failure and not a message that has gone`()
      throws
    {
      let sample = try Self.filled()
      let contents = try sample.maildir.contents()
      try sample.move("new/1.a.h,S=2,W=3", to: "cur/1.a.h,S=2,W=3:2,S")
      for n in 1... {
        var isFound = false
        let (isReached, failure) = FaultInjection.failing(call: n, with: Self.EMFILE) {
          () throws(SystemError) in
          isFound = try sample.maildir.open(0, of: contents) != nil
        }
        #expect(isFound != (failure != nil), "call \(n)")
        guard isReached else { break }
      }
    }
  }
#endif
