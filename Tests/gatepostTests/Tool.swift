import Foundation
import TestSupport

/// The tool with a configuration of its own in a scratch directory.
struct Tool {
  let scratch: ScratchDirectory

  /// What a run of the tool gave.
  struct Run: Equatable {
    var status: Int32
    var output: String
    var complaint: String
  }

  init(configuration: String = "") throws {
    scratch = try ScratchDirectory()
    for folder in ["spool", "state"] {
      try FileManager.default.createDirectory(
        atPath: path(folder), withIntermediateDirectories: true)
    }
    try write(
      """
      [server]
      hostname = gw.home.example
      domains = home.example
      spool = \(path("spool"))
      state = \(path("state"))
      runtime = \(path("run"))
      users = \(path("users"))
      [local]
      aliases = \(path("aliases"))
      \(configuration)
      """, to: "gatepost.conf")
    // A drop-in, so that it moves no line of the file.
    try write(
      """
      [tls]
      certificate = \(path("cert.pem"))
      key = \(path("key.pem"))
      [listen]
      smtp = off
      submission = off
      submissions = off
      pop3 = off
      pop3s = off
      [dns]
      nameservers = 127.0.0.1
      """, to: "conf.d/tests.conf")
  }

  func path(_ name: String) -> String { "\(scratch.path)/\(name)" }

  func write(_ text: String, to name: String) throws {
    let url = URL(filePath: path(name))
    try FileManager.default.createDirectory(
      at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: url)
  }

  /// The program that was built together with the tests.
  private static let program = URL(filePath: CommandLine.arguments[0])
    .deletingLastPathComponent().appending(path: "gatepost")

  /// Runs the tool; the scratch directory is called DIR in what it says.
  func run(_ arguments: String..., input: String = "") throws -> Run {
    try run(arguments, input: input)
  }

  /// Runs the tool; the scratch directory is called DIR in what it says.
  func run(_ arguments: [String], input: String = "") throws -> Run {
    let pipes = (input: Pipe(), output: Pipe(), complaint: Pipe())
    let process = try ChildProcess(
      Self.program.path, ["-c", path("gatepost.conf")] + arguments,
      input: pipes.input.fileHandleForReading, output: pipes.output.fileHandleForWriting,
      error: pipes.complaint.fileHandleForWriting)
    pipes.input.fileHandleForWriting.write(Data(input.utf8))
    try pipes.input.fileHandleForWriting.close()
    let texts = try [pipes.output, pipes.complaint].map {
      String(decoding: try $0.readToEnd(), as: UTF8.self)
        .replacingOccurrences(of: scratch.path, with: "DIR")
    }
    return Run(status: process.wait(), output: texts[0], complaint: texts[1])
  }
}
