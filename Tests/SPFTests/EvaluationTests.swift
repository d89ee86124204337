import Mail
import Testing

@testable import SPF

@Suite("The check of a host") struct EvaluationTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var record: String
    var zone = ""
    var client = "192.0.2.1"
    var verdict: SPFResult.Verdict

    init(
      _ name: String, _ record: String, _ zone: String = "", client: String = "192.0.2.1",
      is verdict: SPFResult.Verdict
    ) {
      testDescription = name
      self.record = record
      self.zone = zone
      self.client = client
      self.verdict = verdict
    }
  }

  @Test(
    "Each mechanism matches what it says",
    arguments: [
      Case("all", "v=spf1 all", is: .pass), Case("fail", "v=spf1 -all", is: .fail),
      Case("softfail", "v=spf1 ~all", is: .softfail), Case("neutral", "v=spf1 ?all", is: .neutral),
      Case("nothing matches", "v=spf1", is: .neutral),
      Case("the first match decides", "v=spf1 ip4:192.0.2.0/24 -all", is: .pass),
      Case("another network", "v=spf1 ip4:192.0.3.0/24 -all", is: .fail),
      Case("every network", "v=spf1 -ip4:1.2.3.4/0 all", is: .fail),
      Case("an IPv6 network", "v=spf1 ip6:2001:db8::/32 -all", client: "2001:db8:1::1", is: .pass),
      Case("IPv4 is in no IPv6 network", "v=spf1 ip6:::/0 -all", is: .fail),
      Case(
        "IPv6 is in no IPv4 network", "v=spf1 ip4:0.0.0.0/0 -all", client: "2001:db8::1", is: .fail),
      Case(
        "a mapped client is IPv4", "v=spf1 ip4:192.0.2.1 -all", client: "::ffff:192.0.2.1",
        is: .pass),
      Case(
        "a mapped network holds no one", "v=spf1 ip6:::ffff:192.0.2.1 ip6:::ffff:192.0.2.1/32 -all",
        client: "::ffff:192.0.2.1", is: .fail),
      Case("a", "v=spf1 a -all", "far.example A 192.0.2.1", is: .pass),
      Case("a of another", "v=spf1 a:x.example -all", "x.example A 192.0.2.1", is: .pass),
      Case("a without address", "v=spf1 a -all", is: .fail),
      Case("a with prefix", "v=spf1 a/24 -all", "far.example A 192.0.2.200", is: .pass),
      Case(
        "a with the prefix of the other family", "v=spf1 a//24 -all", "far.example A 192.0.2.2",
        is: .fail),
      Case(
        "a of IPv6", "v=spf1 a//64 -all", "far.example AAAA 2001:db8::2", client: "2001:db8::1",
        is: .pass),
      Case(
        "a of the family of the client only", "v=spf1 a/0 -all", "far.example A 192.0.2.2",
        client: "2001:db8::1", is: .fail),
      Case("a that cannot be told", "v=spf1 a -all", "far.example A !", is: .temperror),
      Case("what stands before it counts", "v=spf1 +all a", "far.example A !", is: .pass),
      Case("mx", "v=spf1 mx -all", "far.example MX m.example\nm.example A 192.0.2.1", is: .pass),
      Case("mx is not the host itself", "v=spf1 mx -all", "far.example A 192.0.2.1", is: .fail),
      Case(
        "the second mx", "v=spf1 mx/30 -all",
        "far.example MX m.example\nfar.example MX n.example\nm.example A 192.0.2.9\n"
          + "n.example A 192.0.2.2", is: .pass),
      Case("mx that cannot be told", "v=spf1 mx -all", "far.example MX !", is: .temperror),
      Case(
        "mx whose address cannot be told", "v=spf1 mx -all",
        "far.example MX m.example\nm.example A !", is: .temperror),
      Case(
        "exists", "v=spf1 exists:%{ir}.x.example -all", "1.2.0.192.x.example A 127.0.0.2", is: .pass
      ),
      Case("exists not", "v=spf1 exists:%{ir}.x.example -all", is: .fail),
      Case(
        "exists asks for IPv4", "v=spf1 exists:x.example -all", "x.example A 127.0.0.2",
        client: "2001:db8::1", is: .pass),
      Case(
        "exists cannot be told", "v=spf1 exists:x.example -all", "x.example A !", is: .temperror),
      Case(
        "ptr", "v=spf1 ptr -all", "192.0.2.1 PTR far.example\nfar.example A 192.0.2.1", is: .pass),
      Case(
        "ptr below the domain", "v=spf1 ptr -all",
        "192.0.2.1 PTR m.far.example\nm.far.example A 192.0.2.1",
        is: .pass),
      Case(
        "ptr of a domain that ends alike", "v=spf1 ptr -all",
        "192.0.2.1 PTR notfar.example\nnotfar.example A 192.0.2.1", is: .fail),
      Case(
        "ptr of another", "v=spf1 ptr:x.example -all",
        "192.0.2.1 PTR m.x.example\nm.x.example A 192.0.2.1", is: .pass),
      Case(
        "ptr that lies", "v=spf1 ptr -all", "192.0.2.1 PTR far.example\nfar.example A 192.0.2.2",
        is: .fail),
      Case("ptr that cannot be told", "v=spf1 ptr -all", "192.0.2.1 PTR !", is: .fail),
      Case(
        "ptr skips what cannot be told", "v=spf1 ptr -all",
        "192.0.2.1 PTR a.far.example\n192.0.2.1 PTR b.far.example\na.far.example A !\n"
          + "b.far.example A 192.0.2.1", is: .pass),
      Case("an error behind a match", "v=spf1 all moo", is: .permerror),
      Case("unknown modifiers", "v=spf1 moo=x -all exp=y.example", is: .fail),
    ])
  func mechanisms(of answer: Case) throws {
    let check = try Check(record: answer.record, answer.zone, client: answer.client)
    #expect(check.verdict == answer.verdict)
  }

  @Test(
    "The results of other records are combined as RFC 7208 says",
    arguments: [
      Case("include pass", "v=spf1 include:x.example -all", "x.example TXT v=spf1 +all", is: .pass),
      Case(
        "its own qualifier counts", "v=spf1 ~include:x.example -all", "x.example TXT v=spf1 +all",
        is: .softfail),
      Case(
        "include fail", "v=spf1 include:x.example ~all", "x.example TXT v=spf1 -all", is: .softfail),
      Case(
        "include softfail", "v=spf1 include:x.example -all", "x.example TXT v=spf1 ~all", is: .fail),
      Case("include neutral", "v=spf1 include:x.example -all", "x.example TXT v=spf1", is: .fail),
      Case("include temperror", "v=spf1 include:x.example -all", "x.example TXT !", is: .temperror),
      Case(
        "include permerror", "v=spf1 include:x.example -all", "x.example TXT v=spf1 moo",
        is: .permerror
      ),
      Case("include none", "v=spf1 include:x.example -all", is: .permerror),
      Case("redirect", "v=spf1 redirect=x.example", "x.example TXT v=spf1 -all", is: .fail),
      Case("redirect neutral", "v=spf1 redirect=x.example", "x.example TXT v=spf1", is: .neutral),
      Case(
        "redirect comes last", "v=spf1 redirect=x.example ?all", "x.example TXT v=spf1 -all",
        is: .neutral),
      Case("redirect none", "v=spf1 redirect=x.example", is: .permerror),
      Case("redirect temperror", "v=spf1 redirect=x.example", "x.example TXT !", is: .temperror),
      Case(
        "a redirect of an included record is its own", "v=spf1 include:x.example -all",
        "x.example TXT v=spf1 redirect=y.example\ny.example TXT v=spf1 ip4:192.0.2.1 -all",
        is: .pass),
      Case(
        "the domain is the one of the record", "v=spf1 include:x.example -all",
        "x.example TXT v=spf1 a exists:%{d}.%{o}\nx.example.far.example A 127.0.0.2", is: .pass),
      Case("a circle of includes", "v=spf1 include:far.example -all", is: .permerror),
      Case("a circle of redirects", "v=spf1 redirect=far.example", is: .permerror),
    ])
  func combination(of answer: Case) throws {
    let check = try Check(record: answer.record, answer.zone, client: answer.client)
    #expect(check.verdict == answer.verdict)
  }

  @Test(
    "A domain has one record, or it has none, or it is wrong",
    arguments: [
      ("", .none), ("far.example TXT !", .temperror), ("far.example TXT v=spf10 -all", .none),
      ("far.example TXT hello\nfar.example TXT v=spf1 -all", .fail),
      ("far.example TXT v=spf1 -all\nfar.example TXT V=spf1 +all", .permerror),
    ] as [(String, SPFResult.Verdict)])
  func records(zone: String, verdict: SPFResult.Verdict) throws {
    #expect(try Check(zone).verdict == verdict)
  }

  @Test(
    "The name that is checked is the one of the sender, or the greeting of a client without one",
    arguments: [
      ("<joe@Far.Example>", "mail.client.example", "spf=fail smtp.mailfrom=far.example"),
      ("<>", "Mail.Client.Example", "spf=pass smtp.helo=mail.client.example"),
      ("<joe@nowhere.example>", "mail.client.example", "spf=none smtp.mailfrom=nowhere.example"),
      ("<joe@[192.0.2.1]>", "mail.client.example", "spf=none"),
      ("<joe@localhost>", "mail.client.example", "spf=none"),
      ("<>", "[192.0.2.1]", "spf=none"), ("<>", "192.0.2.1", "spf=none"), ("<>", "", "spf=none"),
      ("<>", "localhost", "spf=none"), ("<>", "x\r\nReceived: y", "spf=none"),
    ])
  func identity(sender: String, greeting: String, expected: String) throws {
    let zone = """
      far.example TXT v=spf1 -all
      mail.client.example TXT v=spf1 exists:%{l}.%{o}.%{s}.%{d} -all
      postmaster.mail.client.example.postmaster@mail.client.example.mail.client.example A 127.0.0.2
      localhost TXT v=spf1 -all
      """
    let check = try Check(zone, greeting: greeting, sender: sender)
    #expect(check.result?.text == expected)
  }

  @Test("Nothing is asked about a name that can have no record")
  func noQuestions() throws {
    #expect(try Check("", greeting: "[192.0.2.1]", sender: "<>").questions == [])
  }

  @Test("What has been answered is not asked again")
  func questionsOnce() throws {
    let check = try Check(
      record: "v=spf1 a:x.example mx:x.example ptr ptr a:x.example -all",
      "x.example A 192.0.2.9\nx.example MX x.example\n192.0.2.1 PTR m.far.example")
    #expect(
      check.questions == [
        "far.example TXT", "x.example A", "x.example MX", "192.0.2.1 PTR", "m.far.example A",
      ])
    #expect(check.verdict == .fail)
  }
}
