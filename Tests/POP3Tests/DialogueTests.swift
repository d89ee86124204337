import Testing

@testable import POP3

struct DialogueTests {
  @Test(arguments: try Dialogue.all())
  func `The session speaks as the dialogue says`(dialogue: Dialogue) throws {
    var bed = try TestBed(listener: dialogue.listener)
    for (number, step) in dialogue.steps {
      let place = Comment(rawValue: "\(dialogue.name):\(number)")
      switch step {
      case .client(let line):
        #expect(bed.output.isEmpty, place)
        try #require(!bed.isClosed, place)
        bed.receive(line)
      case .server(let prefix):
        let taken = bed.takeLine()
        let line = try #require(taken, place)
        #expect(line.hasPrefix(prefix), place)
      case .closed:
        #expect(bed.isClosed && bed.output.isEmpty, place)
      }
    }
    #expect(bed.output.isEmpty)
  }

  @Test func `Only what is marked when QUIT comes is removed`() throws {
    var bed = try TestBed(listener: "pop3")
    for line in ["USER alice", "PASS secret", "DELE 2", "RSET", "DELE 3", "DELE 1", "QUIT"] {
      bed.receive(line)
    }
    #expect(bed.removed == [0, 2])
  }

  @Test func `QUIT before a login asks for no removal`() throws {
    var bed = try TestBed(listener: "pop3")
    bed.receive("QUIT")
    #expect(bed.removed == nil)
  }
}
