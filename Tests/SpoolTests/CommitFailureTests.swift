#if FAULT_INJECTION
  import Foundation
  import Platform
  import Testing

  @testable import Spool

  /// "Accepted means there, exactly once": each system call of a commit fails in turn.
  @Suite struct CommitFailureTests {
    static let durabilities: [Durability] = [.ordered, .wholeRenames, .separate]

    @Test(
      "Whichever call fails, a message is whole and acknowledged, or is not there",
      arguments: durabilities)
    func everyCallOnce(_ durability: Durability) throws {
      for code in [ENOSPC, EIO, EMFILE] {
        var n = 1
        while try attempt(failing: n, .once, with: code, durability) { n += 1 }
        #expect(n > 15, "the calls of a commit go through the seam")
      }
    }

    @Test(
      "When the disk goes away at any call, nothing acknowledged is missing",
      arguments: durabilities
    )
    func everyCallOnwards(_ durability: Durability) throws {
      var n = 1
      while try attempt(failing: n, .onwards, with: EIO, durability) { n += 1 }
    }

    @Test(
      "A call that the file system does not have is done without",
      arguments: ["renameat2", "sync_file_range"], [EINVAL, ENOSYS, EPERM])
    func missingCalls(name: String, code: Int32) throws {
      let spool = try SpoolScratch(.ordered)
      let queued = spool.queueDraft()
      let local = spool.mailDraft("hello\n", for: ["ann"], counter: 2)
      let directories = spool.directories
      let (isReached, _) = FaultInjection.failing(every: name, with: code) {
        Commit.run([queued, local], in: directories)
      }
      #expect(isReached)
      for draft in [queued, local] { try #require(draft.result).get() }
      #expect(spool.names(in: "queue/new") == [try queued.finalName.description])
      #expect(spool.names(in: "queue/tmp") == [])
      // A name that is taken is as safe as with the call.
      let again = spool.queueDraft()
      _ = FaultInjection.failing(every: name, with: code) {
        Commit.run([again], in: directories)
      }
      #expect(throws: SystemError(code: EEXIST, call: "linkat")) { try again.result?.get() }
      #expect(spool.names(in: "queue/new") == [try queued.finalName.description])
    }

    @Test("A folder that cannot be synced by itself is synced with its file system")
    func syncedFileSystem() throws {
      let spool = try SpoolScratch(.wholeRenames)
      let draft = spool.queueDraft()
      let directories = spool.directories
      let (isReached, _) = FaultInjection.failing(every: "fsync", with: EINVAL) {
        Commit.run([draft], in: directories)
      }
      #expect(isReached)
      try #require(draft.result).get()
    }

    @Test("A temporary name that stays refuses no message that its reader can fetch")
    func temporaryNameStays() throws {
      let spool = try SpoolScratch()
      let draft = spool.mailDraft("hello\n", for: ["ann", "bob"])
      let directories = spool.directories
      let (isReached, _) = FaultInjection.failing(every: "unlinkat", with: EIO) {
        Commit.run([draft], in: directories)
      }
      #expect(isReached)
      try #require(draft.result).get()
      for user in ["ann", "bob"] { #expect(spool.names(in: "mail/\(user)/new").count == 1) }
      _ = try spool.scan()
      #expect(spool.names(in: "queue/tmp") == [])
      for user in ["ann", "bob"] { #expect(spool.names(in: "mail/\(user)/new").count == 1) }
    }

    /// Commits a message for the queue and one for two maildrops; says whether the call was reached.
    private func attempt(
      failing n: Int, _ extent: FaultInjection.Extent, with code: Int32, _ durability: Durability
    ) throws -> Bool {
      let spool = try SpoolScratch(durability)
      let queued = spool.queueDraft("Subject: x\n\n\(String(repeating: "line\n", count: 9000))")
      let local = spool.mailDraft("hello\n", for: ["ann", "bob"], counter: 2)
      let directories = spool.directories
      let (isReached, _) = FaultInjection.failing(call: n, extent, with: code) {
        Commit.run([queued, local], in: directories)
      }
      let results = [try #require(queued.result), try #require(local.result)]
      for case .failure(let error) in results { #expect(error.code == code) }

      let scan = try spool.scan()
      #expect(scan.strangers.isEmpty)
      #expect(spool.names(in: "queue/tmp") == [])
      switch results[0] {
      case .success:
        #expect(scan.messages.map(\.0.name) == [try queued.finalName])
        #expect(
          try spool.bytes(of: "queue/new/\(try queued.finalName)").count == queued.bytes)
      case .failure:
        // With the disk gone the name may stay: a whole message that its client sends again.
        if extent == .once { #expect(scan.messages.isEmpty, "call \(n)") }
        for (message, _) in scan.messages {
          #expect(throws: Never.self) { try OpenMessage(message, in: directories) }
        }
      }
      for user in ["ann", "bob"] {
        let names = spool.names(in: "mail/\(user)/new")
        switch results[1] {
        case .success: #expect(names == [try local.finalName.description])
        case .failure: if extent == .once { #expect(names == [], "call \(n)") }
        }
      }
      return isReached
    }

    @Test("A maildrop that could not be made durable is made again for the next message")
    func maildrop() throws {
      var n = 1
      while true {
        let spool = try SpoolScratch()
        let directories = spool.directories
        let first = spool.mailDraft("one\n", for: ["ann"])
        let (isReached, _) = FaultInjection.failing(call: n, with: EIO) {
          Commit.run([first], in: directories)
        }
        let wasMade = !spool.names(in: "mail/ann/new").isEmpty
        let second = spool.mailDraft("two\n", for: ["ann"], counter: 2)
        Commit.run([second], in: directories)
        try #require(second.result).get()
        #expect(spool.names(in: "mail/ann/new").count == (wasMade ? 2 : 1))
        if !isReached { break }
        n += 1
      }
    }

    @Test("A queue in which any one file cannot be looked at still gives the others")
    func scan() throws {
      var n = 1
      while true {
        let spool = try SpoolScratch()
        for counter in 1...3 { _ = try spool.queued(spool.queueDraft(counter: UInt32(counter))) }
        let names = spool.names(in: "queue/new")
        try FileManager.default.moveItem(
          atPath: "\(spool.path)/queue/new/\(names[0])",
          toPath: "\(spool.path)/queue/cur/\(names[0]):2,S")
        try spool.put("", at: "queue/tmp/left.over")
        let directories = spool.directories
        var scan: QueueScan?
        let (isReached, failure) = FaultInjection.failing(call: n, with: EIO) {
          () throws(SystemError) in
          scan = try QueueScan(directories, wallTime: 0)
        }
        if failure != nil {
          #expect(scan == nil)  // a directory could not be read: the start fails, nothing is lost
        } else {
          let found = try #require(scan)
          #expect(found.messages.count >= 2)
          #expect(found.messages.count + found.strangers.count >= 3)
        }
        #expect(spool.names(in: "queue/new").count + spool.names(in: "queue/cur").count == 3)
        if !isReached { break }
        n += 1
      }
    }
  }
#endif
