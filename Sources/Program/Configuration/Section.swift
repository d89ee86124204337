/// The kinds of sections of the configuration, in the order of the documentation.
enum Section: String, CaseIterable, Sendable {
  case server
  case listen
  case tls
  case relay
  case route
  case popBeforeSMTP = "pop-before-smtp"
  case local
  case domain
  case dns
  case queue
  case limits
  case abuse
  case smtp
  case profile
  case pop3

  /// Whether there may be several, each with a name of its own: `[profile NAME]`.
  var isNamed: Bool { self == .domain || self == .profile || self == .route }

  /// What stands in the brackets.
  func title(_ name: String? = nil) -> String {
    isNamed ? "\(rawValue) \(name ?? "NAME")" : rawValue
  }

  /// How messages name the section, or the one of that name.
  func heading(_ name: String? = nil) -> String { "[\(title(name))]" }
}
