import EventLoop
import Foundation
import TestSupport
import Testing

@testable import Retrieval

struct MessageTransferTests {
  @Test(arguments: [0, 1, 65_534, 65_535, 65_536, 65_537, 131_072, 1_000_000])
  func `A message of any length arrives as it is stored`(length: Int) async throws {
    let line = ".0123456789 a line that starts with a dot\n"
    var text = String(repeating: line, count: length / line.utf8.count)
    text += String(repeating: "x", count: max(0, length - text.utf8.count - 1))
    text += length == 0 ? "" : "\n"
    let content = text
    try await onLoop {
      let bed = try Bed()
      try bed.put("new/1800000000.a.example", content)
      try await bed.session { client in
        try await client.logIn()
        try await client.send("RETR 4")
        let octets = length + content.utf8.count { $0 == 0x0A }
        try await client.expect("+OK \(octets) octets")
        let received = try await client.content()
        #expect(received == content)
        try await client.ask("NOOP", "+OK Nothing done")
      }
    }
  }

  @Test func `A name that lies about the size does not cut the message`() async throws {
    try await onLoop {
      let bed = try Bed()
      try bed.put("new/1800000000.a.example,S=1,W=3", "Subject: longer\n\nthan the name says\n")
      try bed.put("new/1800000001.a.example,S=900000,W=900000", "Subject: shorter\n")
      try await bed.session { client in
        try await client.logIn()
        try await client.send("RETR 4", "RETR 5")
        try await client.expect("+OK 3 octets")
        let received = try await client.content()
        #expect(received == "Subject: longer\n\nthan the name says\n")
        try await client.expect("+OK 900000 octets")
        let second = try await client.content()
        #expect(second == "Subject: shorter\n")
      }
    }
  }

  @Test func `Many messages asked for at once arrive in order, whatever is between them`()
    async throws
  {
    try await onLoop {
      let bed = try Bed()
      let contents = (0..<120).map { number in
        "Subject: \(number)\n\n"
          + String(repeating: "\(number)\n", count: number % 40 == 7 ? 20_000 : number * 7)
      }
      let files = contents.enumerated().map { number, content in
        let wireBytes = content.utf8.count + content.utf8.count { $0 == 0x0A }
        return "new/\(1_800_000_000 + number).a.example,W=\(wireBytes)"
      }
      for (file, content) in zip(files, contents) { try bed.put(file, content) }
      try await bed.session { client in
        try await client.logIn()
        try FileManager.default.removeItem(atPath: bed.path(files[50]))
        let commands = (0..<120).flatMap { ["RETR \($0 + 4)", "DELE \($0 + 4)"] }
        try await client.send(octets: commands.map { Array($0.utf8) })
        for number in 0..<120 {
          if number == 50 {
            try await client.expect("-ERR The message is no longer there")
          } else {
            try await client.expect("+OK ")
            let received = try await client.content()
            #expect(received == contents[number])
          }
          try await client.expect("+OK Message \(number + 4) deleted")
        }
        try await client.ask("QUIT", "+OK Goodbye")
      }
      #expect(try bed.files().count == 3)
    }
  }

  @Test func `TOP of a large message sends no more than was asked for`() async throws {
    try await onLoop {
      let bed = try Bed()
      let header = String(repeating: "X-Filler: 0123456789\n", count: 3000)
      try bed.put("new/1800000000.a.example", header + "\none\ntwo\nthree\n")
      try await bed.session { client in
        try await client.logIn()
        try await client.send("TOP 4 2", "NOOP")
        try await client.expect("+OK")
        let received = try await client.content()
        #expect(received == header + "\none\ntwo\n")
        try await client.expect("+OK Nothing done")
      }
    }
  }

  @Test func `A file with CRLF line ends is served with no CR added`() async throws {
    try await onLoop {
      let bed = try Bed()
      try bed.put("new/1800000000.a.example", "Subject: CRLF\r\n\r\n.\r\nend")
      try await bed.session { client in
        try await client.logIn()
        try await client.ask("RETR 4", "+OK 25 octets")
        let received = try await client.content()
        #expect(received == "Subject: CRLF\n\n.\nend\n")
      }
    }
  }
}
