import Foundation
import Testing

extension Gatepost {
  /// Hands in a message with swaks; returns the whole conversation.
  ///
  /// - Parameter arguments: more options of swaks; a port is `--port`.
  package func swaks(
    from sender: String = "alice@home.example", to recipient: String, body: String = "hello",
    _ arguments: String...
  ) throws -> (status: Int32, output: String) {
    let port = arguments.contains("--port") ? [] : ["--port", "\(ports.smtp)"]
    return try Program.run(
      "swaks",
      ["--server", "127.0.0.1", "--from", sender, "--to", recipient, "--body", body] + port
        + arguments)
  }

  /// Reads over POP3 with curl, as `pop3://` or `pop3s://`; an empty path lists the maildrop.
  package func curl(
    _ path: String = "", user: String = "alice:secret", scheme: String = "pop3",
    _ arguments: String...
  ) throws -> (status: Int32, output: String) {
    let port = scheme == "pop3" ? ports.pop3 : ports.pop3s
    return try Program.run(
      "curl",
      ["-sSk", "--user", user, "\(scheme)://127.0.0.1:\(port)/\(path)"] + arguments)
  }

  /// A client of the SMTP listener.
  package func smtp(from source: String = "127.0.0.1") throws -> Client {
    try Client(port: ports.smtp, from: source)
  }

  /// Hands in one message over a session of its own, with the reply to its end.
  package func send(
    _ content: String = "Subject: hello\r\n\r\nhello\r\n", from sender: String = "x@far.example",
    to recipient: String
  ) throws -> String {
    let client = try smtp()
    try client.beginMessage(from: sender, to: recipient)
    client.send("\(content).\r\n")
    return try client.reply()
  }
}
