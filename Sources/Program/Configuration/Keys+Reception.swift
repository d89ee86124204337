import Mail
import Platform
import SMTP

extension Keys {
  static var abuse: [Key] {
    [
      Key(
        .abuse, "connections-per-minute", .allowance, default: .text("60"),
        "The connections that an address may open."
      ) { $0.connectionsPerMinute = $1 },
      Key(
        .abuse, "commands-per-minute", .allowance, default: .text("1200"),
        "The commands that an address may say."
      ) { $0.commandsPerMinute = $1 },
      Key(
        .abuse, "failed-logins", .allowance, default: .text("10"),
        "The failed logins after which an address is banned."
      ) { $0.failedLogins = $1 },
      Key(
        .abuse, "ban", .duration(.seconds(60) ... .seconds(86_400)), default: .text("15min"),
        "How long a ban lasts."
      ) { $0.ban = $1 },
      Key(
        .abuse, "login-time", .duration(.seconds(1) ... .seconds(3600)), default: .text("1min"),
        "The time a client has to log in where it must."
      ) { $0.loginTime = $1 },
      Key(
        .abuse, "minimum-rate", .orOff(.size(1...1 << 20)), default: .text("64"),
        "The bytes a second that must come, over any minute, while content comes."
      ) { $0.minimumRate = $1 },
      Key(
        .abuse, "refuse-early-talkers", .boolean, default: .text("yes"),
        "Whether a client that talks before it is greeted is refused."
      ) { $0.refusesEarlyTalkers = $1 },
      Key(
        .abuse, "dnsbl", .list(of: .domain, limit: Limits.dnsblZones),
        default: .absent(example: "zen.spamhaus.org"),
        "Lists in the DNS whose addresses mail is not taken from."
      ) { $0.dnsbl = $1 },
      Key(
        .abuse, "spf", .boolean, default: .text("no"),
        "Whether mail from outside gets a field with the result of SPF."
      ) { $0.addsSPF = $1 },
    ]
  }

  static var smtp: [Key] {
    [
      Key(
        .smtp, "add-missing-fields", .boolean, default: .text("yes"),
        "Whether a Date or Message-ID that is missing is added to mail that is submitted."
      ) { $0.addsMissingFields = $1 },
      Key(
        .smtp, "add-sender", .boolean, default: .text("no"),
        "Whether Sender is added where From is not an address of the user who has logged in."
      ) { $0.addsSender = $1 },
      Key(
        .smtp, "hide-clients", .boolean, default: .text("no"),
        "Whether Received of mail that leaves is silent about the device and the login it came by."
      ) { $0.hidesClients = $1 },
    ]
  }

  static var profile: [Key] {
    [
      Key(
        .profile, "networks", .list(of: .network),
        default: .absent(example: "192.168.1.64/28"),
        "Where the clients of this profile are; without it, anywhere."
      ) { $0.profile.networks = $1 },
      Key(
        .profile, "listeners", .list(of: .listenerPattern),
        default: .absent(example: "smtp, submission"),
        "Where they come to; without it, to every listener."
      ) { $0.profile.listeners = $1 },
    ] + quirks + rights
  }

  private static var quirks: [Key] {
    [
      quirk("odd-greeting", "Whether HELO may have a name with blanks, or none.") {
        $0.allowsOddGreeting = $1
      },
      quirk(
        "loose-paths", "Whether the addresses of MAIL and RCPT may lack angle brackets."
      ) { $0.allowsLoosePaths = $1 },
      quirk("login-without-tls", "Whether a password is taken without TLS.") {
        $0.allowsLoginWithoutTLS = $1
      },
      quirk(
        "keep-login", "Whether a login survives a second HELO, and AUTH may be said again."
      ) { $0.keepsLogin = $1 },
      quirk("repair-bare-lf", "Whether lines that end with a bare LF are mended, not refused.") {
        $0.repairsBareLF = $1
      },
      quirk("old-tls", "Whether TLS 1.0 and 1.1, and the ciphers of their time, are taken.") {
        $0.allowsOldTLS = $1
      },
      quirk("complete-header", "Whether a missing From, To or MIME-Version is added.") {
        $0.completesHeader = $1
      },
      quirk("8bit-header", "Whether header fields may hold bytes beyond ASCII.") {
        $0.allows8BitHeader = $1
      },
      Key(
        .profile, "hide", .list(of: .keyword), default: .absent(example: "STARTTLS, AUTH"),
        "Keywords that EHLO does not offer."
      ) { $0.profile.hidden = Extensions($1) },
    ]
  }

  /// The row of something that is forgiven where the administrator says so.
  private static func quirk(
    _ name: String, _ summary: String,
    set: @escaping @Sendable (inout Configuration.Profile, Bool) -> Void
  ) -> Key {
    Key(.profile, name, .boolean, default: .text("no", example: "yes"), summary) {
      set(&$0.profile, $1)
    }
  }

  private static var rights: [Key] {
    [
      Key(
        .profile, "senders", .list(of: .senderRule),
        default: .absent(example: "camera@home.example, @iot.home.example"),
        "The senders that these clients may give; without it, any."
      ) { $0.profile.senders = $1 },
      Key(
        .profile, "recipients", .optional(.integer(1...10_000)), default: .absent(example: "5"),
        "The recipients that one message may have; without it, as in [limits]."
      ) { $0.profile.recipients = $1 },
      Key(
        .profile, "message-size", .optional(.size(1 << 10...2 << 30)),
        default: .absent(example: "10MB"),
        "The size of a message over which it is refused; without it, as in [limits]."
      ) { $0.profile.messageBytes = $1?.bytes },
      Key(
        .profile, "messages-per-hour", .optional(.allowance), default: .absent(example: "60"),
        "The messages that each client may send; without it, as in [limits]."
      ) { $0.profile.messagesPerHour = $1 },
      Key(
        .profile, "recipients-per-hour", .optional(.allowance), default: .absent(example: "120"),
        "The recipients of all these messages together; without it, as in [limits]."
      ) { $0.profile.recipientsPerHour = $1 },
    ]
  }
}
