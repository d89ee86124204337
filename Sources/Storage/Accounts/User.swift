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
  /// How many messages it may hold; nil for any number.
  package var quotaMessages: Int?
  /// Recipients of one message; nil for as many as the configuration says.
  package var recipients: Int?
  /// The size of one message; nil for what the configuration says.
  package var messageSize: ByteCount?
  /// Messages in an hour; nil for as many as the configuration says.
  package var messagesPerHour: Allowance?
  /// Recipients of all these messages; nil for as many as the configuration says.
  package var recipientsPerHour: Allowance?

  /// Whether the user may log in by POP3, and so earn a grant.
  package var mayPOP = true
  /// Whether the user may send beyond the domains of this host.
  package var mayRelay = true
  /// Whether the user is shut out for now: mail comes in, and nothing else goes.
  package var isDisabled = false

  package init(name: UserName, verifier: Verifier) {
    self.name = name
    self.verifier = verifier
  }

  /// Whether the user may give this sender of mail.
  package func maySend(as sender: ReversePath) -> Bool {
    !isDisabled && (senders.isEmpty || senders.contains { $0.covers(sender) })
  }

  /// What names the password, without telling anything of it; nil if the user cannot log in now.
  ///
  /// Of the line of the user, so that an upgrade of a hash changes nothing.
  package var credential: String? {
    login == .locked ? nil : verifier.fingerprint.hexadecimal
  }

  /// What a login is verified against now.
  var login: Verifier { isDisabled ? .locked : verifier }
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
    if let excess = verifier.excess {
      throw UsersFileError(
        reason: "the hash of \(name) costs too much: \(excess);"
          + " set a password with: gatepost user passwd \(name)")
    }
    self.init(name: name, verifier: verifier)
    guard fields.count == 3 else { return }
    for option in fields[2].utf8.split(separator: .space) { try take(Substring(option)) }
  }

  private mutating func take(_ text: Substring) throws(UsersFileError) {
    let parts = text.utf8.split(
      separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
    guard let option = Option(rawValue: String(Substring(parts[0]))) else {
      throw UsersFileError(
        reason: "\"\(String(escaping: parts[0], limit: 80))\" is not an option of a user;"
          + " the options are \(Option.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    try set(option, to: parts.count == 2 ? Substring(parts[1]) : "")
  }

  /// The line of the users file.
  var line: String {
    "\(name):\(verifier.text):\(options.joined(separator: " "))"
  }
}
