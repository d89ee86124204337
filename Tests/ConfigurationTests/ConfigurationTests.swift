import Mail
import Platform
import Testing

@testable import Configuration

@Suite struct `A configuration` {
  @Test func `of nothing has the documented defaults`() throws {
    let it = try configuration("")
    #expect(it.warnings.isEmpty)
    #expect(it.server.hostname.text == "gw.home.example")
    #expect(it.server.domains.isEmpty)
    #expect(it.server.spool == "/var/spool/gatepost")
    #expect(it.server.state == "/var/lib/gatepost")
    #expect(it.server.runtime == "/run/gatepost")
    #expect(it.server.users == "/etc/gatepost/users")
    #expect(it.listen.smtp == [Endpoint(address: nil, port: 25)])
    #expect(it.listen.submission == [Endpoint(address: nil, port: 587)])
    #expect(it.listen.submissions == [Endpoint(address: nil, port: 465)])
    #expect(it.listen.pop3 == [Endpoint(address: nil, port: 110)])
    #expect(it.listen.pop3s == [Endpoint(address: nil, port: 995)])
    #expect(it.tls.certificates == ["/etc/gatepost/tls/cert.pem"])
    #expect(it.tls.keys == ["/etc/gatepost/tls/key.pem"])
    #expect(it.relay.networks.isEmpty)
    #expect(it.relay.route.servers.isEmpty)
    #expect(it.relay.mxPort == 25)
    #expect(it.relay.route.tls == .may)
    #expect(it.popBeforeSMTP.window == .seconds(900))
    #expect(it.popBeforeSMTP.networks.count == 4)
    #expect(it.dns.nameservers.isEmpty)
    #expect(it.queue.retry.map(\.wholeSeconds) == [300, 600, 1200, 2400, 3600, 7200, 14_400])
    #expect(it.queue.lifetime == .seconds(432_000))
    #expect(it.limits.messageBytes == 64 << 20)
    #expect(it.limits.recipients == 100)
    #expect(it.limits.connections == 1000)
    #expect(it.limits.connectionsPerClient == 50)
    #expect(it.limits.commandTimeout == .seconds(300))
    #expect(it.limits.pop3Timeout == .seconds(600))
    #expect(it.limits.freeSpaceBytes == 64 << 20)
    #expect(it.limits.messagesPerHour == .atMost(500))
    #expect(it.limits.recipientsPerHour == .atMost(2000))
    #expect(it.local.aliases == "/etc/gatepost/aliases")
    #expect(it.local.separator == UInt8(ascii: "+"))
    #expect(it.local.catchAll == nil)
    #expect(it.local.redirectAll == nil)
    #expect(it.lmtpServers.isEmpty)
    #expect(it.abuse.connectionsPerMinute == .atMost(60))
    #expect(it.abuse.commandsPerMinute == .atMost(1200))
    #expect(it.abuse.failedLogins == .atMost(10))
    #expect(it.abuse.ban == .seconds(900))
    #expect(it.abuse.loginTime == .seconds(60))
    #expect(it.abuse.minimumRate == 64)
    #expect(it.abuse.refusesEarlyTalkers)
    #expect(it.abuse.dnsbl.isEmpty)
    #expect(!it.abuse.addsSPF)
    #expect(it.smtp.addsMissingFields)
    #expect(!it.smtp.addsSender && !it.smtp.hidesClients)
    #expect(it.profiles.isEmpty)
    #expect(it.pop3.plainLogin == .privateNetworks)
  }

