package import Mail
package import Platform

/// A user: a line of the users file.
package struct User: Equatable, Sendable {
  /// The name, which is the local part of the user's address and the name of the maildrop.
  package let name: UserName
  /// What a password is verified against.
  package var verifier: Verifier
  /// The addresses the user may send as; empty for any.
  package var senders: [SenderRule] = []
  /// How much mail the maildrop may hold; nil for as much as there is room.
  package var quota: ByteCount?

  package init(name: UserName, verifier: Verifier) {
    self.name = name
    self.verifier = verifier
  }

  /// Whether the user may give this address as the sender of mail.
  package func maySend(as sender: Mailbox) -> Bool {
    senders.isEmpty || senders.contains { $0.covers(sender) }
  }
}

extension User {
  /// The user that a line `name:verifier:key=value key=value` describes.
  init(line: Substring) throws(UsersFileError) {
    let fields = line.utf8.split(
      separator: .colon, maxSplits: 2, omittingEmptySubsequences: false
    ).map { Substring($0) }
    guard fields.count >= 2 else {
      throw UsersFileError(reason: "the line is not \"name:verifier:options\"")
    }
    guard let name = UserName(fields[0]) else {
      throw UsersFileError(
        reason: "\"\(String(escaping: fields[0].utf8, limit: 80))\" is not the name of a user;"
          + " it takes 1 to \(Limits.nameBytes) of a-z, 0-9, \".\", \"_\" and \"-\","
          + " a letter or digit first")
    }
    // Not quoted: if it is no verifier, it is likely a password.
    guard let verifier = Verifier(fields[1]) else {
      throw UsersFileError(
        reason: "the verifier of \(name) is not known;"
          + " set a password with: gatepost user passwd \(name)")
    }
    self.init(name: name, verifier: verifier)
    guard fields.count == 3 else { return }
    for option in fields[2].utf8.split(separator: .space) { try take(option: Substring(option)) }
  }

  private mutating func take(option: Substring) throws(UsersFileError) {
    let parts = option.utf8.split(
      separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
    let key = Substring(parts[0])
    let value = parts.count == 2 ? Substring(parts[1]) : ""
    switch key {
    case "send-as":
      senders = try Self.senders(value)
    case "quota":
      guard let quota = ByteCount(value), quota.bytes > 0 else {
        throw UsersFileError(reason: "the quota of \(name) is not a size such as 500MB")
      }
      self.quota = quota
    default:
      throw UsersFileError(
        reason: "\"\(String(escaping: key.utf8, limit: 80))\" is not an option of a user;"
          + " the options are send-as=ADDRESS,@DOMAIN and quota=SIZE")
    }
  }

  /// The rules of a list between commas, as the file and the command line have it.
  package static func senders(
    _ list: some StringProtocol
  ) throws(UsersFileError) -> [SenderRule] {
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
            + " nor an @domain, nor *")
      }
      rules.append(rule)
    }
    return rules
  }

  /// The options as the users file has them, `key=value`.
  package var options: [String] {
    var options: [String] = []
    if !senders.isEmpty {
      options.append("send-as=" + senders.map(\.text).joined(separator: ","))
    }
    if let quota { options.append("quota=\(quota)") }
    return options
  }

  /// The line of the users file.
  var line: String {
    "\(name):\(verifier.text):\(options.joined(separator: " "))"
  }
}
