import Mail

/// The table of settings.
///
/// It is built anew for each reading and not kept: a daemon needs it for a millisecond.
enum Keys {
  /// Every key, section by section in the order of the documentation.
  static var all: [Key] {
    server + listen + tls + relay + route + popBeforeSMTP + local + domain + dns + queue + limits
      + abuse
      + smtp + profile + pop3
  }

  private static var server: [Key] {
    [
      Key(
        .server, "hostname", .optional(.domain),
        default: .absent(example: "gw.home.example"),
        "The full name of this host, said in greetings, in HELO and in trace fields."
      ) { $0.hostname = $1 },
      Key(
        .server, "domains", .list(of: .domain), default: .absent(example: "home.example"),
        "Mail for these domains is delivered here; mail for others is relayed."
      ) { $0.domains = $1 },
      Key(
        .server, "spool", .path, default: .text("/var/spool/gatepost"),
        "The directory of the queue and of the maildrops."
      ) { $0.spool = $1 },
      Key(
        .server, "state", .path, default: .text("/var/lib/gatepost"),
        "The directory of what must survive a restart."
      ) { $0.state = $1 },
      Key(
        .server, "runtime", .path, default: .text("/run/gatepost"),
        "A directory for what need not survive a restart: the socket that the tool gatepost speaks to."
      ) { $0.runtime = $1 },
      Key(
        .server, "users", .path, default: .text("/etc/gatepost/users"),
        "The file of users, kept with \"gatepost user\"."
      ) { $0.users = $1 },
      Key(
        .server, "upgrade-hashes", .boolean, default: .text("no"),
        "Whether a user with a hash of crypt(3) can use SCRAM after the next login."
      ) { $0.upgradesHashes = $1 },
    ]
  }

  private static var listen: [Key] {
    [
      Key(
        .listen, "smtp", .endpoints, default: .text("25"), "Where SMTP is served."
      ) { $0.smtp = $1 },
      Key(
        .listen, "submission", .endpoints, default: .text("587"),
        "Where submission with STARTTLS is served, for users who log in."
      ) { $0.submission = $1 },
      Key(
        .listen, "submissions", .endpoints, default: .text("465"),
        "Where submission with TLS from the start is served."
      ) { $0.submissions = $1 },
      Key(
        .listen, "pop3", .endpoints, default: .text("110"), "Where POP3 is served."
      ) { $0.pop3 = $1 },
      Key(
        .listen, "pop3s", .endpoints, default: .text("995"),
        "Where POP3 with TLS from the start is served."
      ) { $0.pop3s = $1 },
    ]
  }

  private static var tls: [Key] {
    [
      Key(
        .tls, "certificate", .nonEmptyList(of: .path),
        default: .text("/etc/gatepost/tls/cert.pem"),
        "The file of the certificate chain, PEM, own certificate first."
      ) { $0.certificates = $1 },
      Key(
        .tls, "key", .nonEmptyList(of: .path), default: .text("/etc/gatepost/tls/key.pem"),
        "The file of the private key, PEM."
      ) { $0.keys = $1 },
      Key(
        .tls, "authorities", .optional(.path),
        default: .absent(example: "/etc/gatepost/tls/authorities"),
        "The file or directory of the authorities that servers are proved by, in place of the system's."
      ) { $0.authorities = $1 },
    ]
  }

  private static var popBeforeSMTP: [Key] {
    [
      Key(
        .popBeforeSMTP, "window", .duration(.seconds(60) ... .seconds(86_400)),
        default: .text("15min"),
        "How long a POP3 login lets the address it came from relay."
      ) { $0.window = $1 },
      Key(
        .popBeforeSMTP, "networks", .list(of: .network),
        default: .text("10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, fd00::/8"),
        "Where a login earns that; elsewhere, and from this machine itself, it earns nothing."
      ) { $0.grantNetworks = $1 },
      Key(
        .popBeforeSMTP, "on-link-ipv6", .boolean, default: .text("yes"),
        "Whether a login earns it in the IPv6 networks of this machine's own links, too."
      ) { $0.grantsLinks = $1 },
      Key(
        .popBeforeSMTP, "never", .list(of: .network),
        default: .absent(example: "192.168.1.2, 192.168.9.0/24"),
        "Where a login never earns it: hosts that others hide behind, such as proxies and NAT."
      ) { $0.neverGranted = $1 },
      Key(
        .popBeforeSMTP, "require-tls", .boolean, default: .text("no"),
        "Whether only a login under TLS earns it."
      ) { $0.grantsNeedTLS = $1 },
      Key(
        .popBeforeSMTP, "messages", .allowance, default: .text("100"),
        "The messages that may be sent with it until the next login."
      ) { $0.grantMessages = $1 },
      Key(
        .popBeforeSMTP, "recipients", .allowance, default: .text("500"),
        "The recipients of these messages, all together."
      ) { $0.grantRecipients = $1 },
      Key(
        .popBeforeSMTP, "grants-per-user", .integer(1...4096), default: .text("16"),
        "The addresses of one user that may send at a time; a further login ends the oldest one's right."
      ) { $0.grantsPerUser = $1 },
      Key(
        .popBeforeSMTP, "grants", .integer(1...4096), default: .text("1024"),
        "The same for all users together."
      ) { $0.grantsInAll = $1 },
      Key(
        .popBeforeSMTP, "same-device", .boolean, default: .text("no"),
        "Whether the other addresses of the device that logged in may send, as told by its MAC address."
      ) { $0.grantsCoverDevice = $1 },
      Key(
        .popBeforeSMTP, "same-network", .boolean, default: .text("no"),
        "Whether the whole /64 of an IPv6 address on a link of this machine may send."
      ) { $0.grantsCoverNetwork = $1 },
      Key(
        .popBeforeSMTP, "allow-public", .boolean, default: .text("no"),
        "Whether networks may hold addresses of the Internet."
      ) { $0.allowsPublicGrants = $1 },
    ]
  }

  private static var dns: [Key] {
    [
      Key(
        .dns, "nameservers", .list(of: .server(defaultPort: 53)),
        default: .absent(example: "127.0.0.1:5353"),
        "The name servers to ask in place of those in /etc/resolv.conf."
      ) { $0.nameservers = $1 }
    ]
  }

  private static var pop3: [Key] {
    [
      Key(
        .pop3, "login-without-tls", .plainLogin, default: .text("private"),
        "Where a password is taken over a connection that is not encrypted."
      ) { $0.pop3PlainLogin = $1 },
      Key(
        .pop3, "apop", .networksOrAll, default: .text("no"),
        "Whether APOP is offered, or where, which only users with a plain secret can use."
      ) { $0.apopNetworks = $1 },
      Key(
        .pop3, "login-delay", .optional(.duration(.seconds(1) ... .seconds(86_400))),
        default: .absent(example: "60s"),
        "How long a user has to wait between two logins; without it, no time."
      ) { $0.loginDelay = $1 },
      Key(
        .pop3, "expire-read", .optional(.duration(.seconds(86_400) ... .seconds(315_360_000))),
        default: .absent(example: "30d"),
        "After how many days a message that was read is removed; without it, never."
      ) { $0.expiry = $1 },
    ]
  }
}

extension Syntax<PlainLogin> {
  static var plainLogin: Syntax {
    .word(["no": .nowhere, "private": .privateNetworks, "yes": .everywhere])
  }
}
