import Mail
package import Platform

/// How much each user and each device has sent within the hour, so that one that has gone mad does
/// not flood the uplink.
///
/// The hour begins with the first message, and is over an hour later. What was refused does not count;
/// what was accepted and then given up does.
///
/// **Limits**: `capacity` holders, at some 64 bytes each and only of those that send; beyond it the
/// hour that began first is forgotten.
package struct SendingAllowance: Sendable {
  /// Whose messages are counted together.
  package enum Holder: Hashable, Sendable {
    case user(String)
    case client(IPAddress)

    /// How a reply and the log name it.
    var name: String {
      switch self {
      case .user(let name): name
      case .client(let address): "\(address)"
      }
    }
  }

  /// Why a recipient is not taken now.
  package struct Excess: Equatable, Sendable {
    /// What there are too many of, and how many are allowed.
    package let text: String
    /// When the hour is over.
    package let wait: Duration
  }

  private struct Account {
    var start: Instant
    var messages = 0
    var recipients = 0
  }

  private var accounts: [Holder: Account] = [:]
  private static let hour: Duration = .seconds(3600)
  /// Holders that are counted at once.
  private static let capacity = 1024

  package init() {}

  /// Counts a recipient, and a message with the first of it, unless that would be too many.
  package mutating func take(
    _ holder: Holder, isFirstOfMessage: Bool, limits: SendingLimits, at now: Instant
  ) -> Excess? {
    let messages = limits.messagesPerHour?.limit
    let recipients = limits.recipientsPerHour?.limit
    if messages == nil && recipients == nil { return nil }
    var account = accounts[holder] ?? Account(start: now)
    if now - account.start >= Self.hour { account = Account(start: now) }
    let wait = Self.hour - (now - account.start)
    if isFirstOfMessage, let most = messages, account.messages >= most {
      return Excess(text: "\(most) messages an hour", wait: wait)
    }
    if let most = recipients, account.recipients >= most {
      return Excess(text: "\(most) recipients an hour", wait: wait)
    }
    if accounts[holder] == nil { makeRoom(at: now) }
    if isFirstOfMessage { account.messages += 1 }
    account.recipients += 1
    accounts[holder] = account
    return nil
  }

  private mutating func makeRoom(at now: Instant) {
    guard accounts.count >= Self.capacity else { return }
    accounts = accounts.filter { now - $0.value.start < Self.hour }
    guard
      accounts.count >= Self.capacity,
      let oldest = accounts.min(by: { $0.value.start < $1.value.start })
    else { return }
    accounts[oldest.key] = nil
  }
}
