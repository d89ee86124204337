import EndToEndSupport
import Foundation
import TestSupport
import Testing

/// One system call of the start fails: the daemon serves all the same, or ends with a status for which the unit starts it again.
@Suite(.serialized) struct StartFaultTests {
  /// Serving until it is stopped, `EX_OSERR`, `EX_TEMPFAIL`; never 78, which is final, and no signal.
  private static let allowed: [Int32] = [0, 71, 75]
  /// What the calls fail with, in turn; each of them with `START_FAULTS=all`.
  private static let errors = ["EIO", "ENOMEM", "EMFILE", "EACCES", "ENOSPC"]
  /// Calls that cannot fail where they are used, and writes, for a line of the log that is lost is only that.
  private static let infallible: Set = [
    "exit", "exit_group", "futex", "getpid", "gettid", "rseq", "rt_sigaction", "rt_sigprocmask",
    "rt_sigreturn", "set_robust_list",
    "write",
  ]
  private static let isFull = ProcessInfo.processInfo.environment["START_FAULTS"] == "all"

  @Test("No failure of a system call at the start is final, or a crash")
  func matrix() throws {
    let gatepost = try Gatepost("[limits]\nfree-space = 0")
    #expect(try gatepost.send(to: "alice@home.example").hasPrefix("250"))
    gatepost.terminate()
    #expect(try gatepost.waitForEnd() == 0)
    let calls = try calls(of: gatepost)
    #expect(calls.count > 100)
    var turn = 0
    for (call, numbers) in Dictionary(grouping: calls, by: \.name).sorted(by: { $0.key < $1.key }) {
      let all = numbers.map(\.number)
      let chosen = Self.isFull ? all : Array(Set([all[0], all[all.count / 2], all[all.count - 1]]))
      for number in chosen.sorted() {
        turn += 1
        for error in Self.isFull ? Self.errors : [Self.errors[turn % Self.errors.count]] {
          // The kernel tells of a brk that fails by the old end, not by an error.
          let fault = call == "brk" ? "retval=0" : "error=\(error)"
          let (status, log) = try run(
            gatepost, ["-e", "inject=\(call):\(fault):when=\(number)"])
          #expect(
            Self.allowed.contains(status), "\(call) \(number) \(fault): \(status)\n\(log)")
        }
      }
    }
  }

  /// The calls of a start, each with its place among those of its name, from where the program itself begins: before that the loader is at work.
  private func calls(of gatepost: Gatepost) throws -> [(name: String, number: Int)] {
    let trace = "\(gatepost.path)/trace"
    #expect(try run(gatepost, ["-o", trace]).status == 0)
    var counts: [String: Int] = [:]
    var calls: [(name: String, number: Int)] = []
    var hasBegun = false
    for line in try String(contentsOfFile: trace, encoding: .utf8).split(separator: "\n") {
      guard let match = line.firstMatch(of: /^\d+ +([a-z0-9_]+)\(/) else { continue }
      let name = String(match.1)
      counts[name, default: 0] += 1
      // Signals are blocked before all else.
      if line.contains("rt_sigaction(SIGPIPE") { hasBegun = true }
      if !hasBegun || Self.infallible.contains(name) { continue }
      calls.append((name, counts[name] ?? 0))
      if line.contains(" ready: ") { break }
    }
    return calls
  }

  /// Starts the daemon under strace, stops it once it serves, and returns how it ended.
  private func run(_ gatepost: Gatepost, _ options: [String]) throws -> (status: Int32, log: String)
  {
    let path = "\(gatepost.path)/log.fault"
    // The process is the daemon: the tracer stands aside.
    let options = options.contains("-o") ? options : ["-o", "/dev/null"] + options
    let daemon = try Program(
      "strace",
      ["-D", "-f", "-qq"] + options
        + [try Program.path(of: "gatepostd"), "-c", "\(gatepost.path)/gatepost.conf"], output: path)
    func log() -> String { (try? String(contentsOfFile: path, encoding: .utf8)) ?? "" }
    try eventually("the daemon serves or ends", context: log) {
      !daemon.isRunning || log().contains(" ready: ")
    }
    daemon.signal(SIGTERM)
    try eventually("it stops, with \(options)", context: log) { !daemon.isRunning }
    return (daemon.status, log())
  }

  @Test(
    "Where the kernel refuses a thread the daemon ends with a sentence, and none starts after 'ready'",
    .needsRoot("only root can become the user whose processes are counted"))
  func threads() throws {
    let gatepost = try Gatepost(isStarted: false)
    let program = "\(gatepost.path)/gatepostd"
    try FileManager.default.copyItem(atPath: Program.path(of: "gatepostd"), toPath: program)
    // A number that no other process has.
    let user = "64321"
    _ = try Program.run("chown", ["-R", user, gatepost.path])
    let run = try Program.run(
      "prlimit",
      ["--nproc=2:2", "setpriv", "--reuid=\(user)", "--clear-groups", program, "-c"]
        + ["\(gatepost.path)/gatepost.conf"])
    #expect(run.status == 71)
    #expect(run.output.contains("threads: Resource temporarily unavailable"))

    try gatepost.start()
    let tasks = "/proc/\(gatepost.pid)/task"
    let before = try FileManager.default.contentsOfDirectory(atPath: tasks)
    for _ in 1...5 { #expect(try gatepost.send(to: "alice@home.example").hasPrefix("250")) }
    #expect(try gatepost.curl().status == 0)
    #expect(try FileManager.default.contentsOfDirectory(atPath: tasks).sorted() == before.sorted())
  }

  @Test("Sockets of systemd for ports that no key names are a trouble, and the others are served")
  func oddSockets() throws {
    let gatepost = try Gatepost(isStarted: false)
    let (odd, log) = (FreePorts.take(), "\(gatepost.path)/log.activated")
    let daemon = try Program(
      "systemd-socket-activate",
      ["-l", "127.0.0.1:\(gatepost.ports.smtp)", "-l", "127.0.0.1:\(odd)"]
        + [try Program.path(of: "gatepostd"), "-c", "\(gatepost.path)/gatepost.conf"], output: log)
    func text() -> String { (try? String(contentsOfFile: log, encoding: .utf8)) ?? "" }
    try eventually("it listens", context: text) { text().contains("Listening on") }
    let client = try gatepost.smtp()
    try client.expect("220")
    #expect(text().contains("socket 127.0.0.1:\(odd): systemd hands it over"))
    #expect(try gatepost.curl().status == 0)
    #expect(try gatepost.tool("status").status == 75)
    daemon.signal(SIGTERM)
    #expect(try daemon.waitForEnd() == 0)
  }
}
