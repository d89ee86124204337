import TestSupport
import Testing

@testable import SPF

@Suite("What a hostile domain can make us look up") struct LookupLimitTests {
  private let addresses = (0...11).map { "h\($0).example A 198.51.100.1" }.joined(separator: "\n")

  private func terms(_ count: Int, _ term: (Int) -> String) -> String {
    (0..<count).map { " " + term($0) }.joined()
  }

  @Test(
    "Ten terms may look up, and the eleventh is an error", arguments: [(10, false), (11, true)])
  func terms(count: Int, isTooMuch: Bool) throws {
    let expected: SPFResult.Verdict = isTooMuch ? .permerror : .fail
    let record = "v=spf1" + terms(count) { "a:h\($0).example" } + " -all"
    #expect(try Check(record: record, addresses).verdict == expected)
    let redirecting = "v=spf1" + terms(count - 1) { "a:h\($0).example" } + " redirect=x.example"
    let zone = addresses + "\nx.example TXT v=spf1 -all"
    #expect(try Check(record: redirecting, zone).verdict == expected)
  }

  @Test("Terms that look nothing up do not count")
  func free() throws {
    let record = "v=spf1" + terms(100) { "ip4:198.51.100.\($0)" } + " moo=x -all"
    #expect(try Check(record: record).verdict == .fail)
  }

  @Test("The terms of all records count together", arguments: [(4, false), (5, true)])
  func nested(count: Int, isTooMuch: Bool) throws {
    let record = "v=spf1 include:x.example" + terms(5) { "a:h\($0).example" } + " -all"
    let zone = addresses + "\nx.example TXT v=spf1" + terms(count) { "a:h\($0).example" }
    #expect(try Check(record: record, zone).verdict == (isTooMuch ? .permerror : .fail))
  }

  @Test("A deep tree of records ends at the tenth")
  func depth() throws {
    let chain = (0..<200).map { "h\($0).example TXT v=spf1 include:h\($0 + 1).example" }
    let check = try Check(record: "v=spf1 include:h0.example", chain.joined(separator: "\n"))
    #expect(check.verdict == .permerror)
    #expect(check.questions.count == 11)
  }

  @Test("A macro for the client's name counts as a term", arguments: [(4, false), (6, true)])
  func macro(count: Int, isTooMuch: Bool) throws {
    let zone = "192.0.2.1 PTR h.example\nh.example A 192.0.2.1\nh.example.x.example A 198.51.100.1"
    let record = "v=spf1" + terms(count) { _ in "a:%{p}.x.example" } + " -all"
    #expect(try Check(record: record, zone).verdict == (isTooMuch ? .permerror : .fail))
  }

  @Test("Two names may have nothing, and the third is an error", arguments: ["a", "mx", "exists"])
  func voidLookups(mechanism: String) throws {
    let two = "v=spf1" + terms(2) { "\(mechanism):v\($0).example" } + " -all"
    #expect(try Check(record: two).verdict == .fail)
    let three = "v=spf1" + terms(3) { "\(mechanism):v\($0).example" } + " -all"
    #expect(try Check(record: three).verdict == .permerror)
  }

  @Test("The hosts of an mx, and the names of the client, may have nothing")
  func otherVoids() throws {
    let zone = (0..<5).map { "far.example MX v\($0).example\n192.0.2.1 PTR v\($0).far.example" }
      .joined(separator: "\n")
    #expect(try Check(record: "v=spf1 mx ptr -all", zone).verdict == .fail)
  }

  @Test(
    "Ten hosts of an mx are looked at, and eleven are an error",
    arguments: [(10, false), (11, true)])
  func exchanges(count: Int, isTooMuch: Bool) throws {
    let zone = (0..<count).map { "far.example MX h\($0).example" } + [addresses]
    let check = try Check(record: "v=spf1 mx -all", zone.joined(separator: "\n"))
    #expect(check.verdict == (isTooMuch ? .permerror : .fail))
    #expect(check.questions.count == (isTooMuch ? 2 : 12))
  }

  @Test(
    "Of the names of a client the first ten are looked at", arguments: [(9, true), (10, false)])
  func clientNames(before: Int, isFound: Bool) throws {
    let zone =
      (0..<before).map { "192.0.2.1 PTR n\($0).far.example" }
      + ["192.0.2.1 PTR m.far.example", "m.far.example A 192.0.2.1"]
    let check = try Check(record: "v=spf1 ptr -all", zone.joined(separator: "\n"))
    #expect(check.verdict == (isFound ? .pass : .fail))
  }

  @Test("The most that can be asked is what the check says")
  func most() throws {
    var lines: [String] = []
    for term in 0..<10 {
      lines += (0..<10).map { "d\(term).example MX m\(term)-\($0).example" }
    }
    lines += (0..<10).map { "192.0.2.1 PTR n\($0).client.example" }
    // The last mx takes its name from the client; being a macro it costs one term more.
    let record = "v=spf1" + terms(8) { "mx:d\($0).example" } + " mx:%{p}.d8.example -all"
    lines += (0..<10).map { "unknown.d8.example MX m8-\($0).example" }
    let check = try Check(record: record, lines.joined(separator: "\n"))
    #expect(check.verdict == .fail)
    #expect(check.questions.count == 1 + 9 * 11 + 11)
  }

  @Test("Records in circles, of any kind, come to an end", arguments: 0..<40 as Range<UInt64>)
  func circles(seed: UInt64) throws {
    var random = FixedRandom(seed: seed)
    let terms = [
      "include:%{d}", "include:far.example", "include:b.example", "a:%{p}.b.example", "mx",
      "mx:b.example",
      "ptr", "exists:%{ir}.far.example", "?ip4:192.0.2.0/24", "redirect=b.example", "~redirect",
      "redirect=%{o}", "-exists:b.example", "a:b.example/8",
    ]
    let data = ["192.0.2.1", "192.0.2.2", "!", "198.51.100.1"]
    let hosts = ["far.example", "b.example", "unknown.b.example", "c.far.example"]
    for _ in 0..<25 {
      var lines: [String] = []
      for host in hosts {
        let count = Int.random(in: 0...6, using: &random)
        let record = (0..<count).compactMap { _ in terms.randomElement(using: &random) }
        lines.append("\(host) TXT v=spf1 " + record.joined(separator: " "))
        lines.append("\(host) A " + (data.randomElement(using: &random) ?? ""))
        lines.append("\(host) MX " + (hosts.randomElement(using: &random) ?? ""))
        lines.append("192.0.2.1 PTR " + (hosts.randomElement(using: &random) ?? ""))
      }
      // It records an issue itself if there is no end.
      _ = try Check(lines.joined(separator: "\n"))
    }
  }
}
