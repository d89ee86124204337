import EndToEndSupport
import Foundation
import Testing

/// What is missing at the start ends nothing: everything else is served, the log and `status` tell of it, and it is taken up when it is there.
@Suite struct LateTests {
  /// What `status` tells of the troubles that stand.
  private func troubles(_ gatepost: Gatepost) throws -> [String] {
    try gatepost.tool("status").output.split(separator: "\n")
      .filter { $0.hasPrefix("trouble: ") }.map(String.init)
  }

  @Test(
    "A port that is taken is named, with the way to find out by whom, and is served when it is free"
  )
  func takenPort() throws {
    let first = try Gatepost()
    let second = try Gatepost("[listen]\nsmtp = 127.0.0.1:\(first.ports.smtp)")
    let place = "listen smtp 127.0.0.1:\(first.ports.smtp): "
    #expect(second.log.contains(place) && second.log.contains("ss -ltnp"))
    #expect(try troubles(second).map { $0.contains(place) } == [true])
    #expect(try second.curl().status == 0)
    try first.kill()
    try second.waitForLog("\(place)is served")
    let client = try Client(port: first.ports.smtp)
    try client.expect("220")
    #expect(try troubles(second).isEmpty)
  }

  @Test(
    "An address that no interface has yet is served as soon as one has it",
    .needsRoot("only root can make a network of its own"))
  func lateAddress() throws {
    let host = try NetworkHost()
    try host.run("ip", "link", "set", "lo", "up")
    let gatepost = try Gatepost(
      "[listen]\nsmtp = 192.0.2.7:2525, [2001:db8::7]:2525", isStarted: false)
    try gatepost.start(under: ["nsenter", "--net=/proc/\(host.pid)/ns/net"])
    for address in ["192.0.2.7", "[2001:db8::7]"] {
      #expect(gatepost.log.contains("listen smtp \(address):2525: no interface of this machine"))
    }
    #expect(try troubles(gatepost).count == 2)
    try host.run("ip", "addr", "add", "192.0.2.7/32", "dev", "lo")
    try host.run("ip", "addr", "add", "2001:db8::7/128", "dev", "lo")
    try gatepost.write("Subject: hello\n\nhello\n", to: "message")
    for address in ["192.0.2.7", "[2001:db8::7]"] {
      try host.run(
        "curl", "-sS", "smtp://\(address):2525", "--mail-rcpt", "alice@home.example",
        "--mail-from", "x@far.example", "--crlf", "--upload-file", "\(gatepost.path)/message")
      try gatepost.waitForLog("\(address):2525: an interface has the address now")
    }
    #expect(gatepost.maildrop("alice").count == 2)
    #expect(try troubles(gatepost).isEmpty)
  }

  @Test(
    "With a certificate that cannot be used there is no TLS and everything else, until it can be used",
    arguments: ["other key", "no PEM", "unreadable"])
  func badCertificate(_ kind: String) throws {
    let gatepost = try Gatepost(isStarted: false)
    for name in ["", "other-"] {
      let made = try Program.run(
        "openssl",
        [
          "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
          "-subj", "/CN=gw.home.example", "-addext", "subjectAltName=DNS:gw.home.example",
          "-keyout", "\(gatepost.path)/\(name)key.pem",
          "-out", "\(gatepost.path)/\(name)cert.pem",
        ])
      #expect(made.status == 0)
    }
    let key = "\(gatepost.path)/key.pem"
    try FileManager.default.moveItem(atPath: key, toPath: "\(gatepost.path)/right.pem")
    switch kind {
    case "other key":
      try FileManager.default.copyItem(atPath: "\(gatepost.path)/other-key.pem", toPath: key)
    case "no PEM": try gatepost.write("what is this?\n", to: "key.pem")
    default:
      try FileManager.default.createDirectory(atPath: key, withIntermediateDirectories: false)
    }
    try gatepost.start()
    #expect(try troubles(gatepost).map { $0.hasPrefix("trouble: TLS: \(key): ") } == [true])
    let client = try gatepost.smtp()
    try client.expect("220")
    let offer = try client.lines(after: "EHLO client.example")
    #expect(offer.count > 3 && !offer.contains { $0.contains("STARTTLS") })
    #expect(try gatepost.curl().status == 0)
    #expect(try gatepost.curl(scheme: "pop3s").status != 0)
    try FileManager.default.removeItem(atPath: key)
    try FileManager.default.moveItem(atPath: "\(gatepost.path)/right.pem", toPath: key)
    try gatepost.waitForLog("TLS: the certificate is served")
    #expect(try gatepost.curl(scheme: "pop3s").status == 0)
    #expect(try gatepost.swaks(to: "alice@home.example", "--tls").status == 0)
    #expect(try troubles(gatepost).isEmpty)
  }

