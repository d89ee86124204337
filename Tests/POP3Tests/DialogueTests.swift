import TestSupport
import Testing

@testable import POP3

struct DialogueTests {
  @Test(arguments: try Dialogue.all(of: "pop3"))
  func `The session speaks as the dialogue says`(dialogue: Dialogue) throws {
    var bed = try TestBed(listener: dialogue.listener ?? "pop3")
    for (number, step) in dialogue.steps {
      let place = Comment(rawValue: "\(dialogue.name):\(number)")
      switch step {
      case .client(let lines):
        #expect(bed.output.isEmpty, place)
        try #require(!bed.isClosed, place)
        for line in lines { bed.receive(line) }
      case .server(let prefix):
        let taken = bed.takeLine()
        let line = try #require(taken, place)
        #expect(line.hasPrefix(prefix), place)
      case .reply:
        Issue.record("POP3 has no such replies")
      case .closed:
        #expect(bed.isClosed && bed.output.isEmpty, place)
      }
    }
    #expect(bed.output.isEmpty)
  }

  @Test func `Only what is marked when QUIT comes is removed`() throws {
    var bed = try TestBed(listener: "pop3")
    for line in ["USER alice", "PASS secret", "DELE 2", "RSET", "DELE 3", "DELE 1", "QUIT"] {
      bed.receive(Array(line.utf8))
    }
    #expect(bed.removed == [0, 2])
  }

  @Test func `QUIT before a login asks for no removal`() throws {
    var bed = try TestBed(listener: "pop3")
    bed.receive(Array("QUIT".utf8))
    #expect(bed.removed == nil)
  }
}
