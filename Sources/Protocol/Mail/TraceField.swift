/// The `Received:` field with which a server signs each message that it takes in.
///
/// RFC 5321 §4.4. It says where the message came from and when, and by counting these fields a
/// mail loop is found (RFC 5321 §6.3).
package struct TraceField: Sendable {
  /// What a connection is encrypted with.
  package struct Encryption: Equatable, Sendable {
    /// The version, such as `TLSv1.3`.
    package var version: String
    /// The name of the cipher suite.
    package var cipher: String

    package init(version: String, cipher: String) {
      self.version = version
      self.cipher = cipher
    }
  }

  /// Whom the client was known as.
  package enum Identity: Equatable, Sendable {
    /// The user whose password it had.
    case user(String)
    /// The user who had fetched mail from the same address a short time before.
    case grant(user: String)
  }

  /// The name by which the client greeted, as it sent it.
  package var clientName: String
  /// The client's IP address, without brackets.
  package var clientAddress: String
  /// The name of this host.
  package var host: Domain
  /// How the message came in.
  package var transfer: TransferProtocol
  /// What the connection was encrypted with; nil if with nothing.
  package var encryption: Encryption?
  /// Whom the client was known as; nil if it was a stranger.
  package var identity: Identity?
  /// The name the message has in the queue and in the log.
  package var identifier: String
  /// The recipient, when there is one only: naming one of several would tell the others of it.
  ///
  /// One beyond ASCII is left out of the header of a message that did not come by SMTPUTF8.
  package var recipient: ForwardPath?
  /// When the message came in.
  package var date: DateTime

  /// The trace of a message that came in like this.
  package init(
    clientName: String, clientAddress: String, host: Domain, transfer: TransferProtocol,
    encryption: Encryption? = nil, identity: Identity? = nil, identifier: String,
    recipient: ForwardPath?, date: DateTime
  ) {
    self.clientName = clientName
    self.clientAddress = clientAddress
    self.host = host
    self.transfer = transfer
    self.encryption = encryption
    self.identity = identity
    self.identifier = identifier
    self.recipient = recipient
    self.date = date
  }

  /// The same field without what it tells of the client.
  ///
  /// RFC 5321 §4.4 wants the clause `from`, which names nobody then.
  package var withoutClient: TraceField {
    var trace = self
    trace.clientName = ""
    trace.clientAddress = ""
    trace.identity = nil
    return trace
  }

  /// The field in stored form, folded, with its last LF.
  package var text: String {
    var field = FoldedField("Received:")
    let name = greetedName
    field.append("from " + (name ?? "unknown"))
    if name == nil, !clientName.isEmpty {
      field.append("(greeted as " + Self.commentText(clientName) + ")")
    }
    if let literal = AddressLiteral(address: clientAddress) { field.append("(\(literal.text))") }
    if let encryption {
      field.startLine()
      field.append("(using " + Self.commentText(encryption.version))
      field.append("with cipher " + Self.commentText(encryption.cipher) + ")")
    }
    switch identity {
    case .user(let name):
      field.startLine()
      field.append("(authenticated as " + Self.commentText(name) + ")")
    case .grant(let name):
      field.startLine()
      field.append("(" + Self.commentText(name) + ", POP-before-SMTP)")
    case nil:
      break
    }
    field.startLine()
    field.append("by " + host.text)
    field.append("with " + transfer.keyword)
    field.append("id " + safeIdentifier)
    if let recipient, transfer.isInternational || recipient.mailbox?.isASCII != false {
      field.startLine()
      field.append("for <" + (recipient.mailbox?.headerText ?? "postmaster") + ">")
    }
    field.end(with: ";")
    field.startLine()
    field.append(date.text)
    return field.text
  }

  /// The greeted name when it is one; what else a client may have said has no place in a header.
  private var greetedName: String? {
    var name = ArraySlice(clientName.utf8)
    if let domain = Domain(name) { return domain.text }
    // A name as the DNS writes it ends with a dot.
    if name.count > 1, name.last == .dot { name.removeLast() }
    if let domain = Domain(name) { return domain.text }
    // Many devices greet by their bare address, or leave out the tag of IPv6.
    if name.first == UInt8(ascii: "["), name.last == UInt8(ascii: "]") {
      name = name.dropFirst().dropLast()
    }
    return AddressLiteral(address: String(decoding: name, as: UTF8.self))?.text
  }

  private var safeIdentifier: String {
    let hyphen = UInt8(ascii: "-")
    return String(
      decoding: identifier.utf8.map { $0.isLetter || $0.isDigit || $0 == .dot ? $0 : hyphen },
      as: UTF8.self)
  }

  /// The text made safe for a comment, which it can neither end nor nest in, RFC 5322 §3.2.2.
  private static func commentText(_ text: String) -> String {
    var safe: [UInt8] = []
    for byte in String(escaping: text.utf8, limit: 128).utf8 {
      if byte == UInt8(ascii: "(") || byte == UInt8(ascii: ")") || byte == .backslash {
        safe.append(.backslash)
      }
      safe.append(byte)
    }
    return String(decoding: safe, as: UTF8.self)
  }
}
