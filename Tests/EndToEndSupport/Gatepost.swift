import Foundation
import TLS
import TestSupport

/// A whole Gatepost in a directory of its own: configuration, users, spool, and the daemon.
package final class Gatepost {
  /// Where the daemon listens, on 127.0.0.1.
  package struct Ports {
    package let smtp = FreePorts.take(), submission = FreePorts.take()
    package let submissions = FreePorts.take()
    package let pop3 = FreePorts.take(), pop3s = FreePorts.take()
  }

  /// Where the daemon listens, on 127.0.0.1.
  package let ports = Ports()
  /// The directory that holds everything.
  package let path: String
  /// The directory of the spool.
  package let spool: String
  private let scratch: ScratchDirectory
  private var daemon: Program?
  private var starts = 0

  /// A server for home.example with the users alice and bob, password `secret`.
  ///
  /// - Parameters:
  ///   - hop: takes what is relayed, as the MX of each domain of `NameServer` or as the smart host.
  ///   - settings: more settings, which replace those that all tests have.
  ///   - spool: the directory of the spool, where it is not to be in the own directory.
  ///   - hasCertificate: whether its own certificates are there already, as from an earlier start.
  package init(
    hop: Hop? = nil, _ settings: String = "", spool: String? = nil, isStarted: Bool = true,
    hasCertificate: Bool = true
  ) throws {
    scratch = try ScratchDirectory()
    path = scratch.path
    self.spool = spool ?? "\(scratch.path)/spool"
    try FileManager.default.createDirectory(
      atPath: "\(path)/conf.d", withIntermediateDirectories: false)
    let nameServer = try NameServer.shared.get()
    let text = """
      [server]
      hostname = gw.home.example
      domains = home.example
      spool = \(self.spool)
      state = \(path)/state
      runtime = \(path)/run
      users = \(path)/users

      [listen]
      smtp = 127.0.0.1:\(ports.smtp)
      submission = 127.0.0.1:\(ports.submission)
      submissions = 127.0.0.1:\(ports.submissions)
      pop3 = 127.0.0.1:\(ports.pop3)
      pop3s = 127.0.0.1:\(ports.pop3s)

      [tls]
      certificate = \(path)/cert.pem
      key = \(path)/key.pem

      [relay]
      mx-port = \(hop?.port ?? 9)

      [dns]
      nameservers = 127.0.0.1:\(nameServer.port)

      [smtp]
      add-missing-fields = no

      [abuse]
      refuse-early-talkers = no

      [queue]
      retry = 1s, 1s, 2s
      """
    try write(text, to: "gatepost.conf")
    try configure(settings)
    try write(Self.users.get(), to: "users")
    if hasCertificate {
      for (name, content) in try Self.certificates.get() {
        _ = FileManager.default.createFile(
          atPath: "\(path)/\(name)", contents: content, attributes: [.posixPermissions: 0o600])
      }
    }
    if isStarted { try start() }
  }

  /// Replaces the settings that differ from those of all tests.
  package func configure(_ settings: String) throws { try write(settings, to: "conf.d/test.conf") }

  package func write(_ text: String, to file: String) throws {
    try text.write(toFile: "\(path)/\(file)", atomically: true, encoding: .utf8)
  }

  /// The files of `OwnCertificates`, made once, since keys of RSA take their time.
  private static let certificates = Result {
    let scratch = try ScratchDirectory()
    let path = scratch.path
    let own = OwnCertificates(
      CertificateFiles(certificate: "\(path)/cert.pem", key: "\(path)/key.pem"),
      hostName: "gw.home.example")
    _ = try own.maintain()
    var files: [String: Data] = [:]
    for name in try FileManager.default.contentsOfDirectory(atPath: path) {
      files[name] = FileManager.default.contents(atPath: "\(path)/\(name)")
    }
    return files
  }

  /// The users file, made once by the tool, since deriving a key takes its time.
  private static let users = Result {
    let scratch = try ScratchDirectory()
    let configuration = "\(scratch.path)/gatepost.conf"
    try """
    [server]
    hostname = gw.home.example
    domains = home.example
    users = \(scratch.path)/users
    """.write(toFile: configuration, atomically: true, encoding: .utf8)
    for user in ["alice", "bob"] {
      let run = try Program.run(
        "gatepost", ["-c", configuration, "user", "add", user, "--password-stdin"],
        input: "secret\n")
      guard run.status == 0 else { throw Overdue(description: run.output) }
    }
    return try String(contentsOfFile: "\(scratch.path)/users", encoding: .utf8)
  }

  // MARK: The daemon

  /// Starts the daemon and waits until it serves.
  ///
  /// - Parameter tracer: a command that starts it in its turn, such as strace.
  package func start(under tracer: [String] = []) throws {
    starts += 1
    let command = try tracer + [Program.path(of: "gatepostd"), "-c", "\(path)/gatepost.conf"]
    let daemon = try Program(command[0], Array(command[1...]), output: logPath)
    self.daemon = daemon
    try EndToEndSupport.eventually("gatepostd is ready") {
      if !daemon.isRunning { throw Overdue(description: "gatepostd ended:\n\(log)") }
      return log.contains("ready:")
    }
  }

  /// The process id of the daemon.
  package var pid: Int32 { daemon?.pid ?? -1 }

  /// Ends the daemon as a power cut of the process would: `kill -9`.
  package func kill() throws {
    daemon?.signal(SIGKILL)
    try daemon?.waitForEnd()
  }

  /// Asks the daemon to stop.
  package func terminate() { daemon?.signal(SIGTERM) }

  /// Waits until the daemon has stopped, and returns its exit code.
  package func waitForEnd() throws -> Int32 { try daemon?.waitForEnd() ?? -1 }

  /// Asks the daemon to read its configuration again.
  package func hangUp() { daemon?.signal(SIGHUP) }

  /// Stops the daemon where it stands: what clients do until `resume` waits in the kernel.
  package func suspend() { daemon?.signal(SIGSTOP) }

  /// Lets the daemon go on.
  package func resume() { daemon?.signal(SIGCONT) }

  /// Makes the daemon read its configuration again, and waits until it has.
  package func reload() throws {
    let before = log.count(of: "read again")
    hangUp()
    try EndToEndSupport.eventually("the configuration is read again", context: { log }) {
      log.count(of: "read again") > before
    }
  }

  // MARK: What it says

  private var logPath: String { "\(path)/log.\(starts)" }

  /// The log of the daemon since its last start.
  package var log: String { (try? String(contentsOfFile: logPath, encoding: .utf8)) ?? "" }

  /// Waits for a condition; what the daemon said belongs to the failure.
  package func eventually(_ expectation: String, _ condition: () throws -> Bool) throws {
    try EndToEndSupport.eventually(expectation, context: { log }, condition)
  }

  /// Waits for words in the log.
  package func waitForLog(_ words: String) throws {
    try eventually("the log says \"\(words)\"") { log.contains(words) }
  }

  /// Waits until so many attempts have failed and their messages wait again: the log tells of it a little
  /// before a message can be found in the queue.
  package func waitForDeferral(count: Int = 1) throws {
    try eventually("\(count) deferred") { log.count(of: "deferred id=") >= count }
    try eventually("no attempt is under way") {
      try tool("status").output.contains("\ndelivering: 0\n")
    }
  }
}

extension String {
  /// How often `part` stands in the text.
  package func count(of part: String) -> Int { components(separatedBy: part).count - 1 }
}
