import EventLoop
import Platform
import TestSupport
import Testing

@testable import DNS

/// What a real server says to the zone in `zones/mail.example.zone`.
@Suite(.nsd()) struct LookupTests {
  private let resolver: @Loop @Sendable () -> Resolver

  init() throws {
    let address = try #require(NSDTrait.server?.address)
    resolver = { Resolver(NameServers([address])) }
  }

  private func host(_ preference: UInt16, _ name: String) -> MXRecord {
    MXRecord(preference: preference, exchange: name)
  }

  @Test(
    "The hosts of a domain come in the order of their preference, however the name is written",
    arguments: ["two.mail.example", "two.mail.example.", "TWO.Mail.example"])
  func exchanges(domain: String) async throws {
    let answer = try await onLoop { try await resolver().mx(domain) }
    #expect(answer.records == [host(10, "mx1.mail.example"), host(20, "mx2.mail.example")])
    guard case .records(_, let origin) = answer else { return }
    #expect(origin == AnswerOrigin(timeToLive: .seconds(300), isAuthenticated: false))
  }

  @Test("Addresses of both families are found")
  func addresses() async throws {
    try await onLoop {
      let resolver = resolver()
      #expect(
        try await resolver.a("mx1.mail.example").records == [#require(IPAddress("192.0.2.1"))])
      let v6 = try await resolver.aaaa("mx1.mail.example").records
      #expect(v6 == [try #require(IPAddress("2001:db8::1"))])
      let both = try await resolver.a("mx2.mail.example").records.map(\.description).sorted()
      #expect(both == ["192.0.2.2", "192.0.2.3"])
    }
  }

  @Test(
    "A name without an MX record has none, and a name that is not there is not there",
    arguments: [
      ("direct.mail.example", .noData), ("nowhere.mail.example", .noSuchName),
      ("dangling.mail.example", .noSuchName),
    ] as [(String, Answer<MXRecord>)])
  func negative(name: String, expected: Answer<MXRecord>) async throws {
    let answer = try await onLoop { try await resolver().mx(name) }
    #expect(answer == expected)
  }

  @Test("A domain that takes no mail says so")
  func null() async throws {
    let hosts = try await onLoop { try await resolver().mx("null.mail.example").records }
    #expect(hosts == [host(0, ".")])
    #expect(hosts[0].isNull)
    #expect(!host(0, "mx1.mail.example").isNull)
  }

  @Test("Aliases are followed, and the shortest time on the way counts")
  func aliases() async throws {
    try await onLoop {
      let resolver = resolver()
      let answer = try await resolver.mx("alias.mail.example")
      #expect(answer.records.map(\.exchange) == ["mx1.mail.example", "mx2.mail.example"])
      if case .records(_, let origin) = answer { #expect(origin.timeToLive == .seconds(60)) }
      #expect(
        try await resolver.mx("mxalias.mail.example").records[0].exchange == "aliased.mail.example")
      #expect(
        try await resolver.a("aliased.mail.example").records.map(\.description) == ["192.0.2.1"])
    }
  }

  @Test(
    "Aliases in a circle, and a referral to other servers, are no answer",
    arguments: ["loop1.mail.example", "sub.mail.example", "host.sub.mail.example"])
  func noAnswer(name: String) async throws {
    await expectFailure(.malformed, of: name)
  }

  @Test("Hosts with impossible names are left out, and alone they are no answer")
  func oddNames() async throws {
    let hosts = try await onLoop { try await resolver().mx("odd.mail.example").records }
    #expect(hosts == [host(20, "mx1.mail.example")])
    await expectFailure(.malformed, of: "onlyodd.mail.example")
    // An alias may have any name (RFC 2181 §11); there is none.
    let answer = try await onLoop { try await resolver().mx("oddalias.mail.example") }
    #expect(answer == .noSuchName)
  }

  @Test("A name of any octets is asked for where it need not be that of a host")
  func anyOctets() async throws {
    try await onLoop {
      let resolver = resolver()
      let found = try await resolver.a("joe+shop/x.any.mail.example", .any).records
      #expect(found.map(\.description) == ["192.0.2.77"])
      await #expect(throws: DNSError.invalidName) {
        _ = try await resolver.a("joe+shop/x.any.mail.example")
      }
    }
  }

  @Test("Of too many hosts the most preferred are kept")
  func many() async throws {
    let hosts = try await onLoop { try await resolver().mx("many.mail.example").records }
    #expect(hosts.map(\.preference) == Array(1...32))
    #expect(hosts[0].exchange == "host39.mail.example")
  }

  @Test("An answer longer than a datagram comes over TCP")
  func long() async throws {
    let texts = try await onLoop { try await resolver().txt("long.mail.example").records }
    let letters = (0..<12).flatMap { [UInt8](repeating: UInt8(ascii: "a") + $0, count: 200) }
    #expect(texts == [letters])
  }

  @Test("The strings of a text are joined")
  func text() async throws {
    let texts = try await onLoop { try await resolver().txt("short.mail.example").records }
    #expect(texts == [Array("v=STSv1; id=1".utf8)])
  }

  @Test("A policy is kept, however many other texts its domain has")
  func policyFirst() async throws {
    let texts = try await onLoop { try await resolver().txt("proofs.mail.example").records }
    #expect(texts.count == Limits.records)
    #expect(texts.first == Array("v=spf1 -all".utf8))
  }

  @Test(
    "The names of an address are found, also where a provider keeps them, and odd ones left out",
    arguments: [
      ("192.0.2.1", ["mx1.mail.example", "other.mail.example"]),
      ("192.0.2.3", ["mx2.mail.example"]), ("192.0.2.4", ["mx2.mail.example"]),
      ("2001:db8::1", ["mx1.mail.example"]),
      ("192.0.2.9", []), ("2001:db8::2", []),
    ])
  func names(address: String, expected: [String]) async throws {
    let address = try #require(IPAddress(address))
    let names = try await onLoop { try await resolver().ptr(address).records }
    #expect(names.sorted() == expected)
  }

  @Test("What a server's certificate must look like is found by host and port")
  func certificate() async throws {
    try await onLoop {
      let resolver = resolver()
      let data = [0x01, 0x23, 0x45, 0x67, 0x89, 0xAB, 0xCD, 0xEF] as [UInt8]
      let expected = TLSARecord(
        usage: 3, selector: 1, matchingType: 1, data: data + data + data + data)
      let found = try await resolver.tlsa("mx1.mail.example", port: 25)
      #expect(found.records == [expected])
      let absent = try await resolver.tlsa("mx1.mail.example", port: 465)
      #expect(absent == .noSuchName)
    }
  }

  @Test("A zone that the server does not serve is a failure, not an answer")
  func refused() async throws { await expectFailure(.failed(code: 5), of: "elsewhere.example") }

  @Test(
    "A name that cannot be one is not asked for",
    arguments: ["", ".", "a..b", "ä.example", "a b.example", "a\0b.example", "\n"])
  func invalid(name: String) async throws { await expectFailure(.invalidName, of: name) }

  private func expectFailure(
    _ expected: DNSError, of name: String, sourceLocation: SourceLocation = #_sourceLocation
  ) async {
    await onLoop {
      do throws(DNSError) {
        let answer = try await resolver().mx(name)
        Issue.record("the answer is \(answer)", sourceLocation: sourceLocation)
      } catch {
        #expect(error == expected, sourceLocation: sourceLocation)
      }
    }
  }
}
