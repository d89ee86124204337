/// What the administrator decided about grants.
package struct GrantRules: Equatable, Sendable {
  /// How long a grant lives after the last sign of its user.
  package var window: Duration
  /// Whether a login earns a grant under TLS alone.
  package var needsTLS = false
  /// Messages between two logins; nil for any number.
  package var messages: Int?
  /// Recipients between two logins; nil for any number.
  package var recipients: Int?
  /// Whether a grant holds for all addresses of the device that logged in.
  package var coversDevice = false
  /// Whether a grant of an IPv6 address on a link of this machine holds for the /64 around it.
  package var coversNetwork = false

  /// How many grants may be alive.
  package var limits = Limits()

  /// How many grants may be alive.
  package struct Limits: Equatable, Sendable {
    /// Of all users together.
    package var total: Int
    /// Of one user, who has a phone, a PC, a laptop, and each of them a few addresses.
    package var perUser: Int

    package init(total: Int = 1024, perUser: Int = 16) {
      self.total = total
      self.perUser = perUser
    }
  }

  /// The most that may be configured for all users together, so that the file can be read again.
  package static let mostGrants = 4096

  package init(window: Duration, messages: Int? = nil, recipients: Int? = nil) {
    self.window = window
    self.messages = messages
    self.recipients = recipients
  }
}

/// What there is too much of for a grant.
package enum GrantExcess: Equatable, Sendable {
  /// The limit of messages is reached.
  case messages(limit: Int)
  /// The limit of recipients is reached.
  case recipients(limit: Int)

  /// What was allowed, as words.
  package var text: String {
    switch self {
    case .messages(let limit): "\(limit) messages between two logins"
    case .recipients(let limit): "\(limit) recipients between two logins"
    }
  }
}
