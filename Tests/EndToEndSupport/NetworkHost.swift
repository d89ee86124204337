import Foundation
import TestSupport

/// A host in a network namespace of its own; only root can make one.
package final class NetworkHost {
  private let process: Program
  private let scratch: ScratchDirectory

  /// What holds the namespace.
  package var pid: Int32 { process.pid }

  package init() throws {
    scratch = try ScratchDirectory()
    process = try Program("unshare", ["--net", "sleep", "600"], output: "\(scratch.path)/host")
    let here = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/ns/net")
    try eventually("the host has a network of its own") { [process] in
      here
        != (try FileManager.default.destinationOfSymbolicLink(
          atPath: "/proc/\(process.pid)/ns/net"))
    }
  }

  /// Runs a command at the host; returns what it said.
  @discardableResult
  package func run(_ command: String...) throws -> String { try Self.run(command, at: pid) }

  /// Runs a command in the network of a process; returns what it said.
  package static func run(_ command: [String], at pid: Int32) throws -> String {
    try Program.run("nsenter", ["--net=/proc/\(pid)/ns/net"] + command).output
  }
}
