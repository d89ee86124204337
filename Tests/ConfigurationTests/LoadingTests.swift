import Foundation
import TestSupport
import Testing

@testable import Configuration

@Suite struct `The files of a configuration` {
  private let scratch: ScratchDirectory
  private var folder: String { scratch.path }

  init() throws {
    scratch = try ScratchDirectory()
    try FileManager.default.createDirectory(
      atPath: folder + "/conf.d", withIntermediateDirectories: true)
  }

  private func write(_ name: String, _ text: String, mode: Int = 0o640) {
    _ = FileManager.default.createFile(
      atPath: "\(folder)/\(name)", contents: Data(text.utf8),
      attributes: [.posixPermissions: mode])
  }

  private func load() throws(ConfigurationError) -> Configuration {
    try Configuration.load(path: folder + "/gatepost.conf")
  }

  private func problems() -> [String] {
    do throws(ConfigurationError) {
      return try load().warnings.map(\.description)
    } catch {
      return error.diagnostics.map {
        $0.description.replacingOccurrences(of: folder, with: "DIR")
      }
    }
  }

  @Test func `are read in the order of their names`() throws {
    write("gatepost.conf", "[server]\nhostname = a.example\ndomains = main.example\n")
    write("conf.d/20-b.conf", "[server]\nhostname = b.example\n")
    write("conf.d/10-a.conf", "[server]\nhostname = c.example\nspool = /s\n")
    write("conf.d/.hidden.conf", "broken")
    write("conf.d/30-c.conf.dpkg-old", "broken")
    let it = try load()
    #expect(it.server.hostname.text == "b.example")
    #expect(it.server.spool == "/s")
    #expect(it.server.domains.map(\.text) == ["main.example"])
  }

  @Test func `need no drop-ins`() throws {
    try FileManager.default.removeItem(atPath: folder + "/conf.d")
    write("gatepost.conf", "[server]\nhostname = a.example\n")
    #expect(try load().server.hostname.text == "a.example")
  }

  @Test func `are missed`() {
    #expect(
      problems().first == "DIR/gatepost.conf: cannot be read: No such file or directory (openat)")
  }

  @Test func `are bounded`() {
    write("gatepost.conf", String(repeating: "#", count: 1 << 20) + "\n")
    #expect(problems().first == "DIR/gatepost.conf: cannot be read: File too large (read)")
  }

  @Test func `give the credentials of the smarthost`() throws {
    write("secrets", "isp me geheim\n")
    write(
      "gatepost.conf",
      """
      [server]
      hostname = a.example
      [relay]
      smarthost = smtp://b.example
      credentials = isp
      secrets = \(folder)/secrets
      """)
    let it = try load()
    #expect(it.relay.route.credentials?.user == "me")
    #expect(it.relay.route.credentials?.password == "geheim")
    #expect(it.relay.route.tls == .verify)

    write("conf.d/a.conf", "[relay]\ncredentials = ips")
    #expect(
      problems() == [
        "DIR/conf.d/a.conf:2: [relay] credentials: DIR/secrets has no entry \"ips\";"
          + " did you mean \"isp\"?"
      ])

    write("conf.d/a.conf", "[relay]\ntls = may")
    #expect(
      problems() == [
        "DIR/conf.d/a.conf:2: [relay] tls: the password of \"isp\" could cross the network"
          + " unencrypted; give verify, or encrypt where the certificate cannot be verified"
      ])

    write("conf.d/a.conf", "[relay]\nsmarthost = smtp://127.0.0.1:2525\ntls = none")
    #expect(problems() == [])

    write("conf.d/a.conf", "")
    write("secrets", "isp me geheim\n", mode: 0o644)
    #expect(
      problems() == [
        "DIR/secrets: every user of this machine may use it; run: chmod 640 DIR/secrets"
      ])
  }
}
