import EndToEndSupport
import Foundation
import Testing

/// 250 means on disk, and a disk that fails means 451 or 452 and nothing left behind.
@Suite struct DiskTests {
  private let local = "alice@home.example"

  @Test("The data, the name and the directory are on the device before the 250")
  func order() throws {
    let gatepost = try Gatepost("[relay]\nnetworks = 127.0.0.0/8")
    let trace = "\(gatepost.path)/trace"
    let calls = "fsync,fdatasync,sync_file_range,renameat2,sendto"
    let strace = try Program.attach(to: gatepost.pid, ["-e", "trace=\(calls)", "-o", trace])
    #expect(try gatepost.send(to: "ann@far.example").hasPrefix("250"))
    strace.signal(SIGTERM)
    try strace.waitForEnd()
    let lines = try String(contentsOfFile: trace, encoding: .utf8).split(separator: "\n")
    let data = try #require(lines.firstIndex { $0.contains(#/(?:fdatasync|sync_file_range)\(/#) })
    let name = try #require(lines.firstIndex { $0.contains("renameat2(") })
    let directory = try #require(lines[name...].firstIndex { $0.contains(" fsync(") })
    let end = try #require(lines[directory...].firstIndex { $0.contains(" = 0") })
    let reply = try #require(lines.firstIndex { $0.contains("250 2.0.0 Queued") })
    #expect(data < name && name < directory && directory <= end && end < reply)
  }

  @Test(
    "A call that the disk fails is answered with 4xx, leaves nothing, and mail goes on after it",
    arguments: [
      ("fsync", "EIO", "451"), ("fdatasync,sync_file_range", "EIO", "451"),
      ("renameat2", "EIO", "451"), ("renameat2", "ENOSPC", "452"), ("linkat", "EDQUOT", "452"),
    ])
  func failingCall(calls: String, error: String, code: String) throws {
    let gatepost = try Gatepost("[relay]\nnetworks = 127.0.0.0/8")
    #expect(try gatepost.send(to: local).hasPrefix("250"))
    let strace = try Program.attach(
      to: gatepost.pid,
      ["-e", "trace=\(calls)", "-e", "inject=\(calls):error=\(error)", "-o", "/dev/null"])
    let recipient = calls == "renameat2" ? "ann@far.example" : local
    #expect(try gatepost.send(to: recipient).hasPrefix(code))
    #expect(gatepost.queue.isEmpty && gatepost.unfinished.isEmpty)
    #expect(gatepost.maildrop("alice").count == 1)
    #expect(try gatepost.curl("1").status == 0)
    strace.signal(SIGTERM)
    try strace.waitForEnd()
    #expect(try gatepost.send(to: recipient).hasPrefix("250"))
  }

  @Test(
    "On a full disk mail is put off with 452, nothing half-written stays, and POP3 makes room",
    .needsRoot("only root can mount the small file system"))
  func fullDisk() throws {
    let disk = try SmallDisk(megabytes: 2)
    let gatepost = try Gatepost("[limits]\nfree-space = 0", spool: "\(disk.path)/spool")
    let large =
      "Subject: x\r\n\r\n"
      + String(repeating: String(repeating: "x", count: 98) + "\r\n", count: 15_000)
    #expect(try gatepost.send(large, to: local).hasPrefix("250"))
    #expect(try gatepost.send(large, to: local).hasPrefix("452"))
    #expect(gatepost.maildrop("alice").count == 1)
    #expect(gatepost.unfinished.isEmpty)

    // What is declared is refused before it is sent.
    let client = try gatepost.smtp()
    try client.expect("220")
    try client.ask("EHLO client.example", "250")
    try client.ask("MAIL FROM:<x@far.example> SIZE=2000000", "452 4.3.1")

    #expect(try gatepost.curl("1").output.hasSuffix("xx\r\n"))
    #expect(try gatepost.curl("1", "--request", "DELE", "--list-only").status == 0)
    #expect(try gatepost.send(large, to: local).hasPrefix("250"))
    #expect(gatepost.maildrop("alice").count == 1)

    // Before it is full again, whose mail it is hears of it.
    #expect(
      try gatepost.send("Subject: x\r\n\r\n" + large.suffix(400_000), to: local).hasPrefix("250"))
    #expect(gatepost.maildrop("alice").count == 3)
    #expect(gatepost.maildrop("alice").contains { $0.contains("Subject: Your maildrop is 9") })
  }
}
