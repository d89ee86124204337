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
        gatepost: DIR/gatepost.conf:10: unknown key "network" in [relay]; did you mean "networks"?
        gatepost: DIR/gatepost.conf:12: [queue] lifetime: "x" is not a time; give a time such as \
        90s, 15min or 2h 30min, from 1s to 90d

        """)
  }

  @Test func `check looks into the users file`() throws {
    let tool = try Tool(configuration: "[queue]\nlifetime = 1d")
    let warning =
      "gatepost: DIR/gatepost.conf:10: warning: [queue] lifetime: \"1d\" is less than the 4d,"
      + " which RFC 5321 §4.5.4.1 asks for\n"
    #expect(
      try tool.run("check")
        == Tool.Run(
          status: 78, output: "",
          complaint: warning
            + "gatepost: DIR/users: cannot be read: No such file or directory (openat)\n"))
    try tool.write("alice:!\n", to: "users")
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
    let padding = String(repeating: " ", count: 180)
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
            foreign\\x1b[2J is not a message of Gatepost and is never tried
            3 messages, \(2 * bytes + 11)B

            """, complaint: ""))
  }

  @Test func `whitelist lists the grants that are alive`() throws {
    let tool = try Tool()
    #expect(
      try tool.run("whitelist") == Tool.Run(status: 0, output: "", complaint: ""))
    let now = Int(Date().timeIntervalSince1970)
    try tool.write(
      """
      # comment
      192.168.1.5 alice USER \(now - 10) \(now + 630) another-boot 5
      192.168.1.6 bob USER+TLS \(now - 100) \(now - 1) another-boot 5
      """, to: "state/whitelist")
    #expect(
      try tool.run("whitelist")
        == Tool.Run(status: 0, output: "192.168.1.5 alice USER ends in 10min\n", complaint: ""))
  }
}
