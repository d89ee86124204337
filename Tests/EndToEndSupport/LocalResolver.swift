import Foundation
import TestSupport

/// A resolver of Debian, unbound or dnsmasq, with names of its own and nobody to ask.
package final class LocalResolver {
  private let scratch: ScratchDirectory
  private let kind: String
  private let address: String
  private let port: UInt16
  private let host: NetworkHost?
  private let records: [String]
  private var program: Program?
  private var starts = 0

  /// - Parameters:
  ///   - kind: `unbound`, which takes no TCP here, or `dnsmasq`.
  ///   - records: `NAME TYPE DATA`; dnsmasq takes MX with a preference, and A.
  ///   - host: the host that it runs at; nil for this machine.
  package init(
    _ kind: String, _ records: [String], address: String = "127.0.0.1", port: UInt16,
    at host: NetworkHost? = nil
  ) throws {
    scratch = try ScratchDirectory()
    (self.kind, self.records, self.address, self.port, self.host) = (
      kind, records, address, port, host
    )
    try start()
  }

  /// Starts it, and waits until it answers.
  package func start() throws {
    starts += 1
    let log = "\(scratch.path)/log.\(starts)"
    let enter = host.map { ["nsenter", "--net=/proc/\($0.pid)/ns/net"] } ?? []
    if kind == "unbound" {
      program = try Peers.start(enter + unbound(), of: kind, output: log)
    } else {
      let command = enter + dnsmasq()
      program = try Program(command[0], Array(command[1...]), output: log)
    }
    let socket = ["ss", "-Hlun", "src = \(address):\(port)"]
    try eventually(
      "\(kind) listens", context: { (try? String(contentsOfFile: log, encoding: .utf8)) ?? "" }
    ) {
      let found =
        try host.map { try NetworkHost.run(socket, at: $0.pid) }
        ?? Program.run(socket[0], Array(socket[1...])).output
      return found.contains(":\(port)")
    }
  }

  /// Stops it.
  package func stop() throws {
    program?.signal(SIGTERM)
    try program?.waitForEnd()
  }

  private func unbound() throws -> [String] {
    let text = """
      server:
        interface: \(address)
        port: \(port)
        do-tcp: no
        do-daemonize: no
        directory: "\(scratch.path)"
        chroot: ""
        username: ""
        pidfile: ""
        use-syslog: no
        access-control: 0.0.0.0/0 allow
        module-config: "iterator"
        local-zone: "." static
        local-zone: "example." static
        \(records.map { "local-data: \"\($0)\"" }.joined(separator: "\n  "))
      remote-control:
        control-enable: no
      """
    let file = "\(scratch.path)/unbound.conf"
    try text.write(toFile: file, atomically: true, encoding: .utf8)
    return ["\(try Peers.path(of: "unbound"))/usr/sbin/unbound", "-d", "-c", file]
  }

  private func dnsmasq() -> [String] {
    let options = records.map { record in
      let words = record.split(separator: " ").map(String.init)
      return words[1] == "MX"
        ? "--mx-host=\(words[0]),\(words[3]),\(words[2])" : "--address=/\(words[0])/\(words[2])"
    }
    return [
      "dnsmasq", "-k", "-p", "\(port)", "--listen-address=\(address)", "--bind-interfaces",
      "--no-resolv",
      "--no-hosts", "--conf-file=/dev/null", "--pid-file=", "--user=", "--cache-size=0",
    ] + options
  }
}
