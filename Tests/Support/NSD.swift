import Foundation
package import Platform
package import Testing

/// A real authoritative server on a loopback port, without root and in a directory of its own.
///
/// It serves each file `NAME.zone` of a folder.
package final class NSD: Sendable {
  /// Where it listens.
  package let address: SocketAddress
  private let directory: ScratchDirectory
  private let process: ChildProcess

  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  private static let program = "/usr/sbin/nsd"

  init(zones: URL) throws {
    guard FileManager.default.isExecutableFile(atPath: Self.program) else {
      throw Failure(
        description: "nsd is not installed, and the tests ask a real server: apt install nsd")
    }
    directory = try ScratchDirectory()
    var lastOutput = ""
    for _ in 0..<5 {
      let port = try Self.freePort()
      let started = try Self.start(in: directory.path, zones: zones, port: port)
      if let process = started.process {
        self.process = process
        address = SocketAddress(try #require(IPAddress("127.0.0.1")), port: port)
        return
      }
      lastOutput = started.output
    }
    throw Failure(description: "nsd does not start: \(lastOutput)")
  }

  deinit {
    kill(process.pid, SIGTERM)
    process.wait()
  }

  /// Starts the server and reads what it says until it serves or ends.
  private static func start(
    in directory: String, zones: URL, port: UInt16
  ) throws -> (process: ChildProcess?, output: String) {
    var configuration = """
      server:
        ip-address: 127.0.0.1@\(port)
        server-count: 1
        username: ""
        chroot: ""
        zonesdir: "\(zones.path)"
        pidfile: "\(directory)/nsd.pid"
        xfrdfile: "\(directory)/xfrd.state"
        xfrdir: "\(directory)"
        zonelistfile: "\(directory)/zone.list"
        database: ""
        verbosity: 1
      remote-control:
        control-enable: no

      """
    for file in try FileManager.default.contentsOfDirectory(atPath: zones.path).sorted()
    where file.hasSuffix(".zone") {
      configuration += "zone:\n  name: \(file.dropLast(5))\n  zonefile: \(file)\n"
    }
    try configuration.write(
      toFile: directory + "/nsd.conf", atomically: true, encoding: .utf8)
    let pipe = Pipe()
    let process = try ChildProcess(
      program, ["-d", "-c", directory + "/nsd.conf"], output: pipe.fileHandleForWriting)
    try pipe.fileHandleForWriting.close()
    var output = ""
    while true {
      let data = pipe.fileHandleForReading.availableData
      if data.isEmpty { break }
      output += String(decoding: data, as: UTF8.self)
      if output.contains("nsd started") { return (process, output) }
    }
    process.wait()
    return (nil, output)
  }

  private static func freePort() throws -> UInt16 {
    let any = SocketAddress(try #require(IPAddress("127.0.0.1")), port: 0)
    return try Descriptor.listening(on: any).localAddress().port
  }
}

/// Runs the tests of a suite with one server, which ends with them.
package struct NSDTrait: SuiteTrait, TestScoping {
  /// The server of the suite that runs.
  @TaskLocal package static var server: NSD?

  fileprivate let zones: URL

  package func provideScope(
    for test: Test, testCase: Test.Case?,
    performing function: @concurrent @Sendable () async throws -> Void
  ) async throws {
    try await Self.$server.withValue(try NSD(zones: zones)) { try await function() }
  }
}

extension Trait where Self == NSDTrait {
  /// A name server for the zones in the folder `zones` beside the test.
  package static func nsd(file: String = #filePath) -> NSDTrait {
    NSDTrait(zones: URL(filePath: file).deletingLastPathComponent().appending(path: "zones"))
  }
}
