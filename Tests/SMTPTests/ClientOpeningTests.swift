import Mail
import Testing

@testable import SMTP

@Suite("Client session: greeting, TLS, authentication")
struct ClientOpeningTests {
  @Test(
    "A server that knows no EHLO is greeted by HELO", arguments: ["500 what", "502 no", "550 x"])
  func fallsBack(refusal: String) throws {
    var bed = try ClientBed(tls: .ifOffered)
    bed.reply("220 old")
    #expect(bed.reply(refusal) == .send("HELO gw.home.example"))
    #expect(bed.reply("250 old") == .ready)
    #expect(bed.session.capabilities == Capabilities())
  }

  @Test(
    "What goes wrong before a message leaves the mail in the queue",
    arguments: [
      ["554 no mail here"], ["450 busy"], ["421 busy"], ["250 odd"], ["220 a", "421 busy"],
      ["220 a", "451 busy"], ["220 a", "500 x", "500 x"], ["220 a", "500 x", "421 x"], ["hello"],
    ])
  func isUnavailable(lines: [String]) throws {
    var bed = try ClientBed()
    for line in lines.dropLast() { bed.reply(line) }
    #expect(bed.reply(lines.last ?? "")?.obstacle != nil)
    #expect(!bed.session.isUsable)
  }

  @Test(
    "A server that is in step is told QUIT, and one that has gone is not",
    arguments: [
      (["554 no mail here"], true), (["450 busy"], true), (["220 a", "500 x", "550 x"], true),
      (["220 a", "250 a"], true), (["220 a", "250-a", "250 STARTTLS", "454 x"], true),
      (["421 busy"], false), (["221 bye"], false), (["hello"], false), (["220 a", "421 x"], false),
    ])
  func farewell(lines: [String], isTold: Bool) throws {
    var bed = try ClientBed(tls: .required)
    for line in lines.dropLast() { bed.reply(line) }
    #expect(bed.reply(lines.last ?? "")?.obstacle != nil)
    #expect(!bed.session.isUsable)
    #expect(bed.session.canQuit == isTold)
    guard isTold else { return }
    #expect(bed.session.quit() == .send("QUIT"))
    #expect(bed.reply("221 bye") == .close)
    #expect(!bed.session.canQuit)
  }

  @Test("TLS is started when it is offered, and the server asked again what it can do")
  func startsTLS() throws {
    var bed = try ClientBed(tls: .ifOffered)
    bed.reply("220 a")
    bed.reply("250-a")
    bed.reply("250-PIPELINING")
    #expect(bed.reply("250 STARTTLS") == .send("STARTTLS"))
    #expect(bed.reply("220 go") == .startTLS)
    #expect(bed.session.tlsEstablished() == .send("EHLO gw.home.example"))
    #expect(bed.reply("250 a") == .ready)
    #expect(bed.session.isTLSActive)
    #expect(!bed.session.capabilities.hasPipelining)
  }

  @Test("Without an offer of TLS, or after a refusal, it depends on the policy")
  func obeysPolicy() throws {
    for (policy, isReady) in [(ClientSettings.TLSPolicy.ifOffered, true), (.required, false)] {
      var bed = try ClientBed(tls: policy)
      bed.reply("220 a")
      #expect((bed.reply("250 a") == .ready) == isReady)
      bed = try ClientBed(tls: policy)
      bed.reply("220 a")
      bed.reply("250-a")
      bed.reply("250 STARTTLS")
      #expect((bed.reply("502 no") == .ready) == isReady)
      #expect(bed.session.canQuit)
      // This one has TLS, and it is for the driver to say what that means for the message.
      bed = try ClientBed(tls: policy)
      bed.reply("220 a")
      bed.reply("250-a")
      bed.reply("250 STARTTLS")
      #expect(bed.reply("454 no")?.obstacle?.text == "454 no")
      #expect(bed.session.canQuit)
    }
    var bed = try ClientBed(tls: .never)
    bed.reply("220 a")
    bed.reply("250-a")
    #expect(bed.reply("250 STARTTLS") == .ready)
  }

  @Test("A reply that comes while the handshake is due is not believed")
  func refusesInjection() throws {
    var bed = try ClientBed(tls: .required)
    for line in ["220 a", "250-a", "250 STARTTLS", "220 go"] { bed.reply(line) }
    #expect(bed.reply("250 injected")?.obstacle != nil)
  }

  @Test("PLAIN goes in one line where it is offered")
  func authenticatesPlain() throws {
    var bed = try ClientBed(password: "secret", isTLSActive: true)
    bed.reply("220 a")
    bed.reply("250-a")
    #expect(bed.reply("250 AUTH LOGIN PLAIN") == .send("AUTH PLAIN AGFsaWNlAHNlY3JldA=="))
    #expect(bed.session.awaited == .authentication)
    #expect(bed.reply("235 ok") == .ready)
  }

