/// The `Received:` field with which a server signs each message that it takes in.
///
/// RFC 5321 §4.4. It says where the message came from and when, and by counting these fields a
/// mail loop is found (RFC 5321 §6.3).
package struct TraceField: Sendable {
  /// The name by which the client greeted, as it sent it.
  package var clientName: String
  /// The client's IP address, without brackets.
  package var clientAddress: String
  /// The name of this host.
  package var host: Domain
  /// How the message came in.
  package var transfer: TransferProtocol
  /// The name the message has in the queue and in the log.
  package var identifier: String
  /// The recipient, when there is one only: naming one of several would tell the others of it.
  package var recipient: ForwardPath?
  /// When the message came in.
  package var date: DateTime

  /// The trace of a message that came in like this.
  package init(
    clientName: String, clientAddress: String, host: Domain, transfer: TransferProtocol,
    identifier: String, recipient: ForwardPath?, date: DateTime
  ) {
    self.clientName = clientName
    self.clientAddress = clientAddress
    self.host = host
    self.transfer = transfer
    self.identifier = identifier
    self.recipient = recipient
    self.date = date
  }

  /// The field in stored form, folded, with its last LF.
  package var text: String {
    let address = AddressLiteral(address: clientAddress)?.text
    var field = "Received: from \(greetedName ?? "unknown")"
    if let address { field += " (\(address))" }
    field += "\n\tby \(host.text) with \(transfer.keyword) id \(safeIdentifier)"
    if let recipient { field += "\n\tfor \(recipient.text)" }
    return field + ";\n\t" + date.text + "\n"
  }

  /// The greeted name when it is one; what else a client may have said has no place in a header.
  private var greetedName: String? {
    if let domain = Domain(ArraySlice(clientName.utf8)) { return domain.text }
    // Many devices greet by their bare address.
    return AddressLiteral(address: clientName)?.text
  }

  private var safeIdentifier: String {
    let hyphen = UInt8(ascii: "-")
    return String(
      decoding: identifier.utf8.map { $0.isLetter || $0.isDigit || $0 == .dot ? $0 : hyphen },
      as: UTF8.self)
  }
}
