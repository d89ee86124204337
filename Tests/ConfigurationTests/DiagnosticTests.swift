import Testing

@testable import Configuration

@Suite struct `What is wrong with a configuration` {
  @Test(arguments: [
    (
      "[server]\nhostnme = a.example",
      "gatepost.conf:2: unknown key \"hostnme\" in [server]; did you mean \"hostname\"?"
    ),
    (
      "[server]\nsmarthost = smtp://a.example",
      "gatepost.conf:2: unknown key \"smarthost\" in [server]; it belongs to [relay]"
    ),
    (
      "[server]\nnetworks = 10.0.0.0/8",
      "gatepost.conf:2: unknown key \"networks\" in [server];"
        + " it belongs to [relay] or [pop-before-smtp] or [profile NAME]"
    ),
    (
      "[queue]\nmaximum = 5",
      "gatepost.conf:2: unknown key \"maximum\" in [queue]; the keys are retry, lifetime,"
        + " notify-address, reports-per-hour"
    ),
    ("[Relay]\nx = y", "gatepost.conf:1: unknown section [Relay]; did you mean [relay]?"),
    (
      "[fetchmail]",
      "gatepost.conf:1: unknown section [fetchmail]; the sections are server, listen, tls, relay,"
        + " route NAME, pop-before-smtp, local, domain NAME, dns, queue, limits, abuse, smtp, profile NAME, pop3"
    ),
    (
      "[abuse]\ndnsbl = a.b, b.b, c.b, d.b, e.b, f.b, g.b, h.b, i.b",
      "gatepost.conf:2: [abuse] dnsbl: the list has more than 8 elements;"
        + " give a domain name such as home.example; several are separated by commas"
    ),
    ("[relay isp]", "gatepost.conf:1: [relay] takes no name"),
    ("[profile]\nx = y", "gatepost.conf:1: [profile] lacks its name; write [profile NAME]"),
    (
      "[profil cam]\nx = y",
      "gatepost.conf:1: unknown section [profil cam]; did you mean [profile NAME]?"
    ),
    (
      "[profile a/b]\nx = y",
      "gatepost.conf:1: [profile NAME]: \"a/b\" is not a name;"
        + " give a word of letters, digits, dots and hyphens"
    ),
    (
      "[profile a b]\nx = y",
      "gatepost.conf:1: [profile NAME]: \"a b\" is not a name;"
        + " give a word of letters, digits, dots and hyphens"
    ),
    (
      "[domain 10.0.0.1]",
      "gatepost.conf:1: [domain NAME]: \"10.0.0.1\" is not a domain name;"
        + " give a domain name such as home.example"
    ),
    (
      "[smtp]\nrepair-bare-lf = 192.168.1.50",
      "gatepost.conf:2: unknown key \"repair-bare-lf\" in [smtp]; it belongs to [profile NAME]"
    ),
    (
      "[smtp]\nlogin-without-tls = private",
      "gatepost.conf:2: unknown key \"login-without-tls\" in [smtp];"
        + " it belongs to [profile NAME] or [pop3]"
    ),
    (
      "[profile cam]\nnetworks = 10.0.0.0/8\nold-tsl = yes",
      "gatepost.conf:3: unknown key \"old-tsl\" in [profile cam]; did you mean \"old-tls\"?"
    ),
    (
      "[server]\ndomains = a.example\n[domain a.example]\nlmpt = unix:/l",
      "gatepost.conf:4: unknown key \"lmpt\" in [domain a.example]; did you mean \"lmtp\"?"
    ),
    (
      "[pop-before-smtp]\nwindow = 15 parsecs",
      "gatepost.conf:2: [pop-before-smtp] window: \"15 parsecs\" is not a time: \"parsecs\" is no"
        + " unit; give a time such as 90s, 15min or 2h 30min, from 1min to 24h"
    ),
    (
      "[pop-before-smtp]\nwindow = 30s",
      "gatepost.conf:2: [pop-before-smtp] window: \"30s\" is too short;"
        + " give a time such as 90s, 15min or 2h 30min, from 1min to 24h"
    ),
    (
      "[relay]\ntls = verfy",
      "gatepost.conf:2: [relay] tls: \"verfy\" is not known;"
        + " give one of none, may, encrypt, verify, or fingerprint=sha256:HEX,"
        + " or nothing; did you mean \"verify\"?"
    ),
    (
      "[relay]\nnetworks = 0.0.0.0/0\nallow-public = yes",
      "gatepost.conf:2: [relay] networks: 0.0.0.0/0 would let strangers relay;"
        + " name your own networks, no wider than /8"
    ),
    (
      "[relay]\nnetworks = 0.0.0.0/1, 10.0.0.0/8\nallow-public = yes",
      "gatepost.conf:2: [relay] networks: 0.0.0.0/1 would let strangers relay;"
        + " name your own networks, no wider than /8"
    ),
    (
      "[relay]\nnetworks = ::/0\nallow-public = yes",
      "gatepost.conf:2: [relay] networks: ::/0 would let strangers relay;"
        + " name your own networks, no wider than /19"
    ),
    (
      "[relay]\nnetworks = 192.168.0.0/16, 19.0.0.0/8",
      "gatepost.conf:2: [relay] networks: 19.0.0.0/8 holds addresses of the Internet;"
        + " if those hosts are yours, add the line: allow-public = yes"
    ),
    (
      "[relay]\nnetworks = 172.16.0.0/11",
      "gatepost.conf:2: [relay] networks: \"172.16.0.0/11\" has bits set after the prefix;"
        + " write 172.16.0.0 for the host or 172.0.0.0/11 for the network"
    ),
    (
      "[relay]\nallow-public = yes\n[pop-before-smtp]\nnetworks = 0.0.0.0/0",
      "gatepost.conf:4: [pop-before-smtp] networks: 0.0.0.0/0 holds addresses of the Internet;"
        + " if those hosts are yours, add the line: allow-public = yes"
    ),
    (
      "[listen]\npop3 = 127.0.0.1:25",
      "gatepost.conf:2: [listen] pop3: 127.0.0.1:25 is taken by smtp; give another port, or off"
    ),
    (
      "[server]\nhostname = a.example\n[relay]\nsmarthost = smtp://A.example",
      "gatepost.conf:4: [relay] smarthost: it is this host; mail would circle"
    ),
    (
      "[relay]\ncredentials = isp",
      "gatepost.conf:2: [relay] credentials: there is no smarthost to log in at;"
        + " add one, or remove this"
    ),
    (
      "[relay]\nsmarthost = smtps://a.example\ntls = none",
      "gatepost.conf:3: [relay] tls: none contradicts smtps in the smarthost;"
        + " give encrypt or verify"
    ),
    (
      "[queue]\nlifetime = 1h",
      "gatepost.conf:2: warning: [queue] lifetime: \"1h\" is less than the 4d,"
        + " which RFC 5321 §4.5.4.1 asks for"
    ),
    (
      "[limits]\nrecipients = 99",
      "gatepost.conf:2: warning: [limits] recipients: \"99\" is less than the 100,"
        + " which RFC 5321 §4.5.3.1.8 asks for"
    ),
  ])
  func `is said with the line and what is right`(text: String, expected: String) {
    #expect(problems(of: text) == [expected])
  }

  @Test func `is said all at once, in the order of the lines`() {
    let text = "[server]\nspool = x\nbad\nspol = /x\n[sever]\nhostname = a b\n[queue]\nretry =\n"
    let lines = problems(of: text, dropIns: ["[queue]\nlifetime = x"]).map {
      String($0.prefix { $0 != " " })
    }
    #expect(
      lines == [
        "gatepost.conf:2:", "gatepost.conf:3:", "gatepost.conf:4:", "gatepost.conf:5:",
        "gatepost.conf:8:", "conf.d/0.conf:2:",
      ])
  }

  @Test func `is said of a value that a later file replaces`() {
    #expect(problems(of: "[queue]\nlifetime = x", dropIns: ["[queue]\nlifetime = 5d"]).count == 1)
  }
}
