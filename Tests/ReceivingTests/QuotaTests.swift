import EventLoop
import Foundation
import Platform
import SMTP
import TestSupport
import Testing

@testable import Receiving
@testable import Spool

/// What maildrops may hold, and what is said before they are full.
@Suite struct QuotaTests {
  @Test(
    "A quota is of octets, of messages, or of both; a message of unknown size is the last one over it",
    arguments: [
      (Quota(), 1 << 40, 1_000_000, 0, nil),
      (Quota(size: ByteCount(bytes: 1000)), 1000, 5, 0, nil),
      (Quota(size: ByteCount(bytes: 1000)), 1001, 5, 0, "its quota of 1000"),
      (Quota(size: ByteCount(bytes: 1000)), 900, 5, 100, nil),
      (Quota(size: ByteCount(bytes: 1000)), 900, 5, 101, "its quota of 1000"),
      (Quota(size: ByteCount(bytes: 1000)), 900, 5, Int.max, "its quota of 1000"),
      (Quota(messages: 5), 1 << 40, 4, 0, nil),
      (Quota(messages: 5), 0, 5, 0, "its quota of 5 messages"),
    ])
  func lack(quota: Quota, bytes: Int, messages: Int, declared: Int, expected: String?) {
    let usage = MaildropUsage(bytes: bytes, messages: messages)
    #expect(quota.lack(usage, declaredBytes: declared) == expected)
  }

  @Test("Percent are those of what is nearer to its end")
  func percent() {
    let quota = Quota(size: ByteCount(bytes: 1000), messages: 10)
    #expect(quota.percent(MaildropUsage(bytes: 899, messages: 0)) == 89)
    #expect(quota.percent(MaildropUsage(bytes: 100, messages: 9)) == 90)
    #expect(quota.percent(MaildropUsage(bytes: .max, messages: 0)) >= 90)
    #expect(Quota().percent(MaildropUsage(bytes: 5, messages: 5)) == 0)
  }

  @Test func `A maildrop takes its number of messages, and others when some have gone`()
    async throws
  {
    try await onLoop {
      let bed = try Bed()
      try bed.changeUsers { $0.map { $0.hasPrefix("bob:") ? $0 + "quota-messages=2" : $0 } }
      try await bed.session { client in
        try await client.greet()
        for _ in 0..<2 { try await client.deliver(to: "bob@home.example") }
        // The notice counts as well, and is the only one.
        #expect(bed.names(in: "mail/bob/new").count == 3)
        try await client.ask("MAIL FROM:<me@home.example>")
        try await client.ask("RCPT TO:<bob@home.example>", "452 4.2.2 The mailbox is full")
        try await client.ask("RCPT TO:<alice@home.example>")
        for name in bed.names(in: "mail/bob/new") {
          try FileManager.default.removeItem(
            atPath: "\(bed.scratch.path)/spool/mail/bob/new/\(name)")
        }
        try await client.ask("RCPT TO:<bob@home.example>")
      }
    }
  }

  @Test func `What holds for all holds where the user has nothing else`() async throws {
    try await onLoop {
      let bed = try Bed()
      bed.receiver.settings.quota = Quota(size: ByteCount(bytes: 400))
      try bed.changeUsers { $0.map { $0.hasPrefix("bob:") ? $0 + "quota=1MB" : $0 } }
      try await bed.session { client in
        try await client.greet()
        try await client.ask("MAIL FROM:<me@home.example> SIZE=500")
        try await client.ask("RCPT TO:<alice@home.example>", "452 4.2.2")
        try await client.ask("RCPT TO:<bob@home.example>")
      }
    }
  }

