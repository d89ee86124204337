import Mail
import Platform
import Testing

@testable import Configuration

@Suite struct `A profile` {
  private func profile(_ text: String, dropIns: [String] = []) throws -> Configuration.Profile {
    try #require(configuration("[profile cam]\n" + text, dropIns: dropIns).profiles.first)
  }

  @Test func `forgives nothing and allows everything where nothing is said`() throws {
    let it = try profile("networks = 192.168.1.0/24")
    #expect(it.name == "cam")
    #expect(it.networks.map(\.description) == ["192.168.1.0/24"])
    #expect(it.listeners.isEmpty)
    let quirks = [
      it.allowsOddGreeting, it.allowsLoosePaths, it.allowsLoginWithoutTLS, it.keepsLogin,
      it.repairsBareLF, it.allowsOldTLS, it.completesHeader, it.allows8BitHeader,
    ]
    #expect(!quirks.contains(true))
    #expect(it.hidden.isEmpty)
    #expect(it.senders.isEmpty)
    #expect([it.recipients, it.messageBytes] == [nil, nil])
    #expect([it.messagesPerHour, it.recipientsPerHour] == [nil, nil])
  }

  @Test(arguments: [
    "odd-greeting", "loose-paths", "login-without-tls", "keep-login", "repair-bare-lf", "old-tls",
    "complete-header", "8bit-header",
  ])
  func `forgives what a key names and nothing else`(key: String) throws {
    let it = try profile("networks = 192.168.1.0/24\n\(key) = yes")
    let quirks = [
      "odd-greeting": it.allowsOddGreeting, "loose-paths": it.allowsLoosePaths,
      "login-without-tls": it.allowsLoginWithoutTLS, "keep-login": it.keepsLogin,
      "repair-bare-lf": it.repairsBareLF, "old-tls": it.allowsOldTLS,
      "complete-header": it.completesHeader, "8bit-header": it.allows8BitHeader,
    ]
    #expect(quirks.filter(\.value).map(\.key) == [key])
  }

  @Test func `holds rights`() throws {
    let it = try profile(
      """
      listeners = smtp, 587, 127.0.0.1:465
      hide = starttls, Auth
      senders = cam@home.example, @iot.example, *
      recipients = 5
      message-size = 10MB
      messages-per-hour = off
      recipients-per-hour = 7
      """)
    let local = try #require(IPAddress("127.0.0.1"))
    #expect(
      it.listeners == [
        .service(.smtp), .endpoint(Endpoint(address: nil, port: 587)),
        .endpoint(Endpoint(address: local, port: 465)),
      ])
    #expect(it.hidden == [.startTLS, .authentication])
    #expect(it.senders.map(\.text) == ["cam@home.example", "@iot.example", "*"])
    #expect([it.recipients, it.messageBytes] == [5, 10 << 20])
    #expect([it.messagesPerHour, it.recipientsPerHour] == [.unlimited, .atMost(7)])
  }

  @Test(arguments: [
    ("networks = 192.168.1.0/24", "192.168.1.9", ListenerPattern.Service.smtp, 25, true),
    ("networks = 192.168.1.0/24", "192.168.2.9", .smtp, 25, false),
    ("listeners = submission", "203.0.113.1", .submission, 587, true),
    ("listeners = submission", "203.0.113.1", .smtp, 587, false),
    ("listeners = 587", "203.0.113.1", .submission, 587, true),
    ("listeners = 587", "203.0.113.1", .submission, 25, false),
    ("listeners = 127.0.0.1:25", "203.0.113.1", .smtp, 25, true),
    ("listeners = 127.0.0.2:25", "203.0.113.1", .smtp, 25, false),
    ("networks = fd00::/8\nlisteners = smtp", "fd00::1", .smtp, 25, true),
    ("networks = fd00::/8\nlisteners = smtp", "fd00::1", .submissions, 25, false),
    ("networks = fd00::/8\nlisteners = smtp", "fe80::1", .smtp, 25, false),
  ])
  func `holds for its networks and listeners`(
    text: String, client: String, service: ListenerPattern.Service, port: UInt16, holds: Bool
  ) throws {
    let client = try #require(IPAddress(client))
    let local = SocketAddress(try #require(IPAddress("127.0.0.1")), port: port)
    #expect(try profile(text).holds(for: client, of: service, at: local) == holds)
  }

  @Test func `is one of several, in the order in which they begin`() throws {
    let it = try configuration(
      """
      [profile a]
      networks = 10.0.0.1
      [profile b]
      networks = 10.0.0.2
      recipients = 2
      [profile A]
      recipients = 1
      """,
      dropIns: [
        "[profile c]\nnetworks = 10.0.0.3\n[profile b]\nnetworks = 10.9.9.9",
        "[profile  C]\nold-tls = yes\n[profile a]\nrecipients =",
      ])
    #expect(it.profiles.map(\.name) == ["a", "b", "c"])
    #expect(
      it.profiles.map { $0.networks.map(\.description) } == [
        ["10.0.0.1"], ["10.9.9.9"], ["10.0.0.3"],
      ])
    #expect(it.profiles.map(\.recipients) == [nil, 2, nil])
    #expect(it.profiles.map(\.allowsOldTLS) == [false, false, true])
  }

  private static let wrong: [(text: String, expected: String?)] = [
    (
      "", "1: [profile cam] networks: it is missing, and so is listeners; give one of them, or both"
    ),
    (
      "networks =\nold-tls = yes",
      "2: [profile cam] networks: it is missing, and so is listeners; give one of them, or both"
    ),
    (
      "listeners = smpt",
      "2: [profile cam] listeners: \"smpt\" is not known; give smtp, submission, submissions, pop3,"
        + " pop3s, \"port\" or \"address:port\"; several are separated by commas; did you mean \"smtp\"?"
    ),
    (
      "listeners = 2525",
      "2: warning: [profile cam] listeners: 2525 is no place of a service in"
        + " [listen]"
    ),
    ("listeners = 192.168.1.1:25", nil),
    (
      "listeners = smtp\nhide = SISE",
      "3: [profile cam] hide: \"SISE\" is not known; give keywords of EHLO, of PIPELINING, SIZE,"
        + " 8BITMIME, ENHANCEDSTATUSCODES, STARTTLS, AUTH, CHUNKING, SMTPUTF8, DSN, LIMITS, ETRN,"
        + " REQUIRETLS; several are separated by commas; did you mean \"SIZE\"?"
    ),
    (
      "listeners = smtp\nsenders = cam",
      "3: [profile cam] senders: \"cam\" is not a sender; give an address, \"@domain\", \"<>\" or \"*\";"
        + " several are separated by commas"
    ),
    (
      "listeners = smtp\nmessages-per-hour = 0",
      "3: [profile cam] messages-per-hour: \"0\" is not such a number;"
        + " give a number from 1 to 999999999, or off, or nothing"
    ),
    (
      "listeners = submission\nlogin-without-tls = yes",
      "3: warning: [profile cam] login-without-tls: passwords from anywhere can cross the Internet"
        + " unencrypted; add networks"
    ),
    (
      "listeners = submission\nold-tls = yes",
      "3: warning: [profile cam] old-tls: clients from anywhere can be led to encryption that is"
        + " broken; add networks"
    ),
    (
      "listeners = smtp\nrepair-bare-lf = yes",
      "3: warning: [profile cam] repair-bare-lf: strangers can smuggle one message in another;"
        + " add networks that hold the devices alone"
    ),
    (
      "networks = 192.168.0.0/16, 203.0.113.0/24\nrepair-bare-lf = yes",
      "3: warning: [profile cam] repair-bare-lf: strangers can smuggle one message in another;"
        + " add networks that hold the devices alone"
    ),
    ("networks = 203.0.113.0/24\nold-tls = yes\nlogin-without-tls = yes", nil),
    (
      "networks = 10.0.0.1\nnetworks = 10.0.0.2",
      "3: [profile cam] networks is given twice, first on line 2; keep one"
    ),
  ]

  @Test(arguments: wrong)
  func `is told where it is wrong`(text: String, expected: String?) {
    #expect(
      problems(of: "[profile cam]\n" + text) == (expected.map { ["gatepost.conf:\($0)"] } ?? []))
  }

  @Test func `is one of no more than a session can look through`() {
    let text = (1...65).map { "[profile p\($0)]\nlisteners = smtp\n" }.joined()
    #expect(
      problems(of: text) == [
        "gatepost.conf:129: [profile NAME]: there are more than 64 such sections"
      ])
  }
}

