import Foundation
import Mail
import Platform
import SASL
import TestSupport
import Testing

@testable import Configuration

@Suite struct `A route` {
  @Test func `has its own values, and the defaults of all routes`() throws {
    let it = try configuration(
      """
      [route Far.Example]
      via = smtps://a.example, smtp://[2001:db8::1]:587, lmtp://127.0.0.1:24, unix:/run/x
      [route from:@home.example]
      via = mx
      tls = encrypt
      tls-minimum = 1.3
      login-mechanisms = PLAIN, login
      password-without-tls = yes
      source = 192.168.1.2
      messages-per-minute = 30
      min-interval = 1s
      messages-per-connection = 7
      connections = 2
      window = 22:00-06:30
      long-lines = pass
      rewrite-from = account@isp.example
      reply-to = no
      """)
    #expect(
      it.routes.map(\.pattern) == [
        .domain(try #require(Domain("far.example"))),
        .sender(.domain(try #require(Domain("home.example")))),
      ])
    #expect(
      it.routes[0].servers.map(\.description) == [
        "smtps://a.example:465", "smtp://[2001:db8::1]:587", "lmtp://127.0.0.1:24", "unix:/run/x",
      ])
    #expect(it.routes[0].tls == .verify)
    #expect(!it.routes[0].needsTLS13)
    #expect(it.routes[0].mechanisms == Mechanism.allCases)
    #expect(!it.routes[0].allowsPasswordInClear)
    #expect(it.routes[0].source == nil)
    #expect(it.routes[0].interval == .zero)
    #expect(it.routes[0].messagesPerConnection == 100 && it.routes[0].connections == 5)
    #expect(it.routes[0].window == nil)
    #expect(it.routes[0].rewriteFrom == nil)
    #expect(it.routes[0].addsReplyTo)
    #expect(it.routes[0].foldsLongLines)
    let second = it.routes[1]
    #expect(second.servers.isEmpty)
    #expect(second.tls == .encrypt)
    #expect(second.needsTLS13)
    #expect(second.mechanisms == [.plain, .login])
    #expect(second.allowsPasswordInClear)
    #expect(second.source?.description == "192.168.1.2")
    #expect(second.interval == .seconds(2))
    #expect(second.messagesPerConnection == 7 && second.connections == 2)
    #expect(second.window?.description == "22:00-06:30")
    #expect(!second.foldsLongLines)
    #expect(second.rewriteFrom?.text == "account@isp.example")
    #expect(!second.addsReplyTo)
  }

  @Test(arguments: [
    ("far.example", true), (".far.example", true), ("*", true), ("from:a@b.example", true),
    ("from:@b.example", true), ("from:192.168.3.0/24", true), ("from:fd00::/8", true),
    ("from:192.168.3.7", true), ("far..example", false), (".", false), ("from:", false),
    ("from:far.example", false), ("*.far.example", false), ("from:192.168.3.7/24", false),
    ("a@b.example", false), ("from:*", false),
  ])
  func `is named by its pattern`(pattern: String, isRight: Bool) throws {
    let found = problems(of: "[route \(pattern)]\nvia = mx")
    #expect(found.isEmpty == isRight, "\(found)")
  }

  @Test func `is one section however it is written`() throws {
    let it = try configuration(
      "[route FAR.example]\nvia = mx\n[route far.EXAMPLE]\nconnections = 3")
    #expect(it.routes.count == 1)
    #expect(it.routes[0].connections == 3)
  }

  @Test(arguments: [
    ("[route *]\n", "gatepost.conf:1: [route *] via: it is missing; give mx, or"),
    ("[route *]\nvia =", "gatepost.conf:2: [route *] via: the value is empty"),
    (
      "[route *]\nvia = mx, smtp://a.example",
      "gatepost.conf:2: [route *] via: \"mx\" does not start"
    ),
    (
      "[server]\nhostname = a.example\n[route *]\nvia = smtp://b.example, smtp://A.example",
      "gatepost.conf:4: [route *] via: it is this host; mail would circle"
    ),
    (
      "[route *]\nvia = smtp://x.example, smtps://a.example\ntls = none",
      "gatepost.conf:3: [route *] tls: none contradicts smtps in the via;"
    ),
    (
      "[route *]\nvia = mx\ncredentials = isp",
      "gatepost.conf:3: [route *] credentials: there is no server to log in at;"
    ),
    (
      "[route *]\nvia = mx\nwindow = 22:00",
      "gatepost.conf:3: [route *] window: \"22:00\" is not a part"
    ),
    (
      "[route *]\nvia = mx\nwindow = 24:00-01:00",
      "gatepost.conf:3: [route *] window: \"24:00-01:00\""
    ),
    (
      "[route *]\nvia = mx\nwindow = 1:00-01:00",
      "gatepost.conf:3: [route *] window: \"1:00-01:00\""
    ),
    (
      "[route *]\nvia = mx\nsource = ::",
      "gatepost.conf:3: [route *] source: \"::\" is not an address"
    ),
    (
      "[route *]\nvia = mx\nconnections = 21",
      "gatepost.conf:3: [route *] connections: 21 is too large"
    ),
    ("[relay]\nconnections = 0", "gatepost.conf:2: [relay] connections: 0 is too small"),
    (
      "[route *]\nvia = smtp://a.example\ntls = fingerprint=sha256:abc",
      "gatepost.conf:3: [route *] tls: \"sha256:abc\" is not sha256: and 64"
    ),
    (
      "[route *]\nvia = mx\ntls = fingerprint=sha256:" + String(repeating: "aB", count: 32),
      "gatepost.conf:3: [route *] tls: mail exchangers have no certificate"
    ),
    ("[route]\nvia = mx", "gatepost.conf:1: [route] lacks its name; write [route NAME]"),
  ])
  func `is refused with the line and what is right`(text: String, expected: String) {
    let found = problems(of: text)
    #expect(found.count == 1 && found[0].hasPrefix(expected), "\(found)")
  }

  @Test func `knows certificates by their fingerprints`() throws {
    let plain = String(repeating: "0f", count: 32)
    let colons = (0..<32).map { _ in "FE" }.joined(separator: ":")
    let it = try configuration(
      "[relay]\nsmarthost = smtp://a.example\ntls = fingerprint=sha256:\(plain), SHA256:\(colons)")
    #expect(
      it.relay.route.tls
        == .fingerprints([[UInt8](repeating: 15, count: 32), [UInt8](repeating: 254, count: 32)]))
  }

