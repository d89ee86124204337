import Mail
package import SASL

/// What a server has said in its reply to EHLO that it can do.
package struct Capabilities: Equatable, Sendable {
  /// PIPELINING, RFC 2920.
  package private(set) var hasPipelining = false
  /// 8BITMIME, RFC 6152.
  package private(set) var hasEightBitMIME = false
  /// STARTTLS, RFC 3207.
  package private(set) var hasStartTLS = false
  /// SIZE, RFC 1870.
  package private(set) var hasSize = false
  /// DSN, RFC 3461.
  package private(set) var hasDSN = false
  /// SMTPUTF8, RFC 6531.
  package private(set) var hasSMTPUTF8 = false
  /// CHUNKING, RFC 3030.
  package private(set) var hasChunking = false
  /// REQUIRETLS, RFC 8689.
  package private(set) var hasRequireTLS = false
  /// The octets a message may have on the wire, nil when there is no limit or it is not told.
  package private(set) var messageBytes: Int?
  /// MAILMAX, the messages that a connection may have, RFC 9422 §4.1; nil where no limit is told.
  package private(set) var messageLimit: Int?
  /// RCPTMAX, the recipients that a message may have, RFC 9422 §4.2; nil where no limit is told.
  package private(set) var recipientLimit: Int?
  /// RCPTDOMAINMAX, the domains among them, RFC 9422 §4.3; nil where no limit is told.
  package private(set) var domainLimit: Int?
  /// The mechanisms of AUTH that are known here too, RFC 4954.
  package private(set) var mechanisms: [Mechanism] = []

  /// Those of a server that has none, as after HELO.
  package init() {}

  /// Those that the reply to EHLO lists after its first line.
  ///
  /// REQUIRETLS counts only under TLS, where alone it may be used (RFC 8689 §2).
  package init(_ reply: Reply, isTLSActive: Bool = false) {
    for line in reply.lines.dropFirst() {
      let words = Array(line.utf8).split { $0 == .space || $0 == UInt8(ascii: "=") }
      guard let keyword = words.first else { continue }
      if keyword.isEqual(ignoringCaseTo: "PIPELINING") {
        hasPipelining = true
      } else if keyword.isEqual(ignoringCaseTo: "8BITMIME") {
        hasEightBitMIME = true
      } else if keyword.isEqual(ignoringCaseTo: "STARTTLS") {
        hasStartTLS = true
      } else if keyword.isEqual(ignoringCaseTo: "DSN") {
        hasDSN = true
      } else if keyword.isEqual(ignoringCaseTo: "SMTPUTF8") {
        hasSMTPUTF8 = true
      } else if keyword.isEqual(ignoringCaseTo: "CHUNKING") {
        hasChunking = true
      } else if keyword.isEqual(ignoringCaseTo: "REQUIRETLS") {
        hasRequireTLS = isTLSActive
      } else if keyword.isEqual(ignoringCaseTo: "SIZE") {
        hasSize = true
        let limit = words.dropFirst().first.flatMap { Int(String(decoding: $0, as: UTF8.self)) }
        messageBytes = limit.flatMap { $0 > 0 ? $0 : nil }
      } else if keyword.isEqual(ignoringCaseTo: "LIMITS") {
        // Each name has its number behind it, as the words are split at the equals sign too.
        for (name, value) in zip(words.dropFirst(), words.dropFirst(2)) {
          guard let number = Int(String(decoding: value, as: UTF8.self)), number > 0 else {
            continue
          }
          if name.isEqual(ignoringCaseTo: "MAILMAX") { messageLimit = number }
          if name.isEqual(ignoringCaseTo: "RCPTMAX") { recipientLimit = number }
          if name.isEqual(ignoringCaseTo: "RCPTDOMAINMAX") { domainLimit = number }
        }
      } else if keyword.isEqual(ignoringCaseTo: "AUTH") {
        // Old servers write AUTH=LOGIN, some beside the line of RFC 4954.
        for mechanism in words.dropFirst().compactMap({ Mechanism(name: $0) })
        where !mechanisms.contains(mechanism) {
          mechanisms.append(mechanism)
        }
      }
    }
  }
}
