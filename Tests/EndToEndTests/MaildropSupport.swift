import EndToEndSupport
import Foundation
import Testing

extension Gatepost {
  /// Puts messages into the maildrop of alice, as the delivery of another program does.
  func fill(_ messages: [String], from first: Int = 0) throws {
    let folder = "\(spool)/mail/alice"
    for name in ["tmp", "cur", "new"] {
      try FileManager.default.createDirectory(
        atPath: "\(folder)/\(name)", withIntermediateDirectories: true)
    }
    for (index, content) in messages.enumerated() {
      let name = "\(1_700_000_000 + first + index).x.lan"
      try Data(content.utf8).write(to: URL(filePath: "\(folder)/new/\(name)"))
    }
  }

  /// A client of POP3 that has logged in as alice.
  func logIn(windowBytes: Int32? = nil) throws -> Client {
    let client = try Client(port: ports.pop3, windowBytes: windowBytes)
    #expect(try client.line().hasPrefix("+OK"))
    client.send("USER alice\r\nPASS secret\r\n")
    #expect(try client.line().hasPrefix("+OK"))
    #expect(try client.line().hasPrefix("+OK"))
    return client
  }
}

extension Client {
  /// The lines of a reply up to the lone dot, without the first.
  func list(_ command: String) throws -> [String] {
    send("\(command)\r\n")
    try #require(try line().hasPrefix("+OK"))
    var lines: [String] = []
    while let line = try Optional(self.line()), line != ".", line != "<closed>" {
      lines.append(line)
    }
    return lines
  }
}
