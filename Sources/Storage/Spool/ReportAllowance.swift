package import EventLoop
package import Mail
package import Platform

/// How many reports an address has got: what sends thousands of messages that fail must not fill the
/// maildrop of whoever is told.
///
/// What is over the limit is not told; the log has each failure, and how many reports were left out.
///
/// **Limits**: 256 addresses are counted; for one more, the count that began first
/// is forgotten.
@Loop
package final class ReportAllowance {
  /// Reports to one address within an hour; replaced when the configuration is read again.
  package var perHour: Int
  private let remark: @Loop (String) -> Void
  private var counts: [Mailbox: Count] = [:]
  private var strangers = Count(start: Instant(nanoseconds: 0))

  private struct Count {
    var start: Instant
    var told = 0
    var omitted = 0
    var isRemarked = false
  }

  private nonisolated static let hour = Duration.seconds(3600)
  private nonisolated static let addresses = 256
  /// Reports within an hour to senders of strangers' mail that was sent on from here, all together.
  nonisolated static let reportsToStrangers = 10

  /// - Parameter remark: logs a sentence.
  package init(perHour: Int, remark: @escaping @Loop (String) -> Void) {
    self.perHour = perHour
    self.remark = remark
  }

  /// Whether no report of a failure to the address may be made now.
  package func isExhausted(for mailbox: Mailbox, at now: Instant) -> Bool {
    guard let count = counts[mailbox], now - count.start < Self.hour else { return false }
    return count.told >= perHour
  }

  /// Whether a report may leave to the sender of a stranger's mail, which is counted.
  ///
  /// Whoever sends such mail can name any sender: most reports of a flood would go to people who have sent nothing.
  package func admitsStranger(at now: Instant) -> Bool {
    if strangers.told + strangers.omitted == 0 || now - strangers.start >= Self.hour {
      if strangers.omitted > 0 {
        remark(
          "\(strangers.omitted) reports to senders of forwarded mail were left out within an hour")
      }
      strangers = Count(start: now)
    }
    if strangers.told < Self.reportsToStrangers {
      strangers.told += 1
      return true
    }
    if strangers.omitted == 0 {
      remark(
        "the senders of forwarded mail have got \(strangers.told) reports within an hour: no more are made, as "
          + "their addresses may be forged")
    }
    strangers.omitted += 1
    return false
  }

  /// Whether a report to the address may be made, which is counted.
  ///
  /// - Parameter isFailure: whether it tells of a failure; only those may use the second half.
  package func admits(_ mailbox: Mailbox, isFailure: Bool = true, at now: Instant) -> Bool {
    var count = counts[mailbox] ?? Count(start: now)
    if now - count.start >= Self.hour {
      if count.omitted > 0 {
        remark("\(count.omitted) reports to \(mailbox.text) were left out within an hour")
      }
      count = Count(start: now)
    }
    defer { counts[mailbox] = count }
    if count.told >= (isFailure ? perHour : perHour / 2) {
      if isFailure, !count.isRemarked {
        count.isRemarked = true
        remark("\(mailbox.text) has got \(perHour) reports within an hour: no more are made")
      } else if !isFailure, count.omitted == 0 {
        remark(
          "\(mailbox.text) has got \(count.told) reports within an hour: no more are made, but of failures"
        )
      }
      count.omitted += 1
      return false
    }
    count.told += 1
    if counts[mailbox] == nil, counts.count >= Self.addresses,
      let first = counts.min(by: { $0.value.start < $1.value.start })
    {
      counts[first.key] = nil
    }
    return true
  }
}
