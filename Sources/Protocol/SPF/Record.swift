internal import Mail

/// What a domain publishes about the hosts that send in its name (RFC 7208 §4.6).
///
/// **Limits**: `Limits.recordBytes` and `Limits.terms`.
struct Record: Equatable, Sendable {
  /// A mechanism, and what it means if it matches.
  struct Directive: Equatable, Sendable {
    var verdict: SPFResult.Verdict
    var mechanism: Mechanism
  }

  private(set) var directives: [Directive] = []
  /// Whose record decides when no mechanism matches.
  private(set) var redirect: MacroString?

  /// Whether the text claims to be such a record, right or wrong (RFC 7208 §4.5).
  static func isRecord(_ text: [UInt8]) -> Bool {
    text.prefix(version.utf8CodeUnitCount).isEqual(ignoringCaseTo: version)
      && (text.count == version.utf8CodeUnitCount
        || text[version.utf8CodeUnitCount] == .space)
  }

  private static let version: StaticString = "v=spf1"

  /// The record that is written so; nil for an error of syntax anywhere in it.
  init?(_ text: [UInt8]) {
    guard Self.isRecord(text), text.count <= Limits.recordBytes else { return nil }
    let terms = text[Self.version.utf8CodeUnitCount...].split(separator: .space)
    guard terms.count <= Limits.terms else { return nil }
    var explains = false
    for term in terms {
      guard let (name, value) = Self.modifier(term) else {
        guard let directive = Directive(term) else { return nil }
        directives.append(directive)
        continue
      }
      if name.isEqual(ignoringCaseTo: "redirect") {
        guard redirect == nil, let spec = MacroString(domainSpec: value) else { return nil }
        redirect = spec
      } else if name.isEqual(ignoringCaseTo: "exp") {
        // The explanation is for the sender of a refused message, and none is refused.
        guard !explains, MacroString(domainSpec: value) != nil else { return nil }
        explains = true
      } else if MacroString(value) == nil {
        return nil
      }
    }
  }

  /// The two sides of `name=value`; nil if the term is no modifier (RFC 7208 §6).
  private static func modifier(
    _ term: ArraySlice<UInt8>
  ) -> (name: ArraySlice<UInt8>, value: ArraySlice<UInt8>)? {
    var cursor = ByteCursor(term)
    let name = cursor.take { byte in
      byte.isLetter || byte.isDigit || byte == .dot || byte == UInt8(ascii: "-")
        || byte == UInt8(ascii: "_")
    }
    guard name.first?.isLetter == true, cursor.take(UInt8(ascii: "=")) else { return nil }
    return (name, cursor.rest)
  }
}

extension Record.Directive {
  fileprivate init?(_ term: ArraySlice<UInt8>) {
    let qualified: [UInt8: SPFResult.Verdict] = [
      UInt8(ascii: "+"): .pass, UInt8(ascii: "-"): .fail, UInt8(ascii: "~"): .softfail,
      UInt8(ascii: "?"): .neutral,
    ]
    let verdict = term.first.flatMap { qualified[$0] }
    guard let mechanism = Mechanism(verdict == nil ? term : term.dropFirst()) else { return nil }
    self.init(verdict: verdict ?? .pass, mechanism: mechanism)
  }
}
