import Foundation
import TestSupport

/// nsd, authoritative for the zones beside this file, on a port of its own.
package final class NameServer: Sendable {
  /// The one that all tests ask.
  package static let shared = Result { try NameServer() }

  /// Its UDP and TCP port on 127.0.0.1.
  package let port = FreePorts.take()
  private let scratch: ScratchDirectory
  private let program: Program

  private init() throws {
    scratch = try ScratchDirectory()
    let zones = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "zones")
    let configuration = """
      server:
        ip-address: 127.0.0.1@\(port)
        username: ""
        zonesdir: "\(zones.path)"
        database: ""
        pidfile: "\(scratch.path)/pid"
        xfrdfile: "\(scratch.path)/xfrd"
        zonelistfile: "\(scratch.path)/zones"
        cookie-secret-file: ""
        server-count: 1
      remote-control:
        control-enable: no
      zone:
        name: far.example
        zonefile: far.example.zone
      zone:
        name: list.example
        zonefile: list.example.zone
      """
    Reaper.remove(directory: scratch.path)
    let file = "\(scratch.path)/nsd.conf"
    try configuration.write(toFile: file, atomically: true, encoding: .utf8)
    let log = "\(scratch.path)/log"
    program = try Program("nsd", ["-d", "-c", file], output: log)
    try eventually("nsd serves its zones") {
      (try? String(contentsOfFile: log, encoding: .utf8))?.contains("nsd started") ?? false
    }
  }
}
