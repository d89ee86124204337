import EndToEndSupport
import Foundation
import Testing

/// The running daemon against nonsense, the same in every run: nothing ends it, and no message is lost.
@Suite struct LiveFuzzTests {
  /// What the scripts have in common: changes of octets that parsers dislike.
  private static let mutation = """
    import os, random, socket, sys, threading, time
    def mutated(random, octets):
        octets = bytearray(octets)
        for _ in range(random.randint(0, 4)):
            place = random.randint(0, len(octets))
            kind = random.randint(0, 4)
            if kind == 0: del octets[place:place + random.randint(1, 8)]
            elif kind == 1: octets[place:place] = octets[place:place + random.randint(1, 8)]
            elif kind == 2: octets[place:place] = bytes([random.randint(0, 255)])
            elif kind == 3: octets[place:place] = random.choice([b"\\r\\n", b"\\n", b"\\0", b"-", b" ", b'"', b"\\\\"])
            elif place < len(octets): octets[place] ^= 1 << random.randint(0, 7)
        return bytes(octets)

    """

  private func isUp(_ gatepost: Gatepost, _ pid: Int32) throws {
    #expect(gatepost.pid == pid)
    let status = try gatepost.tool("status")
    #expect(status.status == 0 && status.output.contains("queued: "), "\(status.output)")
  }