  @Test func `takes every key to its own place`() throws {
    let it = try configuration(
      """
      [server]
      hostname = Mail.Home.Example
      domains = home.example, b.example
      spool = /s
      state = /t
      runtime = /r
      users = /u
      [listen]
      smtp = 1, [::1]:1025
      submission = 2
      submissions = 3
      pop3 = off
      pop3s = 127.0.0.1:5
      [tls]
      certificate = /c, /c2
      key = /k, /k2
      [relay]
      networks = 203.0.113.0/24
      allow-public = yes
      smarthost = smtp://relay.example
      mx-port = 2525
      tls = encrypt
      [pop-before-smtp]
      window = 1h
      networks = 127.0.0.1, 0.0.0.0/0
      allow-public = yes
      on-link-ipv6 = no
      never = 192.168.1.1, fd00::1
      require-tls = yes
      messages = 8
      recipients = off
      grants-per-user = 3
      grants = 40
      same-device = yes
      same-network = yes
      [dns]
      nameservers = 127.0.0.1:5353
      [queue]
      retry = 1s, 2s
      lifetime = 6d
      [limits]
      message-size = 1MB
      recipients = 200
      connections = 11
      connections-per-client = 12
      command-timeout = 6min
      pop3-timeout = 11min
      free-space = 0
      messages-per-hour = 7
      recipients-per-hour = off
      quota = 2GB
      quota-messages = 1000
      [local]
      aliases = /a
      separator = off
      catch-all = Anna
      redirect-all = bob@far.example
      [domain B.example]
      lmtp = lmtp://127.0.0.1:24
      [abuse]
      connections-per-minute = off
      commands-per-minute = 5
      failed-logins = 6
      ban = 1h
      login-time = 30s
      minimum-rate = off
      refuse-early-talkers = no
      dnsbl = zen.spamhaus.org
      spf = yes
      [smtp]
      add-missing-fields = no
      add-sender = yes
      hide-clients = yes
      [pop3]
      login-without-tls = yes
      apop = yes
      login-delay = 1min
      expire-read = 30d
      """)
    #expect(it.warnings.isEmpty)
    #expect(it.server.hostname.text == "mail.home.example")
    #expect(it.server.domains.map(\.text) == ["home.example", "b.example"])
    #expect([it.server.spool, it.server.state, it.server.runtime] == ["/s", "/t", "/r"])
    #expect(it.server.users == "/u")
    #expect(it.listen.smtp.map(\.description) == ["1", "[::1]:1025"])
    #expect(it.listen.submission.map(\.description) == ["2"])
    #expect(it.listen.submissions.map(\.description) == ["3"])
    #expect(it.listen.pop3.isEmpty)
    #expect(it.listen.pop3s.map(\.description) == ["127.0.0.1:5"])
    #expect(it.tls.certificates == ["/c", "/c2"] && it.tls.keys == ["/k", "/k2"])
    #expect(it.relay.networks.map(\.description) == ["203.0.113.0/24"])
    #expect(it.relay.route.servers.map(\.description) == ["smtp://relay.example:25"])
    #expect(it.relay.mxPort == 2525)
    #expect(it.relay.route.tls == .encrypt)
    #expect(it.popBeforeSMTP.window == .seconds(3600))
    #expect(it.popBeforeSMTP.networks.map(\.description) == ["127.0.0.1", "0.0.0.0/0"])
    #expect(!it.popBeforeSMTP.includesLinks && it.popBeforeSMTP.needsTLS)
    #expect(it.popBeforeSMTP.never.map(\.description) == ["192.168.1.1", "fd00::1"])
    #expect(it.popBeforeSMTP.messages == .atMost(8))
    #expect(it.popBeforeSMTP.recipients == .unlimited)
    #expect(it.popBeforeSMTP.perUser == 3 && it.popBeforeSMTP.inAll == 40)
    #expect(it.popBeforeSMTP.coversDevice && it.popBeforeSMTP.coversNetwork)
    #expect(it.dns.nameservers.map(\.description) == ["127.0.0.1:5353"])
    #expect(it.queue.retry == [.seconds(1), .seconds(2)])
    #expect(it.queue.lifetime == .seconds(518_400))
    #expect([it.limits.messageBytes, it.limits.recipients] == [1 << 20, 200])
    #expect([it.limits.connections, it.limits.connectionsPerClient] == [11, 12])
    #expect(it.limits.commandTimeout == .seconds(360))
    #expect(it.limits.pop3Timeout == .seconds(660))
    #expect(it.limits.freeSpaceBytes == 0)
    #expect(it.limits.messagesPerHour == .atMost(7))
    #expect(it.limits.recipientsPerHour == .unlimited)
    #expect(it.limits.quota?.bytes == 2 << 30)
    #expect(it.limits.quotaMessages == 1000)
    #expect(it.local.aliases == "/a")
    #expect(it.local.separator == nil)
    #expect(it.local.catchAll == .name("anna"))
    #expect(it.local.redirectAll?.text == "bob@far.example")
    #expect(
      it.lmtpServers.map { "\($0.key.text) \($0.value)" } == ["b.example lmtp://127.0.0.1:24"])
    #expect(it.abuse.connectionsPerMinute == .unlimited)
    #expect(it.abuse.commandsPerMinute == .atMost(5))
    #expect(it.abuse.failedLogins == .atMost(6))
    #expect([it.abuse.ban, it.abuse.loginTime] == [.seconds(3600), .seconds(30)])
    #expect(it.abuse.minimumRate == nil)
    #expect(!it.abuse.refusesEarlyTalkers)
    #expect(it.abuse.dnsbl.map(\.text) == ["zen.spamhaus.org"])
    #expect(it.abuse.addsSPF)
    #expect(!it.smtp.addsMissingFields)
    #expect(it.smtp.addsSender && it.smtp.hidesClients)
    #expect(it.pop3.plainLogin == .everywhere)
    #expect(
      it.pop3.apopNetworks.map(\.description) == ["0.0.0.0/0", "::/0"]
        && it.pop3.loginDelay == .seconds(60) && it.pop3.expiryDays == 30)
  }

  @Test func `takes the later of two files at its word`() throws {
    let it = try configuration(
      "[relay]\nsmarthost = smtp://a.example\n[queue]\nlifetime = 6d",
      dropIns: ["[relay]\nsmarthost = smtp://b.example", "[relay]\nsmarthost ="])
    #expect(it.relay.route.servers.isEmpty)
    #expect(it.queue.lifetime == .seconds(6 * 86_400))
  }

  @Test(arguments: [
    (
      "gw", ["gatepost.conf: warning: [server] hostname: \"gw\" has no domain; many servers refuse"]
    ),
    (
      "my_host.!",
      [
        "gatepost.conf: [server] hostname: it is not given, and the machine's own name, \"my_host.!\""
      ]
    ),
    ("", ["gatepost.conf: [server] hostname: it is not given"]),
    ("gw.example", []),
  ])
  func `falls back on the name of the machine`(name: String, expected: [String]) {
    var found: [Diagnostic] = []
    do {
      found = try configuration("", machineName: name).warnings
    } catch {
      found = (error as? ConfigurationError)?.diagnostics ?? []
    }
    #expect(found.count == expected.count)
    for (diagnostic, start) in zip(found, expected) {
      #expect(diagnostic.description.hasPrefix(start))
    }
  }

  @Test(arguments: [
    ("", TLSPolicy.may), ("smarthost = smtp://a.example", .may),
    ("smarthost = smtps://a.example", .verify),
    ("smarthost = smtps://a.example\ntls = encrypt", .encrypt),
    ("smarthost = smtp://a.example\ntls = none", .none),
  ])
  func `asks of TLS what the smarthost calls for`(text: String, policy: TLSPolicy) throws {
    #expect(try configuration("[relay]\n\(text)").relay.route.tls == policy)
  }

  @Test(arguments: [
    ("10.1.2.3", true), ("127.0.0.1", true), ("::1", true), ("fd12::1", true), ("fe80::1", true),
    ("172.32.0.1", false), ("100.64.0.1", false), ("192.0.2.1", false), ("2001:db8::1", false),
  ])
  func `lets a password pass in clear on private networks only`(text: String, isPrivate: Bool)
    throws
  {
    let address = try #require(IPAddress(text))
    #expect(PlainLogin.privateNetworks.allows(address) == isPrivate)
    #expect(PlainLogin.everywhere.allows(address))
    #expect(!PlainLogin.nowhere.allows(address))
  }

  @Test(arguments: [("1d", 1), ("47h", 2), ("25h", 2), ("30d", 30)])
  func `keeps mail that was read no shorter than it says`(value: String, days: Int) throws {
    #expect(try configuration("[pop3]\nexpire-read = \(value)\n").pop3.expiryDays == days)
  }
}