  @Test(arguments: [
    ("smtp://a.example", "may", false), ("smtp://a.example", "none", false),
    ("smtp://a.example", "encrypt", true), ("smtp://a.example", "verify", true),
    ("smtp://127.0.0.1:1", "none", true), ("unix:/run/x", "may", true),
    ("smtp://127.0.0.1:1, smtp://a.example", "may", false),
    ("smtp://a.example", "fingerprint=sha256:" + String(repeating: "00", count: 32), true),
  ])
  func `never lets a password cross the network in clear`(
    via: String, tls: String, isRight: Bool
  ) throws {
    let scratch = try ScratchDirectory()
    let path = "\(scratch.path)/secrets"
    try "isp me geheim\n".write(toFile: path, atomically: true, encoding: .utf8)
    chmod(path, 0o640)
    let found = problems(
      of: "[relay]\nsecrets = \(path)\n[route *]\nvia = \(via)\ntls = \(tls)\ncredentials = isp")
    #expect(found.isEmpty == isRight)
    #expect(
      problems(
        of: "[relay]\nsecrets = \(path)\n[route *]\nvia = \(via)\ntls = \(tls)\ncredentials = isp\n"
          + "password-without-tls = yes") == [])
    for problem in found {
      #expect(problem.hasPrefix("gatepost.conf:5: [route *] tls: the password of \"isp\" could"))
      #expect(!problem.contains("geheim"))
    }
  }

  @Test func `has credentials of its own`() throws {
    let scratch = try ScratchDirectory()
    let path = "\(scratch.path)/secrets"
    try "a anna geheim\nb bob secret\n".write(toFile: path, atomically: true, encoding: .utf8)
    chmod(path, 0o640)
    let it = try configuration(
      """
      [relay]
      secrets = \(path)
      [route from:anna@home.example]
      via = smtps://isp.example
      credentials = a
      [route *]
      via = smtps://isp.example
      credentials = b
      """)
    #expect(it.routes.map { $0.credentials?.user } == ["anna", "bob"])
    #expect(it.routes.map { $0.tls } == [.verify, .verify])
    #expect(it.relay.route.credentials == nil)
    let wrong = problems(
      of: "[relay]\nsecrets = \(path)\n[route *]\nvia = smtps://isp.example\ncredentials = c")
    #expect(
      wrong == [
        "gatepost.conf:5: [route *] credentials: \(path) has no entry \"c\"; did you mean \"a\"?"
      ])
  }

  @Test func `of all other mail has the same conditions`() throws {
    let it = try configuration(
      "[relay]\nwindow = 1:00-2:00\nrewrite-from = a@b.example\nmessages-per-minute = 600\n"
        + "[queue]\nnotify-address = anna@home.example\nreports-per-hour = 5")
    #expect(it.relay.route.window?.description == "01:00-02:00")
    #expect(it.relay.route.rewriteFrom?.text == "a@b.example")
    #expect(it.relay.route.interval == .milliseconds(100))
    #expect(it.queue.notifyAddress?.text == "anna@home.example")
    #expect(it.queue.reportsPerHour == 5)
  }
}
