package import Mail

/// What MAIL says beside the sender.
package struct MailParameters: Equatable, Sendable {
  /// The encodings of content that BODY declares, RFC 6152 §2.
  package enum Body: Equatable, Sendable {
    case sevenBit
    case eightBit
  }

  /// The size the message is going to have on the wire, RFC 1870 §3.
  package var sizeBytes: Int?
  /// The encoding of the content.
  package var body: Body?
  /// Whether addresses or header may be UTF-8: SMTPUTF8, RFC 6531 §3.4.
  package var isInternational: Bool
  /// Whether the message must not leave without TLS to a verified server: REQUIRETLS, RFC 8689 §2.
  package var requiresTLS: Bool
  /// What RET and ENVID ask of reports.
  package var report: ReportRequest

  /// The parameters with these values.
  package init(
    sizeBytes: Int? = nil, body: Body? = nil, isInternational: Bool = false,
    requiresTLS: Bool = false, report: ReportRequest = ReportRequest()
  ) {
    self.sizeBytes = sizeBytes
    self.body = body
    self.isInternational = isInternational
    self.requiresTLS = requiresTLS
    self.report = report
  }

  /// Takes over a parameter of MAIL.
  mutating func take(_ parameter: Parameter) -> Parameter.Acceptance {
    switch parameter.keyword {
    case "SIZE":
      guard let value = parameter.value, let size = Self.size(value) else { return .malformed }
      sizeBytes = size
    case "BODY":
      guard let value = parameter.value, let body = Body(value) else { return .malformed }
      self.body = body
    case "AUTH":
      // RFC 4954 §5: who wrote the message is asserted by one server to another that trusts it.
      // No client is trusted that far here, and then the value is to be accepted and ignored.
      guard let value = parameter.value, !value.isEmpty, value.allSatisfy(\.isVisible) else {
        return .malformed
      }
    case "SMTPUTF8":
      guard parameter.value == nil else { return .malformed }
      isInternational = true
    case "REQUIRETLS":
      guard parameter.value == nil else { return .malformed }
      requiresTLS = true
    case "RET":
      guard let value = parameter.value else { return .malformed }
      if value.isEqual(ignoringCaseTo: "FULL") {
        report.returned = .full
      } else if value.isEqual(ignoringCaseTo: "HDRS") {
        report.returned = .headers
      } else {
        return .malformed
      }
    case "ENVID":
      guard
        let value = parameter.value,
        (1...Mail.Limits.envelopeIdentifierBytes).contains(value.count), XText.isValid(value)
      else { return .malformed }
      report.envelopeIdentifier = String(decoding: value, as: UTF8.self)
    default:
      return .unknown
    }
    return .taken
  }

  /// The value of SIZE, at most 20 digits; what is beyond any size counts as the largest.
  private static func size(_ digits: ArraySlice<UInt8>) -> Int? {
    guard (1...20).contains(digits.count), digits.allSatisfy(\.isDigit) else { return nil }
    return Int(String(decoding: digits, as: UTF8.self)) ?? Int.max
  }
}

extension MailParameters.Body {
  fileprivate init?(_ value: ArraySlice<UInt8>) {
    if value.isEqual(ignoringCaseTo: "7BIT") {
      self = .sevenBit
    } else if value.isEqual(ignoringCaseTo: "8BITMIME") {
      self = .eightBit
    } else {
      return nil
    }
  }
}
