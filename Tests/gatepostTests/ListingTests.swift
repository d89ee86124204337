import Foundation
import Testing

@Suite struct `What the tool tells` {
  @Test func `check finds every error at once`() throws {
    let tool = try Tool(configuration: "[relay]\nnetwork = 10.0.0.0/8\n[queue]\nlifetime = x")
    let run = try tool.run("check")
    #expect(run.status == 78)
    #expect(run.output == "")
    #expect(
      run.complaint == """
        gatepost: DIR/gatepost.conf:11: unknown key "network" in [relay]; did you mean "networks"?
        gatepost: DIR/gatepost.conf:13: [queue] lifetime: "x" is not a time; give a time such as \
        90s, 15min or 2h 30min, from 1s to 90d

        """)
  }

  @Test func `check looks into the users file`() throws {
    let tool = try Tool(configuration: "[queue]\nlifetime = 1d")
    let warning =
      "gatepost: DIR/gatepost.conf:11: warning: [queue] lifetime: \"1d\" is less than the 4d,"
      + " which RFC 5321 §4.5.4.1 asks for\n"
    #expect(
      try tool.run("check")
        == Tool.Run(
          status: 78, output: "",
          complaint: warning
            + "gatepost: DIR/users: cannot be read: No such file or directory (openat)\n"))
    try tool.write("alice:!\n", to: "users")
    try tool.write("postmaster: ann@far.example\n", to: "aliases")
    #expect(
      try tool.run("check")
        == Tool.Run(
          status: 0, output: "DIR/gatepost.conf: no errors; 1 user\n", complaint: warning))
  }

  @Test func `check looks into the file of aliases`() throws {
    let tool = try Tool()
    try tool.write("alice:!\n", to: "users")
    #expect(try tool.run("check").status == 0)
    try tool.write("root: |/bin/sh\n", to: "aliases")
    #expect(
      try tool.run("check")
        == Tool.Run(
          status: 78, output: "",
          complaint: "gatepost: DIR/aliases:1: \"|/bin/sh\" is a program;"
            + " a target is a name of this host or an address\n"))
    try tool.write("nonsense", to: "users")
    #expect(try tool.run("check").complaint.split(separator: "\n").count == 2)
  }

  @Test func `queue is empty before the first start`() throws {
    #expect(
      try Tool().run("queue")
        == Tool.Run(status: 0, output: "the queue is empty\n", complaint: ""))
  }

  @Test func `queue lists messages, recipients and strangers`() throws {
    let tool = try Tool()
    let now = Int(Date().timeIntervalSince1970)
    let padding = String(repeating: " ", count: 80)
    let message = """
      Gatepost-Arrived: \(now - 7300)
      Gatepost-Origin: here
      Gatepost-From: <alice@home.example>
      Gatepost-To: + <bob@x.example>
      Gatepost-To: - <carol@y.example>
      Gatepost-Status: 451 4.3.0 try later\(padding)
      Subject: hello

      hello

      """
    let bytes = message.utf8.count
    try tool.write(message, to: "spool/queue/cur/1763706000.k3v9q0.gatepost,S=1,W=1")
    try FileManager.default.setAttributes(
      [.modificationDate: Date(timeIntervalSince1970: Double(now + 3700))],
      ofItemAtPath: tool.path("spool/queue/cur/1763706000.k3v9q0.gatepost,S=1,W=1"))
    try tool.write(message, to: "spool/queue/new/1763706001.k3v9q0.gatepost,S=1,W=1")
    try tool.write(message, to: "spool/queue/hold/1763706002.k3v9q0.gatepost,S=1,W=1")
    try tool.write("x", to: "spool/queue/aside/README")
    try tool.write("Subject: \u{1B}\n", to: "spool/queue/new/foreign\u{1B}[2J")
    #expect(
      try tool.run("queue")
        == Tool.Run(
          status: 0,
          output: """
            1763706000.k3v9q0  \(bytes)B  2h old  from <alice@home.example>
                next attempt in 1h; last: 451 4.3.0 try later
                + <bob@x.example>
                - <carol@y.example>
            1763706001.k3v9q0  \(bytes)B  2h old  from <alice@home.example>
                not tried yet
                + <bob@x.example>
                - <carol@y.example>
            1763706002.k3v9q0  \(bytes)B  2h old  from <alice@home.example>
                held; last: 451 4.3.0 try later
                + <bob@x.example>
                - <carol@y.example>
            foreign\\x1b[2J is not a message of Gatepost; it is set aside when it is found
            4 messages, \(3 * bytes + 11)B
            1 file is set aside in DIR/spool/queue/aside

            """, complaint: ""))
  }

  @Test(arguments: [
    "-9223372036854775808", "9223372036854775807", "-1", "0", "99999999999999999999", "x",
  ])
  func `queue bears a time that nothing can be of`(time: String) throws {
    let tool = try Tool()
    let message = """
      Gatepost-Arrived: \(time)
      Gatepost-Origin: here
      Gatepost-From: <alice@home.example>
      Gatepost-To: - <carol@y.example>
      Gatepost-Status: later\(String(repeating: " ", count: 80))
      Subject: hello

      hello

      """
    let names = [
      "1763706000.k3v9q0.gatepost,S=1,W=1", "4294967295.zzzzzz.gatepost,S=4294967295,W=0",
      "99999999999.k3v9q0.gatepost,S=99999999999999999999,W=-1", "0.000000.gatepost,S=0,W=0",
    ]
    for (folder, date) in [("new", 1), ("cur", -1 << 62), ("hold", Int64.max >> 1)] {
      for name in names {
        try tool.write(message, to: "spool/queue/\(folder)/\(name)")
        var times = [
          timespec(tv_sec: Int(date), tv_nsec: 0), timespec(tv_sec: Int(date), tv_nsec: 0),
        ]
        // A file system may take no such date.
        _ = utimensat(AT_FDCWD, tool.path("spool/queue/\(folder)/\(name)"), &times, 0)
      }
    }
    // A hole that is larger than any disk.
    let hole = tool.path("spool/queue/new/1763706009.k3v9q0.gatepost,S=1,W=1")
    try tool.write(message, to: "spool/queue/new/1763706009.k3v9q0.gatepost,S=1,W=1")
    _ = truncate(hole, 1 << 43)
    let list = try tool.run("queue")
    #expect(list.status == 0 && list.complaint == "")
    #expect(list.output.contains("13 messages, "))
    let show = try tool.run("queue", "show", "1763706000.k3v9q0")
    #expect(show.status == 0 && show.complaint == "")
  }

  @Test func `nothing that the daemon's user writes moves root's terminal`() throws {
    let tool = try Tool()
    let boot = try String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8)
      .prefix(36)
    let wall = Int(Date().timeIntervalSince1970)
    let escape = "\u{1B}]0;x\u{7}\u{202E}"
    let grant =
      "192.168.1.5 eve\(escape) USER\(escape) \(wall) \(wall + 600) \(boot) 99999999 0/0 - -"
    try tool.write(grant + "\n" + "192.168.1.6 bob\(escape)\n", to: "state/whitelist")
    try tool.write("eve:!\n", to: "users")
    for command in [
      ["whitelist"], ["whitelist", "export", "postfix"], ["queue"], ["user", "list"],
    ] {
      let run = try tool.run(command)
      #expect(run.status == 0)
      for text in [run.output, run.complaint] {
        #expect(!text.unicodeScalars.contains { $0.value < 0x20 && $0 != "\n" || $0 == "\u{202E}" })
      }
    }
    #expect(try tool.run("whitelist").output.contains("bob\\x1b]0;x\\x7\\x202e"))
  }

  @Test func `queue show writes envelope and header, and nothing that moves a terminal`() throws {
    let tool = try Tool()
    let message = """
      Gatepost-Arrived: 1763706000
      Gatepost-From: <>
      Gatepost-To: - <bob@x.example>
      Gatepost-Status: 451 4.3.0 later\(String(repeating: " ", count: 180))
      Subject: \u{1B}[2J

      the body

      """
    try tool.write(message, to: "spool/queue/hold/1763706000.k3v9q0.gatepost,S=1,W=1")
    let run = try tool.run("queue", "show", "1763706000.k3v9q0")
    #expect(run.status == 0 && run.complaint == "")
    #expect(run.output.contains("\n    held; last: 451 4.3.0 later\n"))
    #expect(run.output.contains("\nhold/1763706000.k3v9q0.gatepost,S=1,W=1\n\nGatepost-Arrived: "))
    #expect(run.output.hasSuffix("\nSubject: \\x1b[2J\n"))
    #expect(try tool.run("queue", "show", "1763706001.k3v9q0").status == 66)
    #expect(try tool.run("queue", "show", "../../users").status == 64)
  }

  @Test(arguments: [
    ["remove", "all"], ["bounce", "all"], ["remove"], ["hold", "everything"], ["hold", "older=x"],
    ["bounce", "to=@x.example", "--reason", ""], ["bounce", "to=@x.example", "--reason", "a\nb"],
    ["flush", "a.example", "b.example"],
  ])
  func `a command on the queue that is not meant so is refused`(arguments: [String]) throws {
    let run = try Tool().run(["queue"] + arguments)
    #expect(run.status == 64 && run.output == "")
  }

  @Test(arguments: [
    ["status"], ["queue", "flush"], ["queue", "hold", "all"], ["queue", "remove", "all", "--yes"],
  ])
  func `without the server it says how to start it`(arguments: [String]) throws {
    let tool = try Tool()
    let run = try tool.run(arguments)
    #expect(run.status == 69 && run.output == "")
    #expect(
      run.complaint == "gatepost: the server does not run: nobody answers at DIR/run/control; start"
        + " it with: systemctl start gatepost\n")
  }

  private static let stopped = "gatepost: the server does not run: this is what its file says\n"

  @Test func `whitelist lists the grants that are alive`() throws {
    let tool = try Tool()
    #expect(
      try tool.run("whitelist") == Tool.Run(status: 0, output: "", complaint: Self.stopped))
    let now = Int(Date().timeIntervalSince1970)
    try tool.write(
      """
      # comment
      192.168.1.5 alice USER \(now - 10) \(now + 630) another-boot 5 0/0 - -
      192.168.1.6 bob USER+TLS \(now - 100) \(now - 1) another-boot 5 0/0 - -
      """, to: "state/whitelist")
    #expect(
      try tool.run("whitelist")
        == Tool.Run(
          status: 0, output: "192.168.1.5 alice USER ends in 10min\n", complaint: Self.stopped))
  }

  @Test(arguments: [
    ("postfix", "192.168.1.5/32 OK\nfd00::5/128 OK\n"),
    ("exim", "192.168.1.5: granted\n\"fd00::5\": granted\n"),
    (
      "nftables",
      """
      add table inet gatepost
      add set inet gatepost granted4 { type ipv4_addr; flags timeout; }
      flush set inet gatepost granted4
      add element inet gatepost granted4 { 192.168.1.5 timeout 800s }
      add set inet gatepost granted6 { type ipv6_addr; flags timeout; }
      flush set inet gatepost granted6
      add element inet gatepost granted6 { fd00::5 timeout 600s }

      """
    ),
  ])
  func `whitelist exports each address once, in the form of another program`(
    format: String, text: String
  ) throws {
    let tool = try Tool()
    let now = Int(Date().timeIntervalSince1970)
    try tool.write(
      """
      192.168.1.5 alice USER \(now - 10) \(now + 630) another-boot 5 0/0 - -
      192.168.1.5 bob USER \(now - 10) \(now + 801) another-boot 5 0/0 - -
      fd00::5 bob USER \(now - 10) \(now + 601) another-boot 5 0/0 - -
      """, to: "state/whitelist")
    let run = try tool.run("whitelist", "export", format)
    #expect(run.status == 0 && run.complaint == Self.stopped)
    // Some seconds may pass between the file and the reading of it.
    let output = run.output.replacing(/timeout (80\d|79\d)s/, with: "timeout 800s")
      .replacing(/timeout (60\d|59\d)s/, with: "timeout 600s")
    #expect(output == text)
    #expect(try tool.run("whitelist", "export", "sendmail").status == 64)
  }
}
