import Foundation
import TestSupport
import Testing

/// A program that runs beside the test, with what it says in a file.
package final class Program: Sendable {
  private let process: ChildProcess
  private let name: String

  /// The process id.
  package var pid: Int32 { process.pid }

  /// Whether it has not ended yet.
  package var isRunning: Bool { process.isRunning }

  /// The exit code, or the number of the signal that ended it; waits for the end.
  package var status: Int32 { process.wait() }

  /// Starts a program that is looked for where the tests were built, then in the PATH.
  package init(_ name: String, _ arguments: [String], output: String) throws {
    self.name = name
    _ = FileManager.default.createFile(atPath: output, contents: nil)
    process = try ChildProcess(
      try Self.path(of: name), arguments,
      output: try FileHandle(forWritingTo: URL(filePath: output)))
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
    process.wait()
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
    let (stdin, stdout) = (Pipe(), Pipe())
    let process = try ChildProcess(
      try path(of: "timeout"), ["60", try path(of: name)] + arguments,
      input: stdin.fileHandleForReading, output: stdout.fileHandleForWriting)
    try stdin.fileHandleForWriting.write(contentsOf: Data(input.utf8))
    try stdin.fileHandleForWriting.close()
    let output = try stdout.readToEnd()
    return (process.wait(), String(decoding: output, as: UTF8.self))
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
