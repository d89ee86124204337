import Dispatch
import EndToEndSupport
import Foundation
import Testing

/// The admin's tool and the daemon: what happens to messages that wait.
@Suite struct ControlTests {
  private let trusting = "[relay]\nnetworks = 127.0.0.0/8\n[queue]\nretry = 1h\n"

  /// A server whose messages wait for an hour, as their exchange is down, with one for each recipient.
  private func waiting(
    _ hop: Hop, for recipients: String..., sender: String = "alice@home.example"
  ) throws -> (gatepost: Gatepost, ids: [String]) {
    let gatepost = try Gatepost(hop: hop, trusting)
    var ids: [String] = []
    for recipient in recipients {
      #expect(try gatepost.send(from: sender, to: recipient).hasPrefix("250"))
      try gatepost.waitForDeferral(count: ids.count + 1)
      ids.append(try #require(gatepost.ids(in: "cur").first { !ids.contains($0) }))
    }
    return (gatepost, ids)
  }

  @Test("flush tries what waits, and what waits for one domain")
  func flush() throws {
    let hop = try Hop(isUp: false)
    let (gatepost, _) = try waiting(hop, for: "ann@far.example", "ann@two.far.example")
    try hop.start()
    let one = try gatepost.tool("queue", "flush", "two.far.example")
    #expect(one.status == 0 && one.output == "1 message is tried now\n")
    try gatepost.eventually("it is at its exchange") { hop.messages.count == 1 }
    #expect(hop.messages[0].recipients == ["ann@two.far.example"])
    #expect(try gatepost.tool("queue", "flush").output == "1 message is tried now\n")
    try gatepost.eventually("both are there") { hop.messages.count == 2 }
    try gatepost.eventually("the queue is empty") { gatepost.queue.isEmpty }
    #expect(try gatepost.tool("queue", "flush").output == "0 messages are tried now\n")
  }

  @Test("A held message is kept over a restart and a flush, and leaves when it is released")
  func hold() throws {
    let hop = try Hop(isUp: false)
    let (gatepost, ids) = try waiting(hop, for: "ann@far.example", "ann@two.far.example")
    let held = try gatepost.tool("queue", "hold", "to=@two.far.example")
    #expect(held.status == 0 && held.output == "\(ids[1])\n1 message held\n")
    #expect(gatepost.ids(in: "hold") == [ids[1]])
    #expect(gatepost.log.contains("queue-changed id=\(ids[1]) action=hold uid=\(geteuid())"))
    try gatepost.kill()
    try gatepost.start()
    #expect(try gatepost.tool("queue").output.contains("    held; last: "))
    try hop.start()
    #expect(try gatepost.tool("queue", "flush").output == "1 message is tried now\n")
    try gatepost.eventually("the other one is at its exchange") { hop.messages.count == 1 }
    let retried = try gatepost.tool("queue", "retry", ids[1])
    #expect(retried.status == 66 && retried.output.contains("is held; release it instead"))
    #expect(gatepost.ids(in: "hold") == [ids[1]])
    let released = try gatepost.tool("queue", "release", "all")
    #expect(released.output == "\(ids[1])\n1 message released\n")
    try gatepost.eventually("it is at its exchange") { hop.messages.count == 2 }
    try gatepost.eventually("the queue is empty") { gatepost.queue.isEmpty }
  }

  @Test("A removed message is gone and nobody hears of it")
  func remove() throws {
    let hop = try Hop(isUp: false)
    let (gatepost, ids) = try waiting(hop, for: "ann@far.example", "bob@far.example")
    let removed = try gatepost.tool("queue", "remove", ids[0], "1763706000.k3v9q0")
    #expect(removed.output.contains("1763706000.k3v9q0: there is no such message"))
    #expect(removed.status == 0 && removed.output.hasSuffix("\n1 message removed\n"))
    #expect(gatepost.ids(in: "cur") == [ids[1]])
    #expect(try gatepost.tool("queue", "remove", "older=1h").output == "0 messages removed\n")
    let unsure = try gatepost.tool("queue", "remove", "all")
    #expect(unsure.status == 64 && unsure.output.contains("--yes"))
    #expect(try gatepost.tool("queue", "remove", "all", "--yes").status == 0)
    #expect(gatepost.queue.isEmpty && gatepost.maildrop("alice").isEmpty)
    #expect(try gatepost.tool("status").output.contains("\nqueued: 0\n"))
  }

  @Test("A bounced message returns to its sender with what the admin says")
  func bounce() throws {
    let hop = try Hop(isUp: false)
    let (gatepost, ids) = try waiting(hop, for: "ann@far.example")
    let bounced = try gatepost.tool(
      "queue", "bounce", "from=alice@home.example", "--reason", #"write to "Ann" by post"#)
    #expect(bounced.status == 0 && bounced.output == "\(ids[0])\n1 message returned\n")
    #expect(gatepost.queue.isEmpty)
    let report = try #require(gatepost.maildrop("alice").first)
    #expect(report.contains(#"write to "Ann" by post"#) && report.contains("\nStatus: 5.0.0\n"))
    #expect(report.contains("Final-Recipient: rfc822; ann@far.example\n"))
    #expect(report.contains("\nSubject: hello\n"))
  }

  @Test("A message that is being delivered is left to its delivery")
  func underDelivery() throws {
    // The script is asked in the thread of the connection: it waits there until it may go on.
    let gate = DispatchSemaphore(value: 0)
    let hop = try Hop { command in
      guard command.hasPrefix("RCPT") else { return nil }
      _ = gate.wait(timeout: .now() + 30)
      return nil
    }
    let gatepost = try Gatepost(hop: hop, trusting)
    #expect(try gatepost.send(to: "ann@far.example").hasPrefix("250"))
    try gatepost.eventually("the recipient is being asked about") {
      hop.commands.contains { $0.hasPrefix("RCPT") }
    }
    let id = try #require(gatepost.ids(in: "new").first)
    for command in ["hold", "remove", "bounce"] {
      let run = try gatepost.tool("queue", command, id)
      #expect(run.status == 66 && run.output.contains("\(id) is being delivered"))
    }
    #expect(try gatepost.tool("status").output.contains("\ndelivering: 1\n"))
    gate.signal()
    try gatepost.eventually("the message is at its exchange") { hop.messages.count == 1 }
    try gatepost.eventually("the queue is empty") { gatepost.queue.isEmpty }
    #expect(gatepost.maildrop("alice").isEmpty)
  }

  @Test("The status names destinations that are down; show and list need no server")
  func looking() throws {
    let hop = try Hop(isUp: false)
    let (gatepost, ids) = try waiting(hop, for: "ann@far.example")
    let status = try gatepost.tool("status").output
    #expect(status.contains("\nqueued: 1\nheld: 0\ndue: 0\ndelivering: 0\n"))
    #expect(status.contains("\nput-off: far.example: "))
    try gatepost.kill()
    for command in [["status"], ["queue", "flush"], ["queue", "remove", ids[0]]] {
      let run = try Program.run("gatepost", ["-c", "\(gatepost.path)/gatepost.conf"] + command)
      #expect(run.status == 69 && run.output.contains("the server does not run"))
    }
    try gatepost.write("\u{1B}[2J", to: "spool/queue/aside/README")
    let list = try gatepost.tool("queue").output
    #expect(list.hasPrefix(ids[0]) && list.contains("1 file is set aside in "))
    let shown = try gatepost.tool("queue", "show", ids[0])
    #expect(shown.output.contains("Gatepost-To: - <ann@far.example>\n"))
    #expect(shown.output.hasSuffix("\nSubject: hello\n"))
    #expect(try gatepost.tool("queue", "show", "1763706000.k3v9q0").status == 66)
  }

  @Test("A socket that another daemon serves is not taken from it, and is when that has gone")
  func ownership() throws {
    let first = try Gatepost()
    let second = try Gatepost(isStarted: false)
    try second.configure("[server]\nruntime = \(first.path)/run")
    try second.start()
    #expect(second.log.contains("belongs to another program"))
    #expect(try first.tool("status").status == 0)
    try first.kill()
    try second.waitForLog("the tool can reach the server")
    #expect(try second.tool("status").status == 0)
    second.terminate()
    #expect(try second.waitForEnd() == 0)
    #expect(!FileManager.default.fileExists(atPath: "\(first.path)/run/control"))
  }

  @Test("Where no socket can be made, mail goes on without it")
  func withoutSocket() throws {
    let gatepost = try Gatepost("[server]\nruntime = /proc/gatepost")
    #expect(gatepost.log.contains("the tool cannot reach this server"))
    #expect(try gatepost.send(to: "alice@home.example").hasPrefix("250"))
  }

  @Test(
    "The socket is for root, the daemon's user and its group",
    .enabled(if: geteuid() == 0, "only root can become another user"))
  func permission() throws {
    let gatepost = try Gatepost()
    let socket = "\(gatepost.path)/run/control"
    let mode = try FileManager.default.attributesOfItem(atPath: socket)[.posixPermissions]
    #expect(mode as? Int == 0o660)
    for folder in [gatepost.path, "\(gatepost.path)/run"] { chmod(folder, 0o755) }
    func connect(_ credentials: String...) throws -> Int32 {
      try Program.run(
        "setpriv",
        credentials + ["curl", "-s", "--max-time", "20", "--unix-socket", socket, "http://x/"]
      ).status
    }
    // 7 is curl's word for a connection that was not made.
    #expect(try connect("--reuid=65534", "--regid=65534", "--clear-groups") == 7)
    #expect(try connect("--reuid=65534", "--regid=0", "--clear-groups") != 7)
  }

  @Test("A command too many is told so")
  func tooMany() throws {
    let gatepost = try Gatepost()
    let script = """
      import socket, sys, time
      idle = [socket.socket(socket.AF_UNIX) for _ in range(4)]
      for each in idle: each.connect(sys.argv[1])
      print("ready", flush=True)
      time.sleep(60)
      """
    let output = "\(gatepost.path)/idle.log"
    let idle = try Program(
      "python3", ["-c", script, "\(gatepost.path)/run/control"], output: output)
    try gatepost.eventually("four are connected") {
      (try? String(contentsOfFile: output, encoding: .utf8)) == "ready\n"
    }
    let run = try gatepost.tool("status")
    #expect(run.status == 69)
    #expect(run.output == "gatepost: gatepostd: too many commands at once\n")
    withExtendedLifetime(idle) {}
  }

  @Test("Noise at the socket is told so, and hurts nobody")
  func noise() throws {
    let gatepost = try Gatepost()
    let run = try Program.run(
      "curl", ["-s", "--http0.9", "--unix-socket", "\(gatepost.path)/run/control", "http://x/"])
    #expect(run.output.hasPrefix("error this is no request"))
    #expect(try gatepost.tool("status").status == 0)
  }

  @Test("A command that reads 20,000 messages holds up no mail")
  func manyMessages() throws {
    let gatepost = try Gatepost(trusting, isStarted: false)
    let cur = "\(gatepost.spool)/queue/cur"
    try FileManager.default.createDirectory(atPath: cur, withIntermediateDirectories: true)
    let message = """
      Gatepost-Arrived: 1763706000
      Gatepost-From: <alice@home.example>
      Gatepost-To: - <ann@far.example>
      Gatepost-Status: 451 later\(String(repeating: " ", count: 191))
      Subject: hello

      hello

      """
    let size = message.utf8.count
    func name(_ number: Int) -> String {
      let unique = String(format: "%06d", number)
      return "\(cur)/1763706000.\(unique).gatepost,S=\(size),W=\(size + 8)"
    }
    try message.write(toFile: name(0), atomically: false, encoding: .utf8)
    let later = Date(timeIntervalSinceNow: 3600)
    try FileManager.default.setAttributes([.modificationDate: later], ofItemAtPath: name(0))
    // Other names of the same file are as good to the queue as files of their own.
    for number in 1..<20_000 { try #require(link(name(0), name(number)) == 0) }
    try gatepost.start()
    #expect(gatepost.log.contains("20000 messages queued"))
    let output = "\(gatepost.path)/output"
    let command = try Program(
      "gatepost", ["-c", "\(gatepost.path)/gatepost.conf", "queue", "hold", "to=ann@far.example"],
      output: output)
    #expect(try gatepost.send(to: "alice@home.example").hasPrefix("250"))
    #expect(command.isRunning)
    try gatepost.eventually("some are held") { !gatepost.ids(in: "hold").isEmpty }
    #expect(try gatepost.send(to: "bob@home.example").hasPrefix("250"))
    #expect(try command.waitForEnd(within: 120) == 0)
    let text = try String(contentsOfFile: output, encoding: .utf8)
    #expect(text.hasSuffix("\n20000 messages held\n"))
    #expect(gatepost.ids(in: "hold").count == 20_000)
  }
}
