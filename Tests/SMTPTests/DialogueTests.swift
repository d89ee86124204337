import TestSupport
import Testing

@testable import SMTP

@Suite("Dialogues")
struct DialogueTests {
  @Test("The session speaks as the dialogue says", arguments: try Dialogue.all(of: "smtp"))
  func speaks(dialogue: Dialogue) throws {
    var bed = TestBed(
      listener: dialogue.listener ?? "smtp", quirks: dialogue.quirks, hidden: dialogue.hidden,
      isTrusted: dialogue.isTrusted)
    for (number, step) in dialogue.steps {
      let place = Comment(rawValue: "\(dialogue.name):\(number)")
      switch step {
      case .client(let lines):
        try #require(bed.output.isEmpty, place)
        for (index, line) in lines.enumerated() where !bed.isClosed {
          bed.receive(line, isFollowed: index + 1 < lines.count)
        }
      case .server(let prefix):
        let taken = bed.takeLine()
        let line = try #require(taken, place)
        try #require(line.hasPrefix(prefix), place)
      case .reply(let code):
        var line = ""
        repeat {
          let taken = bed.takeLine()
          line = try #require(taken, place)
          #expect(line.hasPrefix(code), place)
        } while line.hasPrefix(code + "-")
      case .closed:
        #expect(bed.isClosed && bed.output.isEmpty, place)
      }
    }
    #expect(bed.output.isEmpty)
  }

  @Test("A message is taken in with the envelope and the content it was sent with")
  func takesMessage() throws {
    var bed = TestBed()
    for line in [
      "HELO c", "MAIL FROM:<A@C.example> BODY=8BITMIME SIZE=5", "RCPT TO:<x@y.z>",
      "RCPT TO:<Bob@Home.Example>", "RCPT TO:<bob@home.example>", "RCPT TO:<Bob@home.example>",
      "DATA", "a: b", "", "..", ".",
    ] {
      bed.receive(line)
    }
    let message = try #require(bed.messages.first)
    #expect(message.envelope.sender.text == "<A@c.example>")
    #expect(message.envelope.parameters == MailParameters(sizeBytes: 5, body: .eightBit))
    #expect(
      message.envelope.recipients.map(\.text) == ["<Bob@home.example>", "<bob@home.example>"])
    #expect(message.content == Array("a: b\n\n.\n".utf8))
  }

  @Test("A smuggled message is not taken in")
  func refusesSmuggling() throws {
    let smuggling = try #require(
      Dialogue.all(of: "smtp").first { $0.name == "smuggling.txt" })
    var bed = TestBed()
    for case (_, .client(let lines)) in smuggling.steps { lines.forEach { bed.receive($0) } }
    #expect(bed.messages.isEmpty)
    #expect(bed.isClosed)
  }
}
