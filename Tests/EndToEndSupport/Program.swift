import Foundation
import Testing

/// A program that runs beside the test, with what it says in a file.
package final class Program: @unchecked Sendable {
  private let process = Process()
  private let name: String

  /// The process id.
  package var pid: Int32 { process.processIdentifier }

  /// Whether it has not ended yet.
  package var isRunning: Bool { process.isRunning }

  /// The exit code, or the number of the signal that ended it; only after the end.
  package var status: Int32 { process.terminationStatus }

  /// Starts a program that is looked for where the tests were built, then in the PATH.
  package init(_ name: String, _ arguments: [String], output: String) throws {
    self.name = name
    process.executableURL = URL(filePath: try Self.path(of: name))
    process.arguments = arguments
    _ = FileManager.default.createFile(atPath: output, contents: nil)
    let file = try FileHandle(forWritingTo: URL(filePath: output))
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = file
    process.standardError = file
    try process.runWithoutBlockedSignals()
    Reaper.adopt(pid)
  }

  /// Starts strace on a process that runs, and returns when it traces all its threads.
  package static func attach(to pid: Int32, _ arguments: [String]) throws -> Program {
    let output = FileManager.default.temporaryDirectory.appending(path: "gatepost-strace-\(pid)")
    defer { try? FileManager.default.removeItem(at: output) }
    let strace = try Program("strace", ["-f", "-p", "\(pid)"] + arguments, output: output.path)
    try eventually("strace traces every thread") {
      if !strace.isRunning {
        throw Overdue(description: (try? String(contentsOf: output, encoding: .utf8)) ?? "strace")
      }
      let threads = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/task")
      return threads.allSatisfy { thread in
        let status = try? String(
          contentsOfFile: "/proc/\(pid)/task/\(thread)/status", encoding: .utf8)
        return status?.contains("TracerPid:\t\(strace.pid)\n") ?? true
      }
    }
    return strace
  }

  deinit {
    if isRunning { signal(SIGKILL) }
    Reaper.forget(pid)
  }

  /// Sends a signal.
  package func signal(_ number: Int32) { kill(pid, number) }

  /// Waits for the end and returns the exit code.
  @discardableResult
  package func waitForEnd(within seconds: TimeInterval = 30) throws -> Int32 {
    try eventually("the end of \(name)", within: seconds) { !isRunning }
    return status
  }

  /// Runs a program to its end and returns what it said and its exit code.
  package static func run(
    _ name: String, _ arguments: [String], input: String = ""
  ) throws -> (status: Int32, output: String) {
    let process = Process()
    process.executableURL = URL(filePath: try path(of: "timeout"))
    process.arguments = ["60", try path(of: name)] + arguments
    let (stdin, stdout) = (Pipe(), Pipe())
    process.standardInput = stdin
    process.standardOutput = stdout
    process.standardError = stdout
    try process.runWithoutBlockedSignals()
    try stdin.fileHandleForWriting.write(contentsOf: Data(input.utf8))
    try stdin.fileHandleForWriting.close()
    let output = stdout.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: output, as: UTF8.self))
  }

  /// Where a program is: `GATEPOSTD` says it for the daemon, the products of the test run come next.
  package static func path(of name: String) throws -> String {
    if name.hasPrefix("/") { return name }
    let environment = ProcessInfo.processInfo.environment
    if name == "gatepostd", let path = environment["GATEPOSTD"] { return path }
    let products = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
      .deletingLastPathComponent().path
    let folders = [products] + (environment["PATH"] ?? "").split(separator: ":").map(String.init)
    for folder in folders + ["/usr/sbin", "/sbin"] {
      let path = "\(folder)/\(name)"
      if FileManager.default.isExecutableFile(atPath: path) { return path }
    }
    throw Overdue(description: "\(name) is not installed; see the list of packages in HACKING.md")
  }
}

extension Process {
  /// Runs the program as a shell would: threads of Dispatch block all signals, and programs that are
  /// started from them would too.
  fileprivate func runWithoutBlockedSignals() throws {
    var (none, before) = (sigset_t(), sigset_t())
    sigemptyset(&none)
    pthread_sigmask(SIG_SETMASK, &none, &before)
    defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
    try run()
  }
}