  @Test func `At 90 percent the user is told once, and again when there had been room`()
    async throws
  {
    try await onLoop {
      let bed = try Bed()
      try bed.changeUsers { $0.map { $0.hasPrefix("bob:") ? $0 + "quota-messages=10" : $0 } }
      let folder = "\(bed.scratch.path)/spool/mail/bob"
      let marker = "\(folder)/gatepost-notified"
      try await bed.session { client in
        try await client.greet()
        for count in 1...8 {
          try await client.deliver(to: "bob@home.example")
          #expect(bed.names(in: "mail/bob/new").count == count)
        }
        #expect(!FileManager.default.fileExists(atPath: marker))
        try await client.deliver(to: "bob@home.example")
        #expect(bed.names(in: "mail/bob/new").count == 10)
        #expect(FileManager.default.fileExists(atPath: marker))
        let notice = try #require(
          bed.files(in: "mail/bob/new").first { $0.contains("Auto-Submitted: auto-generated\n") })
        #expect(notice.hasPrefix("Return-Path: <>\nReceived: by gw.home.example id "))
        #expect(notice.contains("\nSubject: Your maildrop is 90 % full\n"))
        #expect(notice.contains("\nTo: bob@home.example\n"))
        #expect(notice.contains("holds 9 of 10 messages."))
        // Another mail program makes room, though not much of it: nothing is said at 90 % again.
        for name in bed.names(in: "mail/bob/new").prefix(2) {
          try FileManager.default.removeItem(atPath: "\(folder)/new/\(name)")
        }
        try await client.deliver(to: "bob@home.example")
        #expect(bed.names(in: "mail/bob/new").count == 9)
        // Below 80 % it begins anew.
        for name in bed.names(in: "mail/bob/new").prefix(3) {
          try FileManager.default.removeItem(atPath: "\(folder)/new/\(name)")
        }
        try await client.deliver(to: "bob@home.example")
        #expect(!FileManager.default.fileExists(atPath: marker))
        for _ in 0..<2 { try await client.deliver(to: "bob@home.example") }
        #expect(bed.names(in: "mail/bob/new").count == 10)
        #expect(FileManager.default.fileExists(atPath: marker))
      }
    }
  }

  @Test func `Whose maildrop is full because of a smaller quota is told by the first refusal`()
    async throws
  {
    try await onLoop {
      let bed = try Bed()
      let folder = "\(bed.scratch.path)/spool/mail/bob/new"
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      for number in 0..<8 { try Data().write(to: URL(filePath: "\(folder)/\(number).a,S=0,W=0")) }
      try bed.changeUsers { $0.map { $0.hasPrefix("bob:") ? $0 + "quota-messages=5" : $0 } }
      try await bed.session { client in
        try await client.greet()
        try await client.ask("MAIL FROM:<me@home.example>")
        for _ in 0..<3 {
          try await client.ask("RCPT TO:<bob@home.example>", "452 4.2.2 The mailbox is full")
        }
      }
      #expect(bed.names(in: "mail/bob/new").count == 9)
      let notice = try bed.files(in: "mail/bob/new").first { $0.contains("Subject: ") }
      #expect(notice?.contains("Your maildrop is 160 % full\n") == true)
      #expect(notice?.contains("holds 8 of 5 messages.\nIt is full: mail for you is") == true)
    }
  }

  @Test func `On a disk that is nearly full those are told who have most of it, quota or not`()
    async throws
  {
    try await onLoop {
      let bed = try Bed()
      bed.receiver.settings.freeSpaceBytes = 1000
      @Loop func free(_ bytes: Int) {
        bed.receiver.quotas.space = { () throws(SystemError) in
          FileSystemSpace(bytes: 100_000, freeBytes: bytes)
        }
      }
      func notices(_ user: String) throws -> Int {
        try bed.files(in: "mail/\(user)/new").count { $0.contains("\nSubject: Your maildrop is ") }
      }
      let folder = "\(bed.scratch.path)/spool/mail/bob/new"
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      try Data().write(to: URL(filePath: "\(folder)/1.a,S=60000,W=60000"))
      try await bed.session { client in
        try await client.greet()
        free(20_000)
        for user in ["alice", "bob"] { try await client.deliver(to: "\(user)@home.example") }
        free(8000)
        for user in ["alice", "bob"] { try await client.deliver(to: "\(user)@home.example") }
        #expect(try notices("bob") == 0)
        free(7000)
        for user in ["alice", "bob", "bob"] { try await client.deliver(to: "\(user)@home.example") }
        #expect(try notices("alice") == 0 && notices("bob") == 1)
        #expect(
          try bed.files(in: "mail/bob/new").contains {
            $0.contains("holds 59KB, and the disk has room for 5KB more.\n")
          })
        // There is some room, and then less again: nothing is said. Below 80 % it begins anew.
        free(10_000)
        try await client.deliver(to: "bob@home.example")
        free(7000)
        try await client.deliver(to: "bob@home.example")
        #expect(try notices("bob") == 1)
        free(20_000)
        try await client.deliver(to: "bob@home.example")
        free(7000)
        try await client.deliver(to: "bob@home.example")
        #expect(try notices("bob") == 2)
      }
    }
  }

  @Test func `After a restart the user is not told once more`() async throws {
    try await onLoop {
      let bed = try Bed()
      try bed.changeUsers { $0.map { $0.hasPrefix("bob:") ? $0 + "quota-messages=10" : $0 } }
      let folder = "\(bed.scratch.path)/spool/mail/bob"
      try FileManager.default.createDirectory(
        atPath: "\(folder)/new", withIntermediateDirectories: true)
      for number in 0..<8 {
        try Data().write(to: URL(filePath: "\(folder)/new/\(number).a,S=0,W=0"))
      }
      try Data().write(to: URL(filePath: "\(folder)/gatepost-notified"))
      try await bed.session { client in
        try await client.greet()
        for _ in 0..<2 { try await client.deliver(to: "bob@home.example") }
      }
      #expect(bed.names(in: "mail/bob/new").count == 10)
    }
  }
}