  @Test("Requests to the socket of the tool", arguments: [1, 2])
  func control(seed: Int) throws {
    let gatepost = try Gatepost("[relay]\nnetworks = 127.0.0.0/8\n[queue]\nretry = 1h")
    for _ in 0..<3 { #expect(try gatepost.send(to: "ann@far.example").hasPrefix("250")) }
    let pid = gatepost.pid
    let script =
      Self.mutation + """
        random = random.Random(int(sys.argv[2]))
        requests = [b"status", b"retry all", b"hold all", b"release all", b"whitelist-list",
            b"whitelist-add 192.168.1.5 alice", b"whitelist-revoke alice", b"hold from=<> older=2h",
            b'bounce "no \\\\" more" 1763706000.k3v9q0', b"retry " + b"x" * 20000, b""]
        for turn in range(400):
            with socket.socket(socket.AF_UNIX) as client:
                client.settimeout(30)
                client.connect(sys.argv[1])
                line = mutated(random, random.choice(requests)) + random.choice([b"\\n", b"\\n\\n", b""])
                try:
                    client.sendall(line)
                    client.shutdown(socket.SHUT_WR)
                    answer = b""
                    while True:
                        piece = client.recv(65536)
                        if not piece: break
                        answer += piece
                    assert b"\\0" not in answer
                except (ConnectionResetError, BrokenPipeError): pass
        """
    let run = try Program.run("python3", ["-c", script, "\(gatepost.path)/run/control", "\(seed)"])
    #expect(run.status == 0, "\(run.output)")
    try isUp(gatepost, pid)
  }

  @Test(
    "Replies of a smarthost, whole and in parts, with pauses and without an end", arguments: [1])
  func smarthost(seed: Int) throws {
    let port = FreePorts.take()
    let gatepost = try Gatepost(
      """
      [relay]
      networks = 127.0.0.0/8
      smarthost = smtp://127.0.0.1:\(port)
      """)
    let count = 12
    for _ in 0..<count {
      let reply = try gatepost.send(from: "alice@home.example", to: "ann@far.example")
      #expect(reply.hasPrefix("250"))
    }
    let pid = gatepost.pid
    let script =
      Self.mutation + """
        random = random.Random(int(sys.argv[2]))
        lock = threading.Lock()
        turns = 0
        def good(command, isData):
            if isData: return b"250 taken"
            verb = command[:4].upper()
            if verb == b"EHLO": return b"250-mx\\r\\n250-PIPELINING\\r\\n250-SIZE 1000000\\r\\n250 8BITMIME"
            if verb == b"DATA": return b"354 go on"
            if verb == b"QUIT": return b"221 bye"
            return b"250 ok"
        def serve(client, seed, isGood):
            chance = __import__("random").Random(seed)
            # What it has left open is for the other side to wait for, but not for long.
            client.settimeout(30 if isGood else 0.2)
            def say(reply):
                octets = reply + b"\\r\\n"
                if not isGood:
                    octets = mutated(chance, octets)
                    if chance.random() < 0.1: octets = octets * 3
                    if chance.random() < 0.05: octets = b"250-" + b"x" * 70000
                while octets:
                    size = len(octets) if isGood else chance.randint(1, 30)
                    client.sendall(octets[:size])
                    octets = octets[size:]
                    if not isGood: time.sleep(chance.choice([0, 0, 0.001, 0.01]))
            try:
                say(b"220 mx ready")
                isData = False
                with client.makefile("rb") as lines:
                    for line in lines:
                        line = line.rstrip(b"\\r\\n")
                        if isData:
                            if line != b".": continue
                            isData = False
                            say(good(b"", True))
                            continue
                        if not isGood and chance.random() < 0.1: return
                        say(good(line, False))
                        isData = line[:4].upper() == b"DATA"
                        if line[:4].upper() == b"QUIT": return
            except OSError: pass
            finally: client.close()
        server = socket.create_server(("127.0.0.1", int(sys.argv[1])))
        print("ready", flush=True)
        while True:
            client, _ = server.accept()
            turns += 1
            threading.Thread(target=serve, args=(client, turns * 1000 + int(sys.argv[2]), turns > 8), daemon=True).start()
        """
    let output = "\(gatepost.path)/hop"
    let hop = try Program("python3", ["-c", script, "\(port)", "\(seed)"], output: output)
    try gatepost.eventually("the server serves") {
      try String(contentsOfFile: output, encoding: .utf8).contains("ready")
    }
    try eventually(
      "each message has left or has come back", within: 300, context: { gatepost.log }
    ) {
      #expect(hop.isRunning)
      // The admin's word: a server that has failed is left alone for a minute otherwise.
      _ = try gatepost.tool("queue", "flush")
      return gatepost.log.count(of: "delivered id=") + gatepost.log.count(of: "failed id=") >= count
    }
    try gatepost.eventually("nothing waits") { gatepost.queue.isEmpty }
    let failed = gatepost.log.count(of: "\nfailed id=")
    try gatepost.eventually("who is told of a failure") {
      gatepost.maildrop("alice").count == failed
    }
    try isUp(gatepost, pid)
  }

  @Test("The files that an admin edits, while the daemon runs", arguments: ["users", "aliases"])
  func files(name: String) throws {
    let gatepost = try Gatepost()
    try gatepost.configure(
      """
      [local]
      aliases = \(gatepost.path)/aliases
      [abuse]
      connections-per-minute = off
      commands-per-minute = off
      """)
    try gatepost.reload()
    let users = try String(contentsOfFile: "\(gatepost.path)/users", encoding: .utf8)
    let start = name == "users" ? users : "root: alice, bob\n  , ann@far.example\nabuse: bob\n"
    try start.write(toFile: "\(gatepost.path)/start", atomically: true, encoding: .utf8)
    let pid = gatepost.pid
    let script =
      Self.mutation + """
        import smtplib
        random = random.Random(7)
        start = open(sys.argv[1] + "/start", "rb").read()
        for turn in range(150):
            with open(sys.argv[1] + "/new", "wb") as file: file.write(mutated(random, start))
            os.rename(sys.argv[1] + "/new", sys.argv[1] + "/" + sys.argv[3])
            with smtplib.SMTP("127.0.0.1", int(sys.argv[2])) as smtp:
                smtp.ehlo()
                assert smtp.mail("eve@far.example")[0] == 250
                for name in ["alice", "root", "nobody"]:
                    assert smtp.rcpt(name + "@home.example")[0] in (250, 450, 451, 452, 550), name
        """
    let run = try Program.run(
      "python3", ["-c", script, gatepost.path, "\(gatepost.ports.smtp)", name])
    #expect(run.status == 0, "\(run.output)")
    try start.write(toFile: "\(gatepost.path)/\(name)", atomically: true, encoding: .utf8)
    try isUp(gatepost, pid)
    #expect(try gatepost.curl().status == 0)
  }

  @Test("A configuration that is not to be understood ends a check with a sentence, and no reload")
  func configuration() throws {
    let gatepost = try Gatepost()
    let pid = gatepost.pid
    let script =
      Self.mutation + """
        import subprocess
        random = random.Random(11)
        start = open(sys.argv[1] + "/gatepost.conf", "rb").read()
        for turn in range(40):
            with open(sys.argv[1] + "/mutated.conf", "wb") as file: file.write(mutated(random, start))
            for program in sys.argv[2:]:
                run = subprocess.run(
                    program.split() + (["-c", sys.argv[1] + "/mutated.conf"]) + (["--check"] if program.endswith("d") else ["check"]),
                    stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
                assert 0 <= run.returncode < 128, (program, run.returncode, run.stdout)
                assert run.returncode == 0 or run.stdout, program
        """
    let run = try Program.run(
      "python3",
      ["-c", script, gatepost.path, Program.path(of: "gatepostd"), Program.path(of: "gatepost")])
    #expect(run.status == 0, "\(run.output)")
    try isUp(gatepost, pid)
  }
}
