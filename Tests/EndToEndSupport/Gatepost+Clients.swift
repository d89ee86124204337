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

  /// Hands in a file with LF line ends with curl, which makes them those of the wire.
  package func upload(
    _ file: String, to recipient: String
  ) throws -> (status: Int32, output: String) {
    try Program.run(
      "curl",
      [
        "-sS", "smtp://127.0.0.1:\(ports.smtp)", "--mail-from", "alice@home.example",
        "--mail-rcpt", recipient, "--upload-file", file, "--crlf",
      ])
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

  /// Hands in a message with msmtp, as alice on the `submission` or the `submissions` port.
  package func msmtp(
    _ service: String, _ mechanism: String, password: String
  ) throws -> (status: Int32, output: String) {
    let isImplicit = service == "submissions"
    let port = isImplicit ? ports.submissions : ports.submission
    return try Program.run(
      "msmtp",
      login(port, mechanism, password, startsTLS: !isImplicit)
        + ["--from=alice@home.example", "ann@far.example"],
      input: "Subject: hello\n\nhello\n")
  }

  /// Reads the maildrop of alice with mpop, on the `pop3` or the `pop3s` port.
  package func mpop(
    _ service: String, _ mechanism: String, password: String
  ) throws -> (status: Int32, output: String, mail: String) {
    let isImplicit = service == "pop3s"
    let port = isImplicit ? ports.pop3s : ports.pop3
    let result = try Program.run(
      "mpop",
      login(port, mechanism, password, startsTLS: !isImplicit)
        + ["--uidls-file=\(path)/uidls", "--delivery=mbox,\(path)/mbox"])
    let mail = try? String(contentsOfFile: "\(path)/mbox", encoding: .utf8)
    return (result.status, result.output, mail ?? "")
  }

  /// What msmtp and mpop have in common: both check the certificate.
  private func login(
    _ port: UInt16, _ mechanism: String, _ password: String, startsTLS: Bool
  ) -> [String] {
    [
      "--host=127.0.0.1", "--port=\(port)", "--tls=on",
      "--tls-starttls=\(startsTLS ? "on" : "off")", "--tls-trust-file=\(path)/authority.pem",
      "--tls-host-override=gw.home.example", "--auth=\(mechanism)", "--user=alice",
      "--passwordeval=echo \(password)",
    ]
  }

  /// Changes options of a user with the tool of the admin.
  package func setUser(_ user: String, _ options: String...) throws {
    let run = try Program.run(
      "gatepost", ["-c", "\(path)/gatepost.conf", "user", "set", user] + options)
    guard run.status == 0 else { throw Overdue(description: run.output) }
  }

  /// A client of the SMTP listener.
  package func smtp(from source: String = "127.0.0.1") throws -> Client {
    try Client(port: ports.smtp, from: source)
  }

  /// A client that has said EHLO, on the SMTP listener unless another port is given.
  package func greeted(
    on port: UInt16? = nil, from source: String = "127.0.0.1"
  ) throws -> Client {
    let client = try Client(port: port ?? ports.smtp, from: source)
    if port == ports.submissions { try client.startTLS() }
    try client.expect("220")
    try client.ask("EHLO client.example", "250")
    return client
  }

  /// A client that has logged in under TLS.
  package func loggedIn(as user: String = "alice") throws -> Client {
    let client = try greeted(on: ports.submissions)
    try client.logIn(as: user)
    return client
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

extension Gatepost {
  /// Runs the admin's tool with the configuration of this server.
  package func tool(
    _ arguments: String..., input: String = ""
  ) throws -> (status: Int32, output: String) {
    try Program.run("gatepost", ["-c", "\(path)/gatepost.conf"] + arguments, input: input)
  }

  /// The identifiers of the messages in a directory of the queue.
  package func ids(in folder: String) -> [String] {
    names(in: "\(spool)/queue/\(folder)").map { name in
      name.split(separator: ".").prefix(2).joined(separator: ".")
    }
  }
}
