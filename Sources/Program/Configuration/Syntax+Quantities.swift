import Mail
import Platform

extension Syntax<ByteCount> {
  /// A number of bytes.
  static func size(_ range: ClosedRange<Int>) -> Syntax {
    let least = ByteCount(bytes: range.lowerBound)
    let most = ByteCount(bytes: range.upperBound)
    return Syntax("a size such as 50MB or 64K, from \(least) to \(most)") {
      text throws(Rejection) in
      guard let size = ByteCount(text) else {
        throw Rejection(reason: "\(quoted(text)) is not a size")
      }
      guard (least...most).contains(size) else {
        throw Rejection(reason: "\(quoted(text)) is too \(size < least ? "small" : "large")")
      }
      return size
    }
  }
}

extension Syntax<Duration> {
  private static var units: [(suffix: String, seconds: Int)] {
    [
      ("s", 1), ("sec", 1), ("m", 60), ("min", 60), ("h", 3600), ("hour", 3600), ("hours", 3600),
      ("d", 86_400), ("day", 86_400), ("days", 86_400), ("w", 604_800),
    ]
  }

  /// A length of time: `15min`, `90s`, `2h 30min`.
  static func duration(_ range: ClosedRange<Duration>) -> Syntax {
    let lower = durationText(range.lowerBound)
    let upper = durationText(range.upperBound)
    return Syntax("a time such as 90s, 15min or 2h 30min, from \(lower) to \(upper)") {
      text throws(Rejection) in
      let value = Duration.seconds(try seconds(text))
      guard range.contains(value) else {
        throw Rejection(
          reason: "\(quoted(text)) is too \(value < range.lowerBound ? "short" : "long")")
      }
      return value
    }
  }

  private static func seconds(_ text: Substring) throws(Rejection) -> Int {
    var rest = text
    var total = 0
    repeat {
      let digits = rest[..<(rest.utf8.firstIndex { !$0.isDigit } ?? rest.endIndex)]
      rest = rest[digits.endIndex...].trimmed
      let suffix = rest[..<(rest.utf8.firstIndex { !$0.isLetter } ?? rest.endIndex)]
      rest = rest[suffix.endIndex...].trimmed
      // Nine digits of the largest unit still fit, so nothing below overflows.
      guard let number = digits.decimal, digits.utf8.count <= 9 else {
        throw Rejection(reason: "\(quoted(text)) is not a time")
      }
      guard !suffix.isEmpty else {
        throw Rejection(
          reason: "\(quoted(text)) has no unit; write \(number)s, \(number)min or \(number)h",
          isComplete: true)
      }
      guard let unit = units.first(where: { $0.suffix == suffix }) else {
        throw Rejection(reason: "\(quoted(text)) is not a time: \(quoted(suffix)) is no unit")
      }
      total += number * unit.seconds
    } while !rest.isEmpty
    return total
  }

  /// The time in the form the file uses, in the largest unit that divides it.
  static func durationText(_ duration: Duration) -> String {
    let seconds = duration.components.seconds
    for (suffix, length) in [("d", 86_400), ("h", 3600), ("min", 60)] as [(String, Int64)]
    where seconds >= length && seconds % length == 0 {
      // A day reads better as 24h when it is the bound of an hourly scale.
      return suffix == "d" && seconds == length ? "24h" : "\(seconds / length)\(suffix)"
    }
    return "\(seconds)s"
  }
}
