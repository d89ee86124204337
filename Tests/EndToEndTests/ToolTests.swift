import EndToEndSupport
import Foundation
import Testing

/// The tool under the conditions that admins meet.
@Suite struct ToolTests {
  @Test("The status says by its exit status whether all is well, and shows disk and certificate")
  func status() throws {
    let gatepost = try Gatepost("[relay]\nnetworks = 127.0.0.1")
    let well = try gatepost.tool("status")
    #expect(well.status == 0)
    #expect(well.output.contains("listening: smtp 127.0.0.1:\(gatepost.ports.smtp)\n"))
    #expect(well.output.contains("\ndisk: ") && well.output.contains("\ncertificate: "))
    try gatepost.write("what is this?\n", to: "users")
    let troubled = try gatepost.tool("status")
    #expect(troubled.status == 75 && troubled.output.contains("\ntrouble: users: "))
    try gatepost.kill()
    #expect(try gatepost.tool("status").status == 69)
  }

  @Test("A configuration with an error keeps nobody from the queue, the whitelist and the status")
  func brokenConfiguration() throws {
    let gatepost = try Gatepost("[relay]\nnetworks = 127.0.0.1")
    #expect(try gatepost.send(to: "ann@far.example").hasPrefix("250"))
    try gatepost.configure("[relay]\nnetwork = 127.0.0.1\n")
    let status = try gatepost.tool("status")
    #expect(status.status == 78 && status.output.contains("\nqueued: "))
    #expect(status.output.contains("an error, see \"gatepost check\""))
    #expect(try gatepost.tool("queue").output.contains("<ann@far.example>"))
    #expect(try gatepost.tool("queue", "flush").status == 0)
    #expect(try gatepost.tool("whitelist", "add", "192.0.2.1", "alice").status == 0)
    #expect(try gatepost.tool("whitelist").output.contains("192.0.2.1 alice"))
  }

  @Test(
    "What cannot be written is a failure",
    arguments: ["status", "queue", "user list", "check", "--help", "queue --help", "--version"])
  func fullOutput(command: String) throws {
    let gatepost = try Gatepost()
    let run = try Program.run(
      "sh",
      [
        "-c", "\"$0\" -c \"$1\" \(command) > /dev/full", try Program.path(of: "gatepost"),
        "\(gatepost.path)/gatepost.conf",
      ])
    #expect(run.status == 74 && run.output.contains("No space left on device"))
  }

  @Test("The help of the daemon that cannot be written is a failure")
  func fullOutputOfDaemon() throws {
    let run = try Program.run(
      "sh", ["-c", "\"$0\" --help > /dev/full", try Program.path(of: "gatepostd")])
    #expect(run.status == 74)
  }

  @Test("A name that no user can have is told with the rule")
  func names() throws {
    let run = try Gatepost().tool("user", "add", "Anna", "--password-stdin")
    #expect(run.status == 64 && run.output.contains("lower-case letters"))
  }

  @Test("Users are imported from a pipe, by - and by its path")
  func imports() throws {
    let gatepost = try Gatepost()
    for (source, name) in [("-", "carol"), ("/dev/stdin", "dave")] {
      let run = try Program.run(
        "sh",
        [
          "-c",
          "printf '%s' '\(name):$5$salt$Gcm6FsVtF/Qa77ZKD.iwsJlCVPY0XSMgLJL0Hnww/c1:' | "
            + "\"$0\" -c \"$1\" user import \(source)", try Program.path(of: "gatepost"),
          "\(gatepost.path)/gatepost.conf",
        ])
      #expect(run.status == 0 && run.output.contains(name))
    }
  }

  @Test("A flush takes a domain in any spelling, and refuses what is none")
  func flush() throws {
    let gatepost = try Gatepost("[relay]\nnetworks = 127.0.0.1")
    #expect(try gatepost.send(to: "ann@xn--mller-kva.example").hasPrefix("250"))
    try gatepost.waitForDeferral()
    for domain in ["müller.example", "@müller.example", "@xn--mller-kva.example"] {
      #expect(try gatepost.tool("queue", "flush", domain).output.contains("1 message is tried now"))
      try gatepost.eventually("the attempt is over") {
        try gatepost.tool("status").output.contains("\ndelivering: 0\n")
      }
    }
    for nonsense in ["foo bar", "@", "a@b.example", "..", "to=x"] {
      #expect(try gatepost.tool("queue", "flush", nonsense).status == 64)
    }
  }

  @Test("A line feed in an argument makes no second command")
  func lineFeed() throws {
    let gatepost = try Gatepost()
    let run = try gatepost.tool("whitelist", "add", "192.0.2.1", "alice\nwhitelist-revoke alice")
    #expect(run.status == 65 && run.output.contains("line feed"))
    #expect(try gatepost.tool("whitelist").output.isEmpty)
    let talk = try Program.run(
      "curl",
      [
        "-sS", "--max-time", "20", "--unix-socket", "\(gatepost.path)/run/control",
        "telnet://localhost",
      ], input: "status\nwhitelist-add 192.0.2.1 alice\n")
    #expect(talk.output.contains("error this is no request"), "\(talk.output)")
  }

  @Test("A client in a network where a login earns the right is told to check its mail")
  func advice() throws {
    let gatepost = try Gatepost("[pop-before-smtp]\nnetworks = 127.0.0.0/8")
    let client = try gatepost.greeted()
    try client.ask("MAIL FROM:<x@far.example>", "250")
    try client.ask(
      "RCPT TO:<ann@far.example>", "550 5.7.1 Relaying denied; check your mail by POP3 first")
  }

  @Test(
    "Whoever may not read the configuration is told to use sudo",
    .needsRoot("only root can become another user"))
  func sudo() throws {
    let gatepost = try Gatepost()
    let tool = "\(gatepost.path)/gatepost"
    try FileManager.default.copyItem(atPath: Program.path(of: "gatepost"), toPath: tool)
    _ = try Program.run("chmod", ["755", gatepost.path, tool])
    _ = try Program.run("chmod", ["600", "\(gatepost.path)/gatepost.conf"])
    for command in [["status"], ["queue"], ["user", "list"], ["check"]] {
      let run = try Program.run(
        "setpriv",
        ["--reuid=65534", "--clear-groups", tool, "-c", "\(gatepost.path)/gatepost.conf"] + command)
      #expect(run.status == 77, "\(command): \(run.output)")
      #expect(run.output.contains("sudo"), "\(run.output)")
    }
  }
}
