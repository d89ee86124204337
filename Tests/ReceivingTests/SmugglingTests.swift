import EventLoop
import TestSupport
import Testing

@testable import Receiving

/// Two messages that a false end makes of one, or does not, wherever reads and chunks are cut.
@Suite("Smuggling (CVE-2023-51764)") struct SmugglingTests {
  private static let head = "Subject: outer\r\n\r\ntext"
  /// What an attacker wants to be commands.
  private static let tail =
    "MAIL FROM:<evil@far.example>\r\nRCPT TO:<alice@home.example>\r\nDATA\r\n"
    + "Subject: inner\r\n\r\nevil\r\n"

  /// A bed whose clients have their bare line feeds mended, or not.
  @Loop private static func bed(isMended: Bool) throws -> Bed {
    let bed = try Bed()
    if isMended { bed.useProfile { $0.repairsBareLF = true } }
    return bed
  }

  /// Opens a transaction for bob.
  @Loop private static func begin(_ client: Client) async throws {
    try await client.ask("MAIL FROM:<x@far.example>")
    try await client.ask("RCPT TO:<bob@home.example>")
  }

  /// Looks at the reply to a message, and at what bob has got since `before`.
  @Loop private static func check(
    _ reply: String, _ client: Client, _ bed: Bed, _ outcome: FalseEnd.Outcome,
    after before: [String], _ place: Comment
  ) async throws {
    // One message, one reply: the next one is that to NOOP.
    try await client.ask("NOOP", "250 2.0.0 Ok")
    let new = bed.names(in: "mail/bob/new").filter { !before.contains($0) }
    switch outcome {
    case .refused(let reason):
      #expect(reply == "550 5.6.0 The message breaks the rules: \(reason)", place)
      #expect(new == [], place)
    case .stored(let text):
      #expect(reply.hasPrefix("250 2.0.0 Queued"), place)
      let content = (head + tail).split(separator: "\r\n", omittingEmptySubsequences: false)
        .joined(separator: "\n").replacing("text", with: "text\(text)", maxReplacements: 1)
      let messages = try bed.files(in: "mail/bob/new", named: new)
      #expect(messages.count == 1, place)
      for message in messages {
        // Behind the trace, which has no such line, stands what was sent and nothing else.
        let start = try #require(message.range(of: "Subject: outer"))
        #expect(String(message[start.lowerBound...]) == content, place)
      }
    }
    #expect(bed.names(in: "mail/alice/new") == [], place)
    #expect(bed.names(in: "queue/new") + bed.names(in: "queue/tmp") == [], place)
  }

  @Test("After DATA, wherever a read ends within it", arguments: FalseEnd.all)
  func data(end: FalseEnd) async throws {
    try await onLoop {
      for isMended in [false, true] {
        let bed = try Self.bed(isMended: isMended)
        let content = Array((Self.head + end.octets + Self.tail + ".\r\n").utf8)
        let start = Self.head.utf8.count
        try await bed.session(from: Bed.stranger) { client in
          try await client.greet()
          for cut in start..<start + end.octets.utf8.count {
            let before = bed.names(in: "mail/bob/new")
            try await Self.begin(client)
            try await client.ask("DATA", "354")
            // Each octet of the end comes once in a read of its own.
            try await client.send(piece: content[..<cut])
            try await client.send(piece: content[cut...cut])
            try await client.send(piece: content[(cut + 1)...])
            try await Self.check(
              client.reply(), client, bed, end.outcome(isChunked: false, isMended: isMended),
              after: before, "octet \(cut - start), mended: \(isMended)")
          }
        }
      }
    }
  }

  @Test(
    "In a chunk, across two, and before and behind their boundary, whatever a read brings",
    arguments: FalseEnd.all)
  func chunks(end: FalseEnd) async throws {
    try await onLoop {
      for isMended in [false, true] {
        let bed = try Self.bed(isMended: isMended)
        let content = Array((Self.head + end.octets + Self.tail).utf8)
        let start = Self.head.utf8.count
        for cut in start...start + end.octets.utf8.count {
          for isOneWrite in [false, true] {
            try await bed.session(from: Bed.stranger) { client in
              let before = bed.names(in: "mail/bob/new")
              try await client.greet()
              try await Self.begin(client)
              let first = Array("BDAT \(cut)\r\n".utf8) + content[..<cut]
              let last = Array("BDAT \(content.count - cut) LAST\r\n".utf8) + content[cut...]
              if isOneWrite {
                try await client.send(piece: (first + last)[...])
              } else {
                try await client.send(piece: first[...])
                try await client.send(piece: last[...])
              }
              var reply = try await client.reply()
              if reply.hasPrefix("250") {
                #expect(reply == "250 2.0.0 \(cut) octets received")
                reply = try await client.reply()
              } else {
                // It is refused already, and the octets of the next chunk are passed over.
                try await client.expect("503 5.5.1 MAIL first")
              }
              try await Self.check(
                reply, client, bed, end.outcome(isChunked: true, isMended: isMended),
                after: before, "cut at \(cut - start), mended: \(isMended)")
            }
          }
        }
      }
    }
  }

  @Test(
    "Directly behind the last chunk it is a command that nobody knows", arguments: FalseEnd.all)
  func behind(end: FalseEnd) async throws {
    try await onLoop {
      let bed = try Self.bed(isMended: true)
      let content = Self.head + "\r\n"
      try await bed.session(from: Bed.stranger) { client in
        try await client.greet()
        try await Self.begin(client)
        try await client.send(
          octets: Array(
            "BDAT \(content.utf8.count) LAST\r\n\(content)\(end.octets)\r\nQUIT\r\n".utf8))
        try await client.expect("250 2.0.0 Queued")
        var replies: [String] = []
        while let reply = try? await client.reply(), reply != "<closed>" { replies.append(reply) }
        #expect(replies.last?.hasPrefix("221") == true)
        #expect(replies.dropLast().allSatisfy { $0.hasPrefix("500") })
      }
      let messages = try bed.files(in: "mail/bob/new")
      #expect(messages.count == 1)
      #expect(messages.allSatisfy { $0.hasSuffix("\nSubject: outer\n\ntext\n") })
    }
  }

  @Test(
    "A size that is wrong moves the boundary, and never makes a message of the rest",
    arguments: [
      // Too small: what is left over is a command.
      (-1, "text", "500 5.5.1"), (-2, "text", "500 5.5.1"), (-3, "tex", "500 5.5.1"),
      // Too large: the command behind it is content.
      (4, "text\nNOOP", "500 5.5.1"), (6, "text\nNOOP", "221"),
    ])
  func wrongSize(difference: Int, text: String, next: String) async throws {
    try await onLoop {
      let bed = try Bed()
      let content = Self.head + "\r\n"
      try await bed.session(from: Bed.stranger) { client in
        try await client.greet()
        try await Self.begin(client)
        try await client.send(
          octets: Array(
            "BDAT \(content.utf8.count + difference) LAST\r\n\(content)NOOP\r\nQUIT\r\n".utf8))
        let reply = try await client.reply()
        // The chunk ends with half a line end.
        let isBroken = difference == -1
        #expect(reply.hasPrefix(isBroken ? "550 5.6.0" : "250 2.0.0 Queued"), "\(reply)")
        try await client.expect(next)
      }
      let messages = try bed.files(in: "mail/bob/new")
      #expect(messages.count == (difference == -1 ? 0 : 1))
      #expect(messages.allSatisfy { $0.hasSuffix("\nSubject: outer\n\n\(text)\n") })
    }
  }

  @Test(
    "The octets of a chunk that is refused are no commands",
    arguments: ["", "MAIL FROM:<x@far.example>", "RCPT"])
  func refusedChunk(before: String) async throws {
    try await onLoop {
      let bed = try Bed()
      let evil = Self.tail + ".\r\n"
      try await bed.session(from: Bed.stranger) { client in
        try await client.greet()
        if before == "RCPT" {
          try await client.ask("MAIL FROM:<x@far.example>")
          try await client.ask("RCPT TO:<nobody@home.example>", "550")
        } else if !before.isEmpty {
          try await client.ask(before)
        }
        for last in ["", " LAST"] {
          try await client.send(
            octets: Array("BDAT \(evil.utf8.count)\(last)\r\n\(evil)NOOP\r\n".utf8))
          try await client.expect(before.isEmpty ? "503" : "554")
          try await client.expect("250 2.0.0 Ok")
        }
      }
      #expect(bed.names(in: "mail") == [])
    }
  }
}
