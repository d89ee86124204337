import EndToEndSupport
import Foundation
import Testing

/// What the daemon says before it serves anybody.
@Suite struct StartTests {
  private func check(_ settings: String) throws -> (status: Int32, output: String) {
    let gatepost = try Gatepost(settings, isStarted: false)
    let run = try Program.run("gatepostd", ["-c", "\(gatepost.path)/gatepost.conf", "--check"])
    return (run.status, run.output.replacingOccurrences(of: gatepost.path, with: "DIR"))
  }

  @Test("A configuration without errors is said to have none, and nothing is made")
  func good() throws {
    let run = try check("[local]\nredirect-all = ann@far.example\n")
    #expect(run.status == 0)
    #expect(run.output == "DIR/gatepost.conf: no errors\n")
  }

  @Test(
    "An error is told with its file, its line and what was probably meant",
    arguments: [
      ("[relay]\nnetwork = 10.0.0.0/8", "DIR/conf.d/test.conf:2: ", "networks"),
      ("\n\n[relai]\n", "DIR/conf.d/test.conf:3: ", "relay"),
      ("[listen]\nsmtp = 25:25:25", "DIR/conf.d/test.conf:2: ", "smtp"),
      ("[relay]\nnetworks = 19.0.0.0/8", "DIR/conf.d/test.conf:2: ", "allow-public"),
    ])
  func bad(settings: String, place: String, hint: String) throws {
    let run = try check(settings)
    #expect(run.status == 78)
    let line = run.output.split(separator: "\n").first { $0.hasPrefix(place) }
    #expect(try #require(line).contains(hint))
  }

  @Test("A daemon with a bad configuration does not start, and tells all errors at once")
  func refusal() throws {
    let gatepost = try Gatepost("[relay]\nnetwork = 10.0.0.0/8\ntls = perhaps", isStarted: false)
    let run = try Program.run("gatepostd", ["-c", "\(gatepost.path)/gatepost.conf"])
    #expect(run.status == 78)
    #expect(run.output.contains("test.conf:2: ") && run.output.contains("test.conf:3: "))
    #expect(!FileManager.default.fileExists(atPath: "\(gatepost.path)/spool"))
  }

  @Test("A mistake in a configuration that is read again leaves the old one in force")
  func badReload() throws {
    let gatepost = try Gatepost("[relay]\nnetworks = 127.0.0.1")
    try gatepost.configure("[relay]\nnetwork = 10.0.0.0/8")
    gatepost.hangUp()
    try gatepost.waitForLog("the old one goes on")
    #expect(try gatepost.send(to: "ann@far.example").hasPrefix("250"))
  }

  @Test("What it was not asked is a mistake", arguments: ["--chek", "-x", "extra"])
  func arguments(argument: String) throws {
    let run = try Program.run("gatepostd", [argument])
    #expect(run.status == 64)
    #expect(run.output.contains(argument))
  }

  @Test("Files in the queue that are not ours are named and stop nothing")
  func strangers() throws {
    let hop = try Hop(isUp: false)
    let gatepost = try Gatepost(hop: hop, "[relay]\nnetworks = 127.0.0.1")
    #expect(try gatepost.send(to: "ann@far.example").hasPrefix("250"))
    try gatepost.kill()
    try gatepost.write("not a message", to: "spool/queue/new/README")
    try gatepost.write(
      "not a message either", to: "spool/queue/new/1763706000.000001.gatepost,S=20,W=20")
    try gatepost.write("half", to: "spool/queue/tmp/1763706000.000002.queue")
    try hop.start()
    try gatepost.start()
    try gatepost.eventually("the message is at its exchange") { hop.messages.count == 1 }
    try gatepost.waitForLog("set-aside file=README")
    try gatepost.waitForLog("set-aside file=\"1763706000.000001.gatepost,S=20,W=20\"")
    #expect(gatepost.unfinished.isEmpty)
  }
}
