/// How many of something are allowed.
package enum Allowance: Hashable, Sendable, CustomStringConvertible {
  /// As many as come.
  case unlimited
  /// That many, at least 1.
  case atMost(Int)

  /// The allowance that is spelled as a number, or as `off` for no limit; nil if it is neither.
  ///
  /// **Limits**: nine digits, so that no sum of a few allowances overflows.
  package init?(_ text: some StringProtocol) {
    if String(text).asciiLowercased == "off" {
      self = .unlimited
      return
    }
    guard
      (1...9).contains(text.utf8.count), text.utf8.allSatisfy(\.isDigit),
      let number = Int(String(text)), number > 0
    else { return nil }
    self = .atMost(number)
  }

  /// The number, nil for no limit.
  package var limit: Int? {
    switch self {
    case .unlimited: nil
    case .atMost(let number): number
    }
  }

  /// As it is spelled.
  package var description: String { limit.map { "\($0)" } ?? "off" }
}