  @Test(
    "With a bad line in the users or the aliases nobody is called unknown, until it is mended",
    arguments: ["users", "aliases"])
  func badSideFile(_ file: String) throws {
    let gatepost = try Gatepost(isStarted: false)
    try gatepost.configure(
      "[local]\naliases = \(gatepost.path)/aliases\n[relay]\nnetworks = 127.0.0.1")
    let users = try String(contentsOfFile: "\(gatepost.path)/users", encoding: .utf8)
    try gatepost.write("office: alice\n", to: "aliases")
    try gatepost.write("what is this?\n", to: file)
    try gatepost.start()
    #expect(try troubles(gatepost).map { $0.hasPrefix("trouble: \(file): ") } == [true])
    let client = try gatepost.greeted()
    try client.ask("MAIL FROM:<x@far.example>", "250")
    try client.ask("RCPT TO:<office@home.example>", "451")
    try client.ask("RCPT TO:<nobody@home.example>", "451")
    try client.ask("RCPT TO:<ann@far.example>", "250")
    if file == "users" {
      let login = try gatepost.curl("", user: "alice:secret", scheme: "pop3", "--verbose")
      #expect(login.status != 0 && login.output.contains("-ERR [SYS/TEMP]"))
    } else {
      #expect(try gatepost.curl().status == 0)
    }
    try gatepost.write(file == "users" ? users : "office: alice\n", to: file)
    try client.ask("RCPT TO:<office@home.example>", "250")
    try client.ask("RCPT TO:<nobody@home.example>", "550")
    #expect(try gatepost.curl().status == 0)
    #expect(try troubles(gatepost).isEmpty)
  }

  @Test("A spool and a state whose disk comes late put mail off, and are used when they are there")
  func lateDisk() throws {
    let gatepost = try Gatepost(isStarted: false)
    let disk = "\(gatepost.path)/disk"
    try gatepost.configure("[server]\nspool = \(disk)/spool\nstate = \(disk)/state")
    try gatepost.start()
    let told = try troubles(gatepost)
    #expect(told.contains { $0.hasPrefix("trouble: spool \(disk)/spool: ") })
    #expect(told.contains { $0.hasPrefix("trouble: state \(disk)/state: ") })
    let client = try gatepost.greeted()
    try client.ask("MAIL FROM:<x@far.example>", "451")
    let login = try gatepost.curl("", user: "alice:secret", scheme: "pop3", "--verbose")
    #expect(login.status != 0 && login.output.contains("-ERR [SYS/TEMP]"))
    try FileManager.default.createDirectory(atPath: disk, withIntermediateDirectories: false)
    try gatepost.waitForLog("spool \(disk)/spool: can be used")
    try gatepost.waitForLog("state \(disk)/state: can be written")
    #expect(try gatepost.send(to: "alice@home.example").hasPrefix("250"))
    #expect(try gatepost.curl("1").output.contains("hello"))
    #expect(try troubles(gatepost).isEmpty)
  }

  @Test("A whitelist that cannot be written is a trouble until it can")
  func lateWhitelist() throws {
    let gatepost = try Gatepost()
    let state = "\(gatepost.path)/state"
    try FileManager.default.removeItem(atPath: state)
    #expect(try gatepost.tool("whitelist", "add", "192.0.2.1", "alice").status == 69)
    let told = try gatepost.tool("status")
    #expect(told.status == 75 && told.output.contains("\ntrouble: grants: whitelist cannot be "))
    try FileManager.default.createDirectory(
      atPath: state, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
    #expect(try gatepost.tool("whitelist", "add", "192.0.2.1", "alice").status == 0)
    #expect(try gatepost.tool("status").status == 0)
    #expect(gatepost.grants.count == 1)
  }

  @Test("The socket of the tool is there as soon as its directory can be made")
  func lateRuntime() throws {
    let gatepost = try Gatepost(isStarted: false)
    try gatepost.configure("[server]\nruntime = \(gatepost.path)/late/run")
    try gatepost.start()
    #expect(gatepost.log.contains("control \(gatepost.path)/late/run/control: "))
    #expect(try gatepost.send(to: "alice@home.example").hasPrefix("250"))
    try FileManager.default.createDirectory(
      atPath: "\(gatepost.path)/late", withIntermediateDirectories: false)
    try gatepost.waitForLog("the tool can reach the server")
    #expect(try gatepost.tool("status").output.contains("queued: 0"))
  }

  @Test(
    "A full or read-only spool is served: POP3 as ever, 452 for mail",
    .needsRoot("only root can mount the small file system"), arguments: ["full", "read-only"])
  func unwritableSpool(_ kind: String) throws {
    let disk = try SmallDisk(megabytes: 1)
    let gatepost = try Gatepost("[limits]\nfree-space = 0", spool: "\(disk.path)/spool")
    #expect(try gatepost.send(to: "alice@home.example").hasPrefix("250"))
    gatepost.terminate()
    #expect(try gatepost.waitForEnd() == 0)
    if kind == "full" {
      _ = try Program.run("dd", ["if=/dev/zero", "of=\(disk.path)/filler", "bs=4k"])
    } else {
      #expect(try Program.run("mount", ["-o", "remount,ro", disk.path]).status == 0)
    }
    try gatepost.start()
    let client = try gatepost.greeted()
    try client.ask("MAIL FROM:<x@far.example> SIZE=1000", "452")
    #expect(try gatepost.curl("1").output.contains("hello"))
    #expect(try gatepost.tool("status").output.contains("queued: 0"))
  }
}
