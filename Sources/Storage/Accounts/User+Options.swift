import Mail
import Platform

extension User {
  /// What a user has besides a name and a verifier: `key=value` in the users file, none by default.
  package enum Option: String, CaseIterable, Sendable {
    /// The addresses the user may send as.
    case sendAs = "send-as"
    /// How much mail the maildrop may hold.
    case quota
    /// How many messages it may hold.
    case quotaMessages = "quota-messages"
    /// Recipients of one message.
    case recipients
    /// The size of one message.
    case messageSize = "message-size"
    /// Messages in an hour.
    case messagesPerHour = "messages-per-hour"
    /// Recipients of all these messages.
    case recipientsPerHour = "recipients-per-hour"
    /// Whether the user may log in by POP3.
    case mayPOP = "may-pop"
    /// Whether the user may send beyond the domains of this host.
    case mayRelay = "may-relay"
    /// Whether the user is shut out for now.
    case disabled
  }

  /// The options as the users file has them, `key=value`.
  package var options: [String] {
    Option.allCases.compactMap { option in
      text(of: option).map { "\(option.rawValue)=\($0)" }
    }
  }

  private func text(of option: Option) -> String? {
    switch option {
    case .sendAs: senders.isEmpty ? nil : senders.map(\.text).joined(separator: ",")
    case .quota: quota?.description
    case .quotaMessages: quotaMessages.map { "\($0)" }
    case .recipients: recipients.map { "\($0)" }
    case .messageSize: messageSize?.description
    case .messagesPerHour: messagesPerHour?.description
    case .recipientsPerHour: recipientsPerHour?.description
    case .mayPOP: mayPOP ? nil : "no"
    case .mayRelay: mayRelay ? nil : "no"
    case .disabled: isDisabled ? "yes" : nil
    }
  }

  /// Takes an option as the users file and the command line spell it.
  package mutating func set(
    _ option: Option, to value: some StringProtocol
  ) throws(UsersFileError) {
    switch option {
    case .sendAs: senders = try Self.senders(value)
    case .quota: quota = try size(value, option)
    case .quotaMessages: quotaMessages = try number(value, option)
    case .recipients: recipients = try number(value, option)
    case .messageSize: messageSize = try size(value, option)
    case .messagesPerHour: messagesPerHour = try allowance(value, option)
    case .recipientsPerHour: recipientsPerHour = try allowance(value, option)
    case .mayPOP: mayPOP = try isYes(value, option)
    case .mayRelay: mayRelay = try isYes(value, option)
    case .disabled: isDisabled = try isYes(value, option)
    }
  }

  /// Takes an option away.
  package mutating func unset(_ option: Option) {
    switch option {
    case .sendAs: senders = []
    case .quota: quota = nil
    case .quotaMessages: quotaMessages = nil
    case .recipients: recipients = nil
    case .messageSize: messageSize = nil
    case .messagesPerHour: messagesPerHour = nil
    case .recipientsPerHour: recipientsPerHour = nil
    case .mayPOP: mayPOP = true
    case .mayRelay: mayRelay = true
    case .disabled: isDisabled = false
    }
  }

  private static func senders(_ list: some StringProtocol) throws(UsersFileError) -> [SenderRule] {
    let texts = Substring(list).utf8.split(
      separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
    guard texts.count <= Limits.senders else {
      throw UsersFileError(reason: "there are more than \(Limits.senders) addresses in send-as")
    }
    var rules: [SenderRule] = []
    for text in texts.map({ Substring($0) }) {
      guard let rule = SenderRule(text) else {
        throw UsersFileError(
          reason: "\"\(String(escaping: text.utf8, limit: 80))\" in send-as is neither an address,"
            + " nor an @domain, nor <>, nor *")
      }
      rules.append(rule)
    }
    return rules
  }

  private func size(
    _ value: some StringProtocol, _ option: Option
  ) throws(UsersFileError) -> ByteCount {
    guard let size = ByteCount(value), size.bytes > 0 else {
      throw wrong(option, "a size such as 500MB")
    }
    return size
  }

  private func allowance(
    _ value: some StringProtocol, _ option: Option
  ) throws(UsersFileError) -> Allowance {
    guard let allowance = Allowance(value) else {
      throw wrong(option, "a number, at least 1, or off")
    }
    return allowance
  }

  private func isYes(
    _ value: some StringProtocol, _ option: Option
  ) throws(UsersFileError) -> Bool {
    switch value {
    case "yes": return true
    case "no": return false
    default: throw wrong(option, "yes or no")
    }
  }

  private func number(
    _ value: some StringProtocol, _ option: Option
  ) throws(UsersFileError) -> Int {
    guard let number = Allowance(value)?.limit else { throw wrong(option, "a number, at least 1") }
    return number
  }

  private func wrong(_ option: Option, _ form: String) -> UsersFileError {
    UsersFileError(reason: "the \(option.rawValue) of \(name) is not \(form)")
  }
}
