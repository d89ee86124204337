import Mail
import Platform
import SASL

extension Keys {
  static var route: [Key] {
    [
      Key(
        .route, "via", .via,
        default: .absent(example: "smtps://smtp.isp.example:465, smtp://backup.example:587"),
        "Where this mail goes: \"mx\", or servers of which the next stands in for one that is down."
      ) { $0.route.via = $1 },
      Key(
        .route, "tls", .optional(.tlsPolicy), default: .absent(example: "verify"),
        "What TLS must give before a message leaves, as in [relay]."
      ) { $0.route.tls = $1 },
      Key(
        .route, "credentials", .optional(.name), default: .absent(example: "isp"),
        "The entry of the secrets file to log in with at these servers."
      ) { $0.route.credentialsName = $1 },
    ] + conditions(.route, \.route)
  }

  /// The keys that a route has in common with `[relay]`.
  static func conditions(
    _ section: Section,
    _ route: any WritableKeyPath<Configuration.Draft, Configuration.Route> & Sendable
  ) -> [Key] {
    [
      Key(
        section, "authorities", .optional(.path),
        default: .absent(example: "/etc/gatepost/tls/authorities"),
        "The file or directory of the authorities for \"tls = verify\", in place of those of [tls]."
      ) { $0[keyPath: route].authorities = $1 },
      Key(
        section, "tls-minimum", .word(["1.2": false, "1.3": true]), default: .text("1.2"),
        "The oldest version of TLS that is spoken."
      ) { $0[keyPath: route].needsTLS13 = $1 },
      Key(
        section, "login-mechanisms", .list(of: .mechanism),
        default: .text("scram-sha-256-plus, scram-sha-256, plain, login, cram-md5"),
        "How to log in: what the server offers of these is used, the safest first."
      ) { $0[keyPath: route].mechanisms = $1 },
      Key(
        section, "password-without-tls", .boolean, default: .text("no"),
        "Whether the password may be sent to a server that has no TLS."
      ) { $0[keyPath: route].allowsLoginWithoutTLS = $1 },
      Key(
        section, "source", .optional(.address), default: .absent(example: "192.168.1.2"),
        "The address of this machine that connections are made from."
      ) { $0[keyPath: route].source = $1 },
      Key(
        section, "messages-per-minute", .orOff(.integer(1...60_000)),
        default: .text("off", example: "30"),
        "The messages that one destination gets in a minute, evenly spread."
      ) { $0[keyPath: route].messagesPerMinute = $1 },
      Key(
        section, "min-interval", .duration(.zero ... .seconds(3600)),
        default: .text("0s", example: "2s"),
        "The least time between two messages to one destination."
      ) { $0[keyPath: route].minimumInterval = $1 },
      Key(
        section, "messages-per-connection", .integer(1...10_000), default: .text("100"),
        "The messages after which a connection is closed."
      ) { $0[keyPath: route].messagesPerConnection = $1 },
      Key(
        section, "connections", .integer(1...20), default: .text("5"),
        "The connections to one destination at the same time."
      ) { $0[keyPath: route].connections = $1 },
      Key(
        section, "window", .optional(.dailyWindow), default: .absent(example: "22:00-06:00"),
        "When mail is sent, by local time; without it, at any time."
      ) { $0[keyPath: route].window = $1 },
      Key(
        section, "long-lines", .word(["fold": true, "pass": false]), default: .text("fold"),
        "Lines of more than 998 bytes are folded, or passed as they are."
      ) { $0[keyPath: route].foldsLongLines = $1 },
      Key(
        section, "rewrite-from", .optional(.mailbox),
        default: .absent(example: "account@isp.example"),
        "The address that all mail is sent from, for a server that takes no other."
      ) { $0[keyPath: route].rewriteFrom = $1 },
      Key(
        section, "reply-to", .boolean, default: .text("yes"),
        "Whether such mail gets a Reply-To with its author, if it has none."
      ) { $0[keyPath: route].addsReplyTo = $1 },
    ]
  }
}

extension Syntax<Mechanism> {
  /// A mechanism of SASL, by its name in small letters.
  static var mechanism: Syntax {
    .word([
      "scram-sha-256-plus": .scramSHA256Plus, "scram-sha-256": .scramSHA256, "plain": .plain,
      "login": .login, "cram-md5": .cramMD5,
    ])
  }
}

extension Syntax<IPAddress> {
  /// An address of this machine.
  static var address: Syntax {
    .read("an IP address", refusal: "is not an address") { text in
      IPAddress(text).flatMap { $0.isUnspecified ? nil : $0 }
    }
  }
}

extension Syntax<DailyWindow> {
  /// A part of the day: `22:00-06:00`.
  static var dailyWindow: Syntax {
    .read("two times of the day such as 22:00-06:00", refusal: "is not a part of a day") { text in
      let ends = text.fields(separatedBy: UInt8(ascii: "-")).map(minute)
      guard ends.count == 2, let opening = ends[0], let closing = ends[1] else { return nil }
      return DailyWindow(opening: opening, closing: closing)
    }
  }

  private static func minute(_ text: Substring) -> Int? {
    let parts = text.fields(separatedBy: .colon).map(\.decimal)
    guard parts.count == 2, let hour = parts[0], let minute = parts[1], hour < 24, minute < 60
    else {
      return nil
    }
    return hour * 60 + minute
  }
}

extension Syntax<TLSPolicy> {
  /// What TLS must give: a word, or the certificates that are known.
  static var tlsPolicy: Syntax {
    let word = Syntax.word(["none": .none, "may": .may, "encrypt": .encrypt, "verify": .verify])
    return Syntax("\(word.form), or fingerprint=sha256:HEX") { text throws(Rejection) in
      let prefix = "fingerprint="
      guard String(text).asciiLowercased.hasPrefix(prefix) else { return try word.parse(text) }
      let hashes = Substring(text.utf8.dropFirst(prefix.utf8.count))
        .fields(separatedBy: UInt8(ascii: ","))
      guard (1...Limits.fingerprints).contains(hashes.count) else {
        throw Rejection(reason: "give 1 to \(Limits.fingerprints) fingerprints", isComplete: true)
      }
      var digests: [[UInt8]] = []
      for hash in hashes { digests.append(try digest(hash)) }
      return .fingerprints(digests)
    }
  }

  /// A digest in hexadecimal, with the colons that openssl(1) prints or without.
  private static func digest(_ text: Substring) throws(Rejection) -> [UInt8] {
    let lowercased = String(text).asciiLowercased
    let scheme = "sha256:"
    let digits = lowercased.utf8.dropFirst(scheme.utf8.count).filter { $0 != .colon }
    let values = digits.compactMap { digit in
      digit.isDigit ? digit & 15 : (0x61...0x66).contains(digit) ? digit - 0x61 + 10 : nil
    }
    guard lowercased.hasPrefix(scheme), digits.count == 64, values.count == 64 else {
      throw Rejection(
        reason: "\(quoted(text)) is not sha256: and 64 hexadecimal digits", isComplete: true)
    }
    return (0..<32).map { values[2 * $0] << 4 | values[2 * $0 + 1] }
  }
}
