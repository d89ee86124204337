import Mail
import Platform

extension Keys {
  static var relay: [Key] {
    [
      Key(
        .relay, "networks", .list(of: .network),
        default: .absent(example: "192.168.0.0/16, fd00::/8"),
        "Hosts in these networks may relay without proof of who they are."
      ) { $0.relayNetworks = $1 },
      Key(
        .relay, "allow-public", .boolean, default: .text("no"),
        "Whether networks may hold addresses of the Internet."
      ) { $0.allowsPublicRelay = $1 },
      Key(
        .relay, "smarthost", .optional(.smarthost),
        default: .absent(example: "smtps://smtp.isp.example:465"),
        "The server that takes all outgoing mail; without one it goes straight to the MX."
      ) { $0.relay.via = $1.map { .servers([.smtp($0)]) } },
      Key(
        .relay, "mx-port", .port, default: .text("25"),
        "The port of mail exchangers, which is another one only where they are tried out."
      ) { $0.mxPort = $1 },
      Key(
        .relay, "tls", .optional(.tlsPolicy), default: .absent(example: "verify"),
        "What TLS must give before a message leaves."
      ) { $0.relay.tls = $1 },
      Key(
        .relay, "credentials", .optional(.name), default: .absent(example: "isp"),
        "The entry of the secrets file to log in with at the smarthost."
      ) { $0.relay.credentialsName = $1 },
      Key(
        .relay, "secrets", .path, default: .text("/etc/gatepost/secrets"),
        "The file of credentials, one \"NAME USER PASSWORD\" a line."
      ) { $0.secrets = $1 },
    ] + conditions(.relay, \.relay)
  }

  static var local: [Key] {
    [
      Key(
        .local, "aliases", .path, default: .text("/etc/gatepost/aliases"),
        "The file of aliases, one \"name: target, target\" a line; it need not exist."
      ) { $0.aliases = $1 },
      Key(
        .local, "separator", .orOff(.separator), default: .text("+"),
        "What follows this character in a local part is ignored, so that anna+shop is anna."
      ) { $0.separator = $1 },
      Key(
        .local, "catch-all", .optional(.aliasTarget), default: .absent(example: "anna"),
        "Who gets the mail for names that nobody has; without it such mail is refused."
      ) { $0.catchAll = $1 },
      Key(
        .local, "redirect-all", .optional(.mailbox),
        default: .absent(example: "anna@home.example"),
        "Who gets all mail for local domains in place of those it is addressed to."
      ) { $0.redirectAll = $1 },
    ]
  }

  static var domain: [Key] {
    [
      Key(
        .domain, "lmtp", .optional(.lmtpServer),
        default: .absent(example: "unix:/run/dovecot/lmtp"),
        "The server that takes the mail of this domain, in place of the maildrops here."
      ) { $0.domainSection.lmtp = $1 }
    ]
  }

  static var queue: [Key] {
    [
      Key(
        .queue, "retry", .nonEmptyList(of: .duration(.seconds(1) ... .seconds(86_400))),
        default: .text("5min, 10min, 20min, 40min, 1h, 2h, 4h"),
        "The waits between attempts to deliver; the last one repeats."
      ) { $0.retry = $1 },
      Key(
        .queue, "lifetime", .duration(.seconds(1) ... .seconds(90 * 86_400)), default: .text("5d"),
        minimum: .init(
          value: .seconds(4 * 86_400), text: "the 4d", standard: "RFC 5321 §4.5.4.1"),
        "The age at which a message that cannot be delivered returns to its sender."
      ) { $0.lifetime = $1 },
      Key(
        .queue, "notify-address", .optional(.mailbox),
        default: .absent(example: "anna@home.example"),
        "Who is told of mail that failed and whose sender is nobody; without it, the postmaster."
      ) { $0.notifyAddress = $1 },
      Key(
        .queue, "reports-per-hour", .integer(1...100_000), default: .text("60"),
        "The reports that one address gets in an hour."
      ) { $0.reportsPerHour = $1 },
    ]
  }

  static var limits: [Key] {
    [
      Key(
        .limits, "quota", .optional(.size(1 << 10...1 << 50)), default: .absent(example: "2GB"),
        "How much a maildrop may hold whose user has no other quota; without it, what fits."
      ) { $0.quota = $1 },
      Key(
        .limits, "quota-messages", .optional(.integer(1...100_000)),
        default: .absent(example: "10000"),
        "How many messages such a maildrop may hold; without it, any number."
      ) { $0.quotaMessages = $1 },
      Key(
        .limits, "message-size", .size(1 << 10...2 << 30), default: .text("64MB"),
        minimum: .init(
          value: ByteCount(bytes: 64 << 10), text: "the 64K", standard: "RFC 5321 §4.5.3.1.7"),
        "The size of a message over which it is refused."
      ) { $0.messageBytes = $1.bytes },
      Key(
        .limits, "recipients", .integer(1...10_000), default: .text("100"),
        minimum: .init(value: 100, text: "the 100", standard: "RFC 5321 §4.5.3.1.8"),
        "The recipients that one message may have."
      ) { $0.recipients = $1 },
      Key(
        .limits, "connections", .integer(1...60_000), default: .text("1000"),
        "The connections that may be open at once, all services together."
      ) { $0.connections = $1 },
      Key(
        .limits, "connections-per-client", .integer(1...60_000), default: .text("50"),
        "The same for one address that is in no network of [relay]."
      ) { $0.connectionsPerClient = $1 },
      Key(
        .limits, "command-timeout", .duration(.seconds(1) ... .seconds(3600)),
        default: .text("5min"),
        minimum: .init(
          value: .seconds(300), text: "the 5min", standard: "RFC 5321 §4.5.3.2.7"),
        "How long an SMTP client may be silent."
      ) { $0.commandTimeout = $1 },
      Key(
        .limits, "pop3-timeout", .duration(.seconds(1) ... .seconds(3600)),
        default: .text("10min"),
        minimum: .init(value: .seconds(600), text: "the 10min", standard: "RFC 1939 §3"),
        "How long a POP3 client may be silent."
      ) { $0.pop3Timeout = $1 },
      Key(
        .limits, "free-space", .size(0...1 << 50), default: .text("64MB"),
        "The space on the spool's disk that mail leaves free."
      ) { $0.freeSpaceBytes = $1.bytes },
      Key(
        .limits, "messages-per-hour", .allowance, default: .text("500"),
        "The messages that a user may send, or an address that may relay without being one."
      ) { $0.messagesPerHour = $1 },
      Key(
        .limits, "recipients-per-hour", .allowance, default: .text("2000"),
        "The recipients of all these messages together."
      ) { $0.recipientsPerHour = $1 },
    ]
  }
}