  @Test("LOGIN answers its two prompts, in the old form of the offer too")
  func authenticatesLogin() throws {
    var bed = try ClientBed(password: "secret", isTLSActive: true)
    bed.reply("220 a")
    bed.reply("250-a")
    #expect(bed.reply("250 AUTH=LOGIN") == .send("AUTH LOGIN"))
    #expect(bed.reply("334 VXNlcm5hbWU6") == .send("YWxpY2U="))
    #expect(bed.reply("334 UGFzc3dvcmQ6") == .send("c2VjcmV0"))
    #expect(bed.reply("334 TW9yZQ==") == .send("*"))
    #expect(bed.reply("501 cancelled")?.obstacle?.text.contains("asks for too much") == true)
  }

  @Test(
    "A server that does not know PLAIN after all is logged in to by LOGIN",
    arguments: ["504 5.5.4 x", "502 5.5.1 x", "500 x", "501 5.5.2 x"])
  func unknownPlain(refusal: String) throws {
    var bed = try ClientBed(password: "secret", isTLSActive: true)
    #expect(bed.offer("PLAIN LOGIN") == .send("AUTH PLAIN AGFsaWNlAHNlY3JldA=="))
    #expect(bed.reply(refusal) == .send("AUTH LOGIN"))
    bed.reply("334 VXNlcm5hbWU6")
    bed.reply("334 UGFzc3dvcmQ6")
    #expect(bed.reply("235 ok") == .ready)
    // There is nothing else to try.
    bed = try ClientBed(password: "secret", isTLSActive: true)
    _ = bed.offer("PLAIN")
    #expect(bed.reply(refusal)?.obstacle?.text == refusal)
    #expect(bed.session.canQuit)
  }

  @Test(
    "A server that ignores the initial response gets it again",
    arguments: ["334", "334 ", "334 go on"])
  func repeatsResponse(challenge: String) throws {
    var bed = try ClientBed(password: "secret", isTLSActive: true)
    _ = bed.offer("PLAIN")
    #expect(bed.reply(challenge) == .send("AGFsaWNlAHNlY3JldA=="))
    #expect(bed.reply("235 ok") == .ready)
    bed = try ClientBed(password: "secret", isTLSActive: true)
    _ = bed.offer("PLAIN")
    bed.reply(challenge)
    #expect(bed.reply(challenge) == .send("*"))
  }

  @Test("A long response waits for the challenge")
  func splitsLongResponse() throws {
    let password = String(repeating: "p", count: 400)
    var bed = try ClientBed(password: password, isTLSActive: true)
    bed.reply("220 a")
    bed.reply("250-a")
    #expect(bed.reply("250 AUTH PLAIN") == .send("AUTH PLAIN"))
    guard case .send(let response) = bed.reply("334 ") else {
      Issue.record("no response")
      return
    }
    #expect(response.count > 500)
    #expect(bed.reply("235 ok") == .ready)
  }

  @Test("A wrong password defers and bounces nothing", arguments: ["535 5.7.8 wrong", "454 later"])
  func wrongPassword(reply: String) throws {
    var bed = try ClientBed(password: "secret", isTLSActive: true)
    bed.reply("220 a")
    bed.reply("250-a")
    bed.reply("250 AUTH PLAIN")
    #expect(bed.reply(reply)?.obstacle?.text == reply)
  }

  @Test("No password goes in clear unless that is allowed, and none to a server without AUTH")
  func protectsPassword() throws {
    var bed = try ClientBed(tls: .ifOffered, password: "secret")
    bed.reply("220 a")
    bed.reply("250-a")
    #expect(bed.reply("250 AUTH PLAIN")?.obstacle != nil)
    bed = try ClientBed(password: "secret", allowsPasswordInClear: true)
    bed.reply("220 a")
    bed.reply("250-a")
    #expect(bed.reply("250 AUTH PLAIN") == .send("AUTH PLAIN AGFsaWNlAHNlY3JldA=="))
    bed = try ClientBed(password: "secret", isTLSActive: true)
    bed.reply("220 a")
    bed.reply("250-a")
    #expect(bed.reply("250 AUTH XOAUTH2 DIGEST-MD5")?.obstacle != nil)
  }

  @Test("The session ends with the reply to QUIT, whatever it is", arguments: ["221 bye", "421 x"])
  func quits(reply: String) throws {
    var bed = try ClientBed.ready()
    #expect(bed.session.quit() == .send("QUIT"))
    #expect(bed.session.awaited == .quit)
    #expect(bed.reply(reply) == .close)
    #expect(!bed.session.isUsable)
  }

  @Test("The client waits for no reply shorter than RFC 5321 asks")
  func timeouts() {
    #expect(Awaited.greeting.timeout >= .seconds(300))
    #expect(Awaited.mail.timeout >= .seconds(300))
    #expect(Awaited.recipient.timeout >= .seconds(300))
    #expect(Awaited.data.timeout >= .seconds(120))
    #expect(Awaited.content.timeout >= .seconds(600))
  }
}
