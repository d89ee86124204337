import EventLoop
import Foundation
import Platform
import TestSupport
import Testing

@testable import Accounts
@testable import Receiving
@testable import Spool

@Suite("What is taken in, and where it goes") struct AcceptanceTests {
  @Test("A message for here and elsewhere has one file in the queue and one in each maildrop")
  func mixed() async throws {
    try await onLoop {
      let bed = try Bed()
      try await bed.session { client in
        try await client.greet()
        try await client.deliver(
          to: "alice@home.example", "ann@far.example", "BOB@HOME.example", "bob@home.example",
          "joe@far.example")
        #expect(bed.names(in: "queue/new").count == 1)
        try await client.ask("QUIT", "221")
      }
      let queued = try #require(bed.files(in: "queue/new").first)
      #expect(
        queued.split(separator: "\n").filter { $0.hasPrefix("Gatepost-To:") } == [
          "Gatepost-To: - <ann@far.example>", "Gatepost-To: - <joe@far.example>",
        ])
      #expect(queued.contains("\nGatepost-From: <me@home.example>\n"))
      for user in ["alice", "bob"] {
        let file = try #require(bed.files(in: "mail/\(user)/new").first)
        #expect(file.hasPrefix("Return-Path: <me@home.example>\nReceived: from "))
        #expect(file.hasSuffix("\nSubject: hello\n\nhello\n"))
      }
      #expect(bed.names(in: "mail") == ["alice", "bob"])
      #expect(bed.names(in: "queue/tmp") == [])
      #expect(bed.spool.count == 1)
    }
  }

  @Test("A maildrop over its quota takes nothing more, and others are not touched by it")
  func quota() async throws {
    try await onLoop {
      let bed = try Bed()
      try await bed.session(from: Bed.stranger) { client in
        try await client.greet()
        try await client.ask("MAIL FROM:<eve@far.example> SIZE=2000")
        try await client.ask("RCPT TO:<dora@home.example>", "452 4.2.2")
        try await client.ask("RCPT TO:<alice@home.example>", "250 2.1.5")
        try await client.ask("RSET")
        try await client.ask("MAIL FROM:<eve@far.example> SIZE=500")
        try await client.ask("RCPT TO:<dora@home.example>", "250 2.1.5")
      }
    }
  }

  @Test("The postmaster has a maildrop in every form of the address, before there is such a user")
  func postmaster() async throws {
    try await onLoop {
      let bed = try Bed()
      try await bed.session(from: Bed.stranger) { client in
        try await client.greet()
        try await client.deliver(
          from: "eve@far.example", to: "Postmaster", "POSTMASTER@home.example",
          "abuse@home.example")
        try await client.ask("MAIL FROM:<eve@far.example>")
        try await client.ask("RCPT TO:<nobody@home.example>", "550 5.1.1")
        try await client.ask("RCPT TO:<postmaster@far.example>", "550 5.7.1")
      }
      #expect(bed.names(in: "mail") == ["abuse", "postmaster"])
      #expect(bed.names(in: "mail/postmaster/new").count == 1)
      #expect(bed.names(in: "queue/new") == [])
    }
  }

  @Test("A user sends as what the users file allows, and without one as anything")
  func senders() async throws {
    try await onLoop {
      let bed = try Bed()
      for (user, sender, prefix) in [
        ("alice", "alice@home.example", "250"), ("alice", "ALICE@home.example", "250"),
        ("alice", "any@alice.example", "250"), ("alice", "bob@home.example", "553 5.7.1"),
        ("alice", "", "553 5.7.1"), ("bob", "", "250"), ("bob", "anyone@else.example", "250"),
      ] {
        try await bed.session(.submissions, from: Bed.stranger) { client in
          try await client.greet()
          try await client.logIn(user)
          try await client.ask("MAIL FROM:<\(sender)>")
          try await client.ask("RCPT TO:<ann@far.example>", prefix)
          // A user is held to it for local mail too.
          try await client.ask("RCPT TO:<bob@home.example>", prefix)
        }
      }
    }
  }

  @Test("A grant lets an address send as its user may, and only while it lives")
  func grant() async throws {
    try await onLoop {
      let bed = try Bed()
      try await bed.session(from: Bed.stranger) { client in
        try await client.greet()
        try await client.ask("MAIL FROM:<alice@home.example>")
        try await client.ask("RCPT TO:<ann@far.example>", "550 5.7.1")
        // The login comes while the session is open.
        bed.grant(Bed.stranger, "alice")
        try await client.ask("RCPT TO:<ann@far.example>")
        try await client.ask("RSET")
        try await client.ask("MAIL FROM:<bob@home.example>")
        try await client.ask("RCPT TO:<ann@far.example>", "553 5.7.1")
        try await client.ask("RSET")
        // And it ends in the middle of a transaction.
        try await client.ask("MAIL FROM:<alice@home.example>")
        try await client.ask("RCPT TO:<ann@far.example>")
        bed.grants.revoke(user: "alice")
        try await client.ask("RCPT TO:<joe@far.example>", "550 5.7.1")
        try await client.ask("RSET")
        try await client.ask("MAIL FROM:<alice@home.example>")
        try await client.ask("RCPT TO:<ann@far.example>", "550 5.7.1")
      }
      #expect(bed.names(in: "queue/new") == [])
    }
  }

  @Test("With a new password, or a lock, a user has no grant any more, not even in an open session")
  func newPassword() async throws {
    try await onLoop {
      for change in ["new", "!"] {
        let bed = try Bed()
        bed.grant(Bed.stranger, "bob")
        try await bed.session(from: Bed.stranger) { client in
          try await client.greet()
          try await client.ask("MAIL FROM:<bob@home.example>")
          try await client.ask("RCPT TO:<ann@far.example>")
          let path = "\(bed.scratch.path)/users"
          let verifier = SCRAMVerifier(password: Array("new".utf8), salt: [1], iterations: 2)
          try UsersFile.update(path: path) { users throws(UsersFileError) in
            guard let name = UserName("bob") else { return }
            var user = try users.user(name)
            user.verifier = change == "!" ? .locked : .scram(verifier)
            try users.replace(user)
          }
          try await client.ask(
            "RCPT TO:<joe@far.example>",
            change == "!" ? "550 5.7.1" : "450 4.7.1 Check your mail first")
        }
        #expect(bed.grants.grant(of: Bed.stranger) == nil)
      }
    }
  }

  @Test("A user with may-relay=no sends to local mailboxes only, and a disabled one has no grant")
  func options() async throws {
    try await onLoop {
      let bed = try Bed()
      bed.grant(Bed.stranger, "inner")
      try await bed.session(from: Bed.stranger) { client in
        try await client.greet()
        try await client.ask("MAIL FROM:<inner@home.example>")
        try await client.ask("RCPT TO:<ann@far.example>", "550 5.7.1")
        try await client.ask("RCPT TO:<bob@home.example>")
      }
      bed.grants.revoke(user: "inner")
      bed.grant(Bed.stranger, "away")
      try await bed.session(from: Bed.stranger) { client in
        try await client.greet()
        try await client.ask("MAIL FROM:<away@home.example>")
        try await client.ask("RCPT TO:<ann@far.example>", "550 5.7.1")
      }
    }
  }

  @Test("A grant of a user who is gone is worth nothing, and an unreadable file is no verdict")
  func formerUser() async throws {
    try await onLoop {
      let bed = try Bed()
      bed.grant(Bed.stranger, "bob")
      try await bed.session(from: Bed.stranger) { client in
        try await client.greet()
        try await client.ask("MAIL FROM:<bob@home.example>")
        try await client.ask("RCPT TO:<ann@far.example>")
        let users = try String(contentsOfFile: "\(bed.scratch.path)/users", encoding: .utf8)
        try Data("no users file\n".utf8).write(to: URL(filePath: "\(bed.scratch.path)/users"))
        try await client.ask("RCPT TO:<joe@far.example>")
        try Data(users.utf8).write(to: URL(filePath: "\(bed.scratch.path)/users"))
        try bed.changeUsers { $0.filter { !$0.hasPrefix("bob:") } }
        try await client.ask("RCPT TO:<amy@far.example>", "550 5.7.1")
        try bed.changeUsers { $0 + ["nothing"] }
        try await client.ask("RCPT TO:<amy@far.example>", "550 5.7.1")
        try await client.ask("RCPT TO:<carol@home.example>", "451 4.3.0")
        // The last good users go on.
        try await client.ask("RCPT TO:<alice@home.example>")
      }
    }
  }

  @Test("STARTTLS makes a new session of it: greeting, sender and recipients are gone")
  func startTLS() async throws {
    try await onLoop {
      let bed = try Bed()
      try await bed.session { client in
        try await client.greet()
        try await client.ask("MAIL FROM:<me@home.example>")
        try await client.ask("RCPT TO:<ann@far.example>")
        try await client.ask("RSET")
        try await client.ask("STARTTLS", "220")
        try await client.startTLS()
        try await client.ask("MAIL FROM:<me@home.example>", "503")
        try await client.ask("EHLO pc.example")
        try await client.ask("STARTTLS", "502")
        try await client.deliver(to: "bob@home.example")
      }
      let file = try #require(bed.files(in: "mail/bob/new").first)
      #expect(file.contains(" with ESMTPS id "))
      #expect(bed.names(in: "queue/new") == [])
    }
  }

  @Test("What is sent in clear behind STARTTLS ends the session, in one segment or two")
  func earlyData() async throws {
    try await onLoop {
      let bed = try Bed()
      try await bed.session { client in
        try await client.greet()
        try await client.send("STARTTLS", "MAIL FROM:<evil@far.example>")
        try await client.expect("554 5.5.0")
        try await client.expect("<closed>")
      }
      try await bed.session { client in
        try await client.greet()
        try await client.ask("STARTTLS", "220")
        try await client.send("MAIL FROM:<evil@far.example>", "RCPT TO:<bob@home.example>")
        #expect(try await !client.reply().hasPrefix("2"))
      }
      #expect(bed.spool.count == 0)
    }
  }

  @Test("A password is heard under TLS only")
  func passwordInClear() async throws {
    try await onLoop {
      let bed = try Bed()
      try await bed.session(.submission, from: Bed.stranger) { client in
        try await client.greet()
        try await client.logIn("bob", "secret", "538 5.7.11")
        try await client.ask("MAIL FROM:<bob@home.example>", "530 5.7.0")
        try await client.ask("STARTTLS", "220")
        try await client.startTLS()
        try await client.ask("EHLO pc.example")
        try await client.ask("MAIL FROM:<bob@home.example>", "530 5.7.0")
        try await client.logIn("bob")
        try await client.deliver(from: "bob@home.example", to: "ann@far.example")
      }
      #expect(
        try #require(bed.files(in: "queue/new").first).contains("Origin: 203.0.113.5 auth:bob"))
    }
  }
}
