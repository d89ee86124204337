internal import Platform

/// The text form of the grants: one line each, after a comment that explains the columns.
///
///     address user how made expires boot-id boot-end messages/recipients hardware credential
///
/// The times are Unix seconds; `boot-end` is in seconds since the machine was started; what is not known
/// is `-`. In the boot that wrote the line `boot-end` decides, so that a jump of the wall clock neither
/// ends nor prolongs a grant. After another start `expires` does; a line that then has more than a window
/// left, or was made in the future, is worth nothing: the clock is wrong. No line means more than a window
/// from the moment at which it is read.
///
/// A line of an address and a user alone, as a hand writes it, means a window from now on.
///
/// Lines of grants that have ended stay for a while: see `GrantTable.memory`.
package enum GrantFile {
  /// A longer file is not read: twice `GrantRules.mostGrants` lines, and a hand's comments.
  package static let limitBytes = 2 << 20

  private static let head = """
    # The addresses that may send mail because a user has read mail from there (POP-before-SMTP).
    # To let one send for a while, add a line: ADDRESS USER
    # address user how made expires boot-id boot-end messages/recipients hardware credential

    """

  /// The file for these grants.
  static func text(of grants: [Grant], boot: String, at now: GrantTime) -> [UInt8] {
    var text = head
    for grant in grants { text += line(of: grant, boot: boot, at: now) + "\n" }
    return Array(text.utf8)
  }

  /// The line for a grant, without its end.
  static func line(of grant: Grant, boot: String, at now: GrantTime) -> String {
    let expires = now.wall + (grant.end - now.boot).wholeSeconds
    let end = grant.end.nanoseconds / 1_000_000_000
    return "\(grant.address) \(grant.user) \(grant.how) \(grant.made) \(expires) \(boot) \(end) "
      + "\(grant.sent.messages)/\(grant.sent.recipients) "
      + "\(grant.hardware?.description ?? "-") \(grant.credential ?? "-")"
  }

  /// What a file says.
  package struct Content: Sendable {
    /// The grants, those that have ended included.
    package var grants: [Grant] = []
    /// The numbers of the lines that make no sense.
    package var badLines: [Int] = []
    /// Whether some lines are to be written in full.
    package var hasShortLines = false
  }

  /// Reads a file.
  ///
  /// - Parameter window: how long a short line holds, and the most that is left of a grant.
  package static func parse(
    _ bytes: [UInt8], boot: String, window: Duration, at now: GrantTime
  ) -> Content {
    var content = Content()
    let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    for (index, line) in lines.enumerated() {
      if line.isEmpty || line.first == UInt8(ascii: "#") { continue }
      let fields = line.split { " \t\r".utf8.contains($0) }.map {
        String(decoding: $0, as: UTF8.self)
      }
      if let grant = shortLine(fields, window: window, at: now) {
        content.grants.append(grant)
        content.hasShortLines = true
      } else if let line = Line(fields) {
        line.grant(boot: boot, window: window, at: now).map { content.grants.append($0) }
      } else {
        content.badLines.append(index + 1)
      }
    }
    return content
  }

  private static func shortLine(_ fields: [String], window: Duration, at now: GrantTime) -> Grant? {
    guard fields.count == 2, let address = address(fields[0]) else { return nil }
    return Grant(
      address: address, user: fields[1], how: Grant.adminsWord, made: now.wall,
      end: now.boot + window)
  }

  /// An address that one host can have: no name, no network, no short form, and not all of them.
  private static func address(_ text: String) -> IPAddress? {
    IPAddress(text).flatMap { $0.isUnspecified ? nil : $0 }
  }

  /// A line in full.
  private struct Line {
    let address: IPAddress
    let fields: [String]
    let made: Int64, expires: Int64, bootEnd: Int64
    let sent: Grant.Sent
    let hardware: HardwareAddress?

    init?(_ fields: [String]) {
      guard fields.count == 10, let address = GrantFile.address(fields[0]),
        let made = Int64(fields[3]), let expires = Int64(fields[4]), let bootEnd = Int64(fields[6])
      else { return nil }
      let counts = fields[7].split(separator: "/", omittingEmptySubsequences: false).map { Int($0) }
      guard counts.count == 2, let messages = counts[0], let recipients = counts[1],
        messages >= 0, recipients >= 0
      else { return nil }
      hardware = HardwareAddress(fields[8])
      if hardware == nil && fields[8] != "-" { return nil }
      self.address = address
      self.fields = fields
      self.made = made
      self.expires = expires
      self.bootEnd = bootEnd
      sent = Grant.Sent(messages: min(messages, 1 << 40), recipients: min(recipients, 1 << 40))
    }

    /// What the line means at `now`; nil if it claims what no grant has.
    func grant(boot: String, window: Duration, at now: GrantTime) -> Grant? {
      var end: Instant
      if fields[5] == boot {
        end = Instant(nanoseconds: 0) + .seconds(bounded(bootEnd))
        if end > now.boot + GrantTable.longestWindow { return nil }
        // The window may have become shorter.
        end = min(end, now.boot + window)
      } else {
        let rest = Duration.seconds(bounded(expires) - bounded(now.wall))
        end = rest > window || made > now.wall ? now.boot : now.boot + rest
      }
      return Grant(
        address: address, user: fields[1], how: fields[2], made: made, end: end, sent: sent,
        hardware: hardware, credential: fields[9] == "-" ? nil : fields[9])
    }

    /// Seconds with which no sum overflows; a hand may have written anything.
    private func bounded(_ seconds: Int64) -> Int64 { min(max(seconds, 0), 1 << 33) }
  }
}
