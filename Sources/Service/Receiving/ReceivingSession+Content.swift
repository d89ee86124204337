import Log
import Mail
import Network
import Platform
import SMTP
import Spool

extension ReceivingSession {
  /// Receives the content to its true end, and stores it if nothing speaks against it.
  ///
  /// A message that is to be refused is read to its end all the same: replying earlier would make
  /// the rest of it commands.
  ///
  /// - Returns: the reply to the end of the content; 250 only when the message is on the device.
  func receiveContent() async throws(ConnectionError) -> Reply {
    guard let transaction = session.transaction else {
      preconditionFailure("content comes within a transaction")
    }
    let id = receiver.spool.makeID()
    let delivery = receiver.spool.begin(
      reversePath: transaction.sender.mailbox?.text ?? "", remote: destinations.remote,
      users: destinations.users, is8Bit: transaction.parameters.body == .eightBit,
      origin: "\(client) \(destinations.authorization?.name ?? "local")", id: id,
      trace: trace(of: transaction, id: id))
    var decoder = ContentDecoder(
      repairsBareLF: settings.bareLFNetworks.contains { $0.contains(client) })
    var header = HeaderPass(HeaderRules())
    var diskError: SystemError?
    let contentEnd = min(.now + Limits.content, end)
    var isAtEnd = false
    while !isAtEnd {
      var content: [UInt8] = []
      try await connection.read(until: min(.now + Limits.contentPiece, contentEnd)) { input in
        let used = decoder.decode(input, into: &content)
        isAtEnd = used != nil
        return used ?? input.count
      }
      if diskError != nil || decoder.violation != nil || isTooLarge(decoder) { continue }
      if !header.isComplete { header.scan(content.span) }
      do throws(SystemError) { try await delivery.write(content) } catch { diskError = error }
    }
    let refusal = refusal(decoder, header, diskError)
    if let refusal {
      delivery.abandon()
      return refuse(refusal.reply, refusal.reason)
    }
    do throws(SystemError) {
      try await delivery.commit()
    } catch {
      return refuse(Self.reply(to: error), "\(error)")
    }
    report(id, transaction, bytes: decoder.wireBytes)
    return .queued(as: "\(id)")
  }

  private func trace(of transaction: Transaction, id: QueueID) -> String {
    TraceField(
      clientName: session.clientName ?? "", clientAddress: "\(client)", host: settings.hostname,
      transfer: session.transfer, identifier: "\(id)",
      recipient: transaction.recipients.count == 1 ? transaction.recipients.first : nil,
      date: DateTime(unixSeconds: Int64(id.seconds))
    ).text
  }

  private func isTooLarge(_ decoder: ContentDecoder) -> Bool {
    decoder.wireBytes > settings.messageBytes
  }

  /// What speaks against the message, for the client and for the log.
  private func refusal(
    _ decoder: ContentDecoder, _ header: HeaderPass, _ diskError: SystemError?
  ) -> (reply: Reply, reason: String)? {
    if let violation = decoder.violation { return (.refusal(of: violation), "\(violation)") }
    if isTooLarge(decoder) {
      return (.tooLarge(limitBytes: settings.messageBytes), "larger than [limits] message-size")
    }
    if header.isLooping { return (.looping, "mail loop") }
    return diskError.map { (Self.reply(to: $0), "\($0)") }
  }

  private func refuse(_ reply: Reply, _ reason: String) -> Reply {
    Log.record(
      .messageRefused(
        client: "\(client)", from: session.transaction?.sender.text ?? "", reason: reason))
    return reply
  }

  private static func reply(to error: SystemError) -> Reply {
    error.isOutOfSpace ? .insufficientStorage : .localError
  }

  private func report(_ id: QueueID, _ transaction: Transaction, bytes: Int) {
    Log.record(
      .accepted(
        id: "\(id)", client: "\(client)",
        authorization: destinations.authorization?.name ?? "local",
        from: transaction.sender.text, recipients: transaction.recipients.count, bytes: bytes))
    for user in destinations.users { Log.record(.stored(id: "\(id)", user: user)) }
  }
}