@Suite struct `The section of a domain` {
  private func text(_ text: String) -> String {
    do throws(Rejection) {
      return "\(try Syntax.lmtpServer.parse(Substring(text)))"
    } catch {
      return "not: \(error.reason)"
    }
  }

  @Test(arguments: [
    ("lmtp://127.0.0.1:24", "lmtp://127.0.0.1:24"),
    ("LMTP://Box.Example:2003/", "lmtp://box.example:2003"),
    ("lmtp://[::1]:24", "lmtp://[::1]:24"), ("unix:/run/dovecot/lmtp", "unix:/run/dovecot/lmtp"),
    ("lmtp://box.example", "not: \"lmtp://box.example\" has no port"),
    ("lmtp://:24", "not: \"\" is not a domain name"),
    ("lmtp://box.example:0", "not: \"0\" is not a port from 1 to 65535"),
    (
      "smtp://box.example:25", "not: \"smtp://box.example:25\" does not start with lmtp:// or unix:"
    ),
    ("unix:run/lmtp", "not: \"run/lmtp\" does not start with \"/\""),
    ("unix:", "not: the value is empty"),
  ])
  func `holds the place of a server`(text: String, expected: String) {
    #expect(self.text(text) == expected)
  }

  @Test func `holds no path that a socket cannot have`() {
    #expect(text("unix:/" + String(repeating: "a", count: 106)).hasPrefix("unix:/"))
    #expect(
      text("unix:/" + String(repeating: "a", count: 107)).hasSuffix(
        "is longer than the 107 octets that the path of a socket may have"))
  }

  @Test func `is for a domain of the server, whatever file says so`() throws {
    let section = "[domain B.example]\nlmtp = unix:/b\n[domain a.example]\nlmtp = unix:/a\n"
    let it = try configuration(
      section,
      dropIns: [
        "[server]\ndomains = a.example, b.example, c.example",
        "[domain b.example]\nlmtp = unix:/c\n[domain A.example]\nlmtp =\n[domain c.example]",
      ])
    #expect(it.lmtpServers.map { "\($0.key.text) \($0.value)" } == ["b.example unix:/c"])
    #expect(
      problems(of: "[server]\ndomains = a.example\n" + section) == [
        "gatepost.conf:4: [domain b.example] lmtp: the domain is not among the domains of [server];"
          + " add it there"
      ])
  }
}
