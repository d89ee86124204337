import EndToEndSupport
import Foundation
import Testing

/// A spool on a disk of its own, which comes late or goes.
@Suite(.needsRoot("only root can mount the disk"))
struct SpoolDiskTests {
  /// A directory that is mounted at another path, as the disk there.
  private final class Disk {
    private let content: String, path: String

    init(content: String, at path: String) throws {
      (self.content, self.path) = (content, path)
      for folder in [content, path] {
        try FileManager.default.createDirectory(
          atPath: folder, withIntermediateDirectories: true)
      }
      try mount()
    }

    func mount() throws {
      let run = try Program.run("mount", ["--bind", content, path])
      try #require(run.status == 0, "\(run.output)")
    }

    /// The daemon has it open, so it goes as a disk does that was pulled out.
    func unmount() { _ = try? Program.run("umount", ["--lazy", path]) }

    deinit { unmount() }
  }

  private let local = "alice@home.example"

  private func fetchmail(_ gatepost: Gatepost) throws -> Int32 {
    try gatepost.write(
      """
      poll 127.0.0.1 service \(gatepost.ports.pop3) protocol pop3
        user alice password secret sslproto "" mda "/usr/bin/tee -a \(gatepost.path)/fetched"

      """, to: "fetchmailrc")
    _ = try Program.run("chmod", ["600", "\(gatepost.path)/fetchmailrc"])
    return try Program.run(
      "env",
      [
        "FETCHMAILHOME=\(gatepost.path)", "fetchmail", "--keep", "-f",
        "\(gatepost.path)/fetchmailrc",
        "--pidfile", "\(gatepost.path)/fetchmail.pid",
      ]
    ).status
  }

  /// Nobody is told of an empty maildrop, nothing is taken, and nothing is made in the empty directory.
  private func expectAbsence(_ gatepost: Gatepost) throws {
    let client = try Client(port: gatepost.ports.pop3)
    try client.expect("+OK")
    try client.ask("USER alice", "+OK")
    try client.ask("PASS secret", "-ERR [SYS/TEMP]")
    // 9: the server is busy; 3 would be a wrong password.
    #expect(try fetchmail(gatepost) == 9)
    try gatepost.greeted().ask("MAIL FROM:<me@home.example>", "451 4.3.0")
    let status = try gatepost.tool("status").output
    #expect(status.contains("trouble: spool \(gatepost.spool): "))
    #expect(try FileManager.default.contentsOfDirectory(atPath: gatepost.spool) == [])
  }

  @Test(
    "While its disk is not mounted the spool is put off in every protocol, and goes on by itself")
  func lateDisk() throws {
    let gatepost = try Gatepost("[relay]\nnetworks = 127.0.0.0/8", isStarted: false)
    let disk = try Disk(content: "\(gatepost.path)/disk", at: gatepost.spool)
    try gatepost.start()
    #expect(gatepost.log.contains("spool \(gatepost.spool): ") && gatepost.log.contains("synced"))
    #expect(try gatepost.send(to: local).hasPrefix("250"))
    #expect(try gatepost.send(to: "ann@far.example").hasPrefix("250"))
    try gatepost.kill()
    disk.unmount()

    try gatepost.start()
    #expect(gatepost.log.contains("gatepost spool adopt"))
    try expectAbsence(gatepost)
    try disk.mount()
    try gatepost.waitForLog("can be used; 1 messages queued")
    #expect(try fetchmail(gatepost) == 0)
    #expect(try gatepost.send(to: local).hasPrefix("250"))
    #expect(gatepost.maildrop("alice").count == 2)
    #expect(try !gatepost.tool("status").output.contains("trouble: spool"))
  }

  @Test("A disk that goes while the server runs is missed at once, and taken up when it is back")
  func lostDisk() throws {
    let gatepost = try Gatepost("[relay]\nnetworks = 127.0.0.0/8", isStarted: false)
    let disk = try Disk(content: "\(gatepost.path)/disk", at: gatepost.spool)
    try gatepost.start()
    #expect(try gatepost.send(to: local).hasPrefix("250"))
    disk.unmount()
    try expectAbsence(gatepost)
    try disk.mount()
    try gatepost.waitForLog("can be used; 0 messages queued")
    #expect(try fetchmail(gatepost) == 0)
    #expect(try gatepost.send(to: local).hasPrefix("250"))
  }

  @Test("A new disk is the spool when the admin says so")
  func adopting() throws {
    let gatepost = try Gatepost("[relay]\nnetworks = 127.0.0.0/8", isStarted: false)
    let disk = try Disk(content: "\(gatepost.path)/disk", at: gatepost.spool)
    try gatepost.start()
    disk.unmount()
    let other = try Disk(content: "\(gatepost.path)/other", at: gatepost.spool)
    try expectAbsence(gatepost)
    #expect(try gatepost.tool("spool", "adopt").status == 0)
    #expect(try gatepost.send(to: local).hasPrefix("250"))
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: "\(gatepost.path)/other").count == 3)
    withExtendedLifetime(other) {}
  }
}
