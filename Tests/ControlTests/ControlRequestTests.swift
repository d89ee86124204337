import Platform
import Spool
import Testing

@testable import Control

@Suite struct `Requests and replies of control` {
  static let requests: [(ControlRequest, String)] = [
    (.status, "status"), (.grants, "whitelist-list"), (.adoptSpool, "spool-adopt"),
    (.act(.retry, patterns: ["all"], reason: ""), "retry all"),
    (
      .act(.hold, patterns: ["from=@a.example", "older=2h"], reason: ""),
      "hold from=@a.example older=2h"
    ),
    (.act(.release, patterns: ["1763706000.k3v9q0"], reason: ""), "release 1763706000.k3v9q0"),
    (.act(.remove, patterns: ["a b", "", "x"], reason: ""), #"remove "a b" "" x"#),
    (.act(.bounce, patterns: ["all"], reason: ""), #"bounce "" all"#),
    (
      .act(.bounce, patterns: ["all"], reason: #"no "ann" \ é"#),
      #"bounce "no \"ann\" \\ é" all"#
    ),
    (
      .whitelist(.add(IPAddress(v4: 0xC0A8_0105), user: "ann")), "whitelist-add 192.168.1.5 ann"
    ),
    (.whitelist(.revoke(IPAddress(v4: 0xC0A8_0105))), "whitelist-revoke 192.168.1.5"),
    (.whitelist(.revokeUser("ann b")), #"whitelist-revoke "ann b""#),
  ]

  @Test(arguments: requests)
  func `a request is read as it is written`(request: ControlRequest, line: String) {
    #expect(request.line == line)
    #expect(ControlRequest(parsing: Array(line.utf8)) == request)
  }

  @Test(arguments: [
    "", " ", "status x", "Status", "flush", "hold", "bounce", "bounce reason", "hold  all",
    "hold all ", " hold all", #"hold "all"#, #"hold "all\"#, #"hold a"b"#, #"hold "a"b"#,
    "hold a\tb", "whitelist-list x", "spool-adopt x", "whitelist-add",
    "whitelist-add 192.168.1 ann",
    "whitelist-add 192.168.1.5",
    "whitelist-add 0/0 ann", "whitelist-revoke", "whitelist-revoke a b",
    "hold \u{7F}", #"bounce "\#(String(repeating: "x", count: 401))" all"#,
    "hold \(String(repeating: "x", count: ControlRequest.lineBytes))",
  ])
  func `anything else is no request`(line: String) {
    #expect(ControlRequest(parsing: Array(line.utf8)) == nil)
  }

  @Test func `what is no UTF-8 is no request`() {
    #expect(ControlRequest(parsing: Array("hold ".utf8) + [0xFF]) == nil)
  }

  @Test func `a line and a reason have their full length`() {
    let pattern = String(repeating: "x", count: ControlRequest.lineBytes - "hold ".utf8.count)
    #expect(ControlRequest(parsing: Array("hold \(pattern)".utf8)) != nil)
    let reason = String(repeating: "x", count: ControlRequest.reasonBytes)
    #expect(ControlRequest(parsing: Array("bounce \(reason) all".utf8)) != nil)
  }

  @Test func `a reply is read as it is written`() throws {
    let id = try #require(QueueID("1763706000.k3v9q0"))
    let table: [(ControlReply, String)] = [
      (.ok, "ok"), (.error("two words"), "error two words"),
      (.missing("ann has no grant"), "missing ann has no grant"),
      (.status(name: "queued", text: "17"), "status queued 17"),
      (.grant("192.168.1.5 ann USER 1"), "grant 192.168.1.5 ann USER 1"),
      (
        .status(name: "put-off", text: "a.example: no route"),
        "status put-off a.example: no route"
      ),
      (.message(id, .done), "done 1763706000.k3v9q0"),
      (.message(id, .delivering), "delivering 1763706000.k3v9q0"),
      (.message(id, .held), "held 1763706000.k3v9q0"),
      (.message(id, .absent), "absent 1763706000.k3v9q0"),
      (.message(id, .failed("No space left")), "failed 1763706000.k3v9q0 No space left"),
    ]
    for (reply, line) in table {
      #expect(reply.line == line)
      #expect(ControlReply(parsing: line) == reply)
    }
    for line in ["", "ok x", "done", "done x", "status x", "okay", "lost 1763706000.k3v9q0"] {
      #expect(ControlReply(parsing: line) == nil)
    }
  }
}
