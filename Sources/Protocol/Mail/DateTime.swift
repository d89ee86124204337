/// A moment as header fields write it: `Fri, 21 Nov 1997 09:55:06 +0000`.
///
/// RFC 5322 §3.3, always in universal time, so that no time zone data is needed.
package struct DateTime: Hashable, Sendable {
  /// Seconds since the start of 1970 in universal time.
  package let unixSeconds: Int64

  /// The moment so many seconds after the start of 1970.
  package init(unixSeconds: Int64) {
    self.unixSeconds = unixSeconds
  }

  /// The text of a `Date:` field.
  ///
  /// A moment before 1970 or after 9999, the last year of four digits, is written as the nearest.
  package var text: String {
    let clamped = min(max(unixSeconds, 0), 253_402_300_799)
    let (days, second) = clamped.quotientAndRemainder(dividingBy: 86_400)
    let (year, month, day) = Self.civilDate(daysSince1970: days)
    let weekday = Self.weekdays[Int((days + 4) % 7)]
    let time =
      Self.twoDigits(second / 3600) + ":" + Self.twoDigits(second / 60 % 60) + ":"
      + Self.twoDigits(second % 60)
    return "\(weekday), \(day) \(Self.months[month - 1]) \(year) \(time) +0000"
  }

  private static var weekdays: [String] { ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"] }
  private static var months: [String] {
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
  }

  private static func twoDigits(_ value: Int64) -> String {
    value < 10 ? "0\(value)" : "\(value)"
  }

  /// The Gregorian date, by years that begin in March, so that the leap day comes last.
  private static func civilDate(daysSince1970: Int64) -> (year: Int64, month: Int, day: Int64) {
    let daysSinceMarch0 = daysSince1970 + 719_468
    let era = daysSinceMarch0 / 146_097
    let dayOfEra = daysSinceMarch0 % 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
    let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
    let year = era * 400 + yearOfEra + (month <= 2 ? 1 : 0)
    return (year, Int(month), day)
  }
}
