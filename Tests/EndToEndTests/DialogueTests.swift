import EndToEndSupport
import Foundation
import TestSupport
import Testing

/// The dialogues of the protocols, this time with the real daemon.
@Suite struct DialogueTests {
  @Test("The daemon speaks SMTP as the dialogue says", arguments: try Dialogue.all(of: "smtp"))
  func smtp(dialogue: Dialogue) throws {
    let listener = dialogue.listener ?? "smtp"
    var quirks = dialogue.quirks
    if listener == "submission-plain" { quirks.append("login-without-tls") }
    var settings = "[limits]\nmessage-size = 50MB\n"
    if !quirks.isEmpty || !dialogue.hidden.isEmpty {
      settings += "[profile test]\nnetworks = 127.0.0.0/8\n"
      settings += quirks.map { "\($0) = yes\n" }.joined()
      settings += "hide = \(dialogue.hidden.joined(separator: ", "))\n"
    }
    if dialogue.isTrusted { settings += "[relay]\nnetworks = 127.0.0.0/8\n" }
    let gatepost = try Gatepost(settings)
    let ports = ["smtp": gatepost.ports.smtp, "submissions": gatepost.ports.submissions]
    let client = try Client(port: ports[listener] ?? gatepost.ports.submission)
    try play(dialogue, with: client, isEncrypted: listener == "submissions") { command, reply in
      command == "STARTTLS" && reply.hasPrefix("220")
    }
  }

  @Test("The daemon speaks POP3 as the dialogue says", arguments: try Dialogue.all(of: "pop3"))
  func pop3(dialogue: Dialogue) throws {
    let listener = dialogue.listener ?? "pop3"
    let gatepost = try Gatepost(
      "[pop3]\nlogin-without-tls = \(listener == "pop3-encrypt" ? "no" : "yes")", isStarted: false)
    try FileManager.default.createDirectory(
      atPath: "\(gatepost.path)/spool/mail", withIntermediateDirectories: true)
    try FileManager.default.copyItem(
      at: Dialogue.folder(of: "pop3").appending(path: "maildrops/alice"),
      to: URL(filePath: "\(gatepost.path)/spool/mail/alice"))
    try gatepost.start()
    let client = try Client(port: listener == "pop3s" ? gatepost.ports.pop3s : gatepost.ports.pop3)
    try play(dialogue, with: client, isEncrypted: listener == "pop3s") { command, reply in
      command == "STLS" && reply.hasPrefix("+OK")
    }
  }

  private func play(
    _ dialogue: Dialogue, with client: Client, isEncrypted: Bool,
    startsTLS: (_ command: String, _ reply: String) -> Bool
  ) throws {
    if isEncrypted { try client.startTLS() }
    var command = ""
    for (line, step) in dialogue.steps {
      let place = Comment(rawValue: "\(dialogue.name):\(line)")
      switch step {
      case .client(let lines):
        client.send(bytes: lines.flatMap { $0 + Array("\r\n".utf8) })
        command = String(decoding: lines.last ?? [], as: UTF8.self)
      case .server(let prefix):
        let said = try client.line()
        try #require(said.hasPrefix(prefix), place)
        if startsTLS(command, said) {
          try client.startTLS()
          command = ""
        }
      case .reply(let code):
        var said = ""
        repeat {
          said = try client.line()
          try #require(said.hasPrefix(code), place)
        } while said.hasPrefix(code + "-")
      case .closed:
        #expect(try client.line() == "<closed>", place)
      }
    }
  }
}
