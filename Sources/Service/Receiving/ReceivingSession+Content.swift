import Accounts
import EventLoop
import Log
import Mail
import Network
import Platform
import SMTP
import SPF
import Spool

extension ReceivingSession {
  // MARK: What the protocol asks for

  /// Receives the content to its true end, and stores it if nothing speaks against it.
  ///
  /// - Returns: the reply to the end of the content; 250 only when the message is on the device.
  func receiveContent() async throws(ConnectionError) -> Reply {
    let reception = await beginContent(.dots)
    let isInTime = try await read(into: reception) { input, content in
      let used = reception.decode(input, into: &content)
      return (used ?? input.count, used != nil)
    }
    return isInTime ? await finish(reception) : .tooSlow
  }

  /// Receives a chunk, and with the last one stores the message.
  ///
  /// - Returns: what the protocol makes of it.
  func receiveChunk(bytes: Int, isLast: Bool) async throws(ConnectionError) -> ServerAction {
    let reception: ContentReception
    if let begun = self.reception {
      reception = begun
    } else {
      reception = await beginContent(.chunks)
    }
    self.reception = reception
    var rest = bytes
    let isInTime = try await read(into: reception, isEmpty: bytes == 0) { input, content in
      let used = min(input.count, rest)
      _ = reception.decode(input.extracting(..<used), into: &content)
      rest -= used
      return (used, rest == 0)
    }
    guard isInTime else { return contentEnded(with: .tooSlow) }
    if isLast { await reception.finishChunks() }
    if !isLast, reception.refusal == nil { return session.chunkReceived(bytes: bytes) }
    self.reception = nil
    return contentEnded(with: await finish(reception))
  }

  /// Reads exactly so many octets and throws them away.
  func skipChunk(bytes: Int) async throws(ConnectionError) {
    var rest = bytes
    _ = try await read(into: nil, isEmpty: bytes == 0) { input, _ in
      let used = min(input.count, rest)
      rest -= used
      return (used, rest == 0)
    }
  }

  /// Reads until `decode` says that it has reached the end; false if the client is too slow.
  ///
  /// - Parameter reception: what stores the content; nil where it is thrown away.
  private func read(
    into reception: ContentReception?, isEmpty: Bool = false,
    _ decode: (Span<UInt8>, inout [UInt8]) -> (used: Int, isAtEnd: Bool)
  ) async throws(ConnectionError) -> Bool {
    let deadline = min(.now + Limits.content, end)
    var isAtEnd = isEmpty
    while !isAtEnd {
      var content: [UInt8] = []
      var bytes = 0
      let began = Instant.now
      try await connection.read(until: min(began + Limits.contentPiece, deadline)) { input in
        (bytes, isAtEnd) = decode(input, &content)
        return bytes
      }
      if reception?.isTooSlow(after: bytes, waited: .now - began) == true { return false }
      await reception?.store(content)
    }
    return true
  }

  // MARK: Beginning and end

  private func beginContent(_ framing: ContentDecoder.Framing) async -> ContentReception {
    reception(framing, results: await authenticationResults())
  }

  /// The reception of the open transaction's content; `results` is a field that goes on top of it.
  @inline(never)
  private func reception(
    _ framing: ContentDecoder.Framing, results: String
  ) -> ContentReception {
    guard let transaction = session.transaction else {
      preconditionFailure("content comes within a transaction")
    }
    let id = receiver.parts.spool.makeID()
    let trace = trace(of: transaction, id: id)
    let isHidden = settings.values.hidesClients && destinations.authorization != nil
    let delivery = receiver.parts.spool.begin(
      envelope(of: transaction), users: destinations.users, id: id, trace: results + trace.text,
      queueTrace: isHidden ? results + trace.withoutClient.text : nil,
      room: Spool.Reservation(
        expectedBytes: expectedBytes(of: transaction), floorBytes: settings.values.freeSpaceBytes))
    return ContentReception(
      delivery, framing: framing, repairsBareLF: profile?.repairsBareLF == true,
      rules: headerRules(of: transaction, id: id), keepsBeginning: !destinations.told.isEmpty,
      limitBytes: messageBytes, minimumRate: settings.values.minimumRate)
  }

  private func envelope(of transaction: Transaction) -> SubmittedEnvelope {
    SubmittedEnvelope(
      reversePath: transaction.sender.mailbox?.text ?? "", recipients: destinations.remote,
      is8Bit: transaction.parameters.body == .eightBit,
      isInternationalized: transaction.parameters.isInternational,
      requiresTLS: transaction.parameters.requiresTLS, report: transaction.parameters.report,
      origin: "\(client) \(destinations.authorization?.name ?? "local")")
  }

  /// The size that the message may have; the users file was read for its sender and recipients.
  var messageBytes: Int {
    do throws(UsersFileError) {
      return try messageBytes(of: speakers())
    } catch {
      return settings.values.limits.messageBytes ?? .max
    }
  }

  /// What speaks for the open transaction: one thing, or the grants that cover what it has.
  private func speakers() throws(UsersFileError) -> [Authorization] {
    guard let first = destinations.authorization, first.isOfAddress else {
      return destinations.authorization.map { [$0] } ?? []
    }
    var all = [first]
    let sender = session.transaction?.sender ?? .null
    for other in standing.authorizations where other != first {
      if try maySend(other, as: sender) { all.append(other) }
    }
    return destinations.remote.isEmpty ? all : try relaying(all)
  }

  private func finish(_ reception: ContentReception) async -> Reply {
    if let refusal = await reception.commit() { return refuse(refusal.reply, refusal.reason) }
    if !destinations.told.isEmpty { await tellOfDelivery(reception) }
    if !destinations.users.isEmpty {
      await receiver.quotas.noteDelivery(
        to: destinations.users, bytes: reception.wireBytes, settings.values)
    }
    return report(reception)
  }

  @inline(never)
  private func refuse(_ reply: Reply, _ reason: String) -> Reply {
    Log.record(
      .messageRefused(
        client: "\(client)", from: session.transaction?.sender.text ?? "", reason: reason))
    return reply
  }

  @inline(never)
  private func report(_ reception: ContentReception) -> Reply {
    let id = "\(reception.id)"
    Log.record(
      .accepted(
        id: id, client: "\(client)", authorization: destinations.authorization?.name ?? "local",
        from: session.transaction?.sender.text ?? "",
        recipients: session.transaction?.recipients.count ?? 0, bytes: reception.wireBytes))
    for user in destinations.users { Log.record(.stored(id: id, user: user)) }
    return .queued(as: id)
  }

  /// Tells the sender who asked for it that the message is in a maildrop (RFC 3461 §5.2.3).
  private func tellOfDelivery(_ reception: ContentReception) async {
    guard let transaction = session.transaction else { return }
    let subject = ReportingMTA.Subject(envelope(of: transaction), id: reception.id)
    do throws(SystemError) {
      let report = try await receiver.parts.reports().tell(
        .delivered, of: destinations.told, about: subject,
        original: .beginning(reception.beginning))
      if let report {
        Log.record(
          .reported(
            id: "\(reception.id)", report: "\(report.id)", to: report.recipient.text,
            action: "delivered"))
      }
    } catch {
      Log.say(.error, "\(reception.id): its sender cannot be told of its delivery: \(error)")
    }
  }

  // MARK: Trace fields

  private func trace(of transaction: Transaction, id: QueueID) -> TraceField {
    TraceField(
      clientName: session.clientName ?? "", clientAddress: "\(client)",
      host: settings.values.hostname, transfer: session.transfer,
      encryption: connection.encryption.map(TraceField.Encryption.init),
      identity: destinations.authorization?.identity, identifier: "\(id)",
      recipient: transaction.recipients.count == 1 ? transaction.recipients.first : nil,
      date: DateTime(unixSeconds: Int64(id.seconds)))
  }

  /// What SPF says about mail from outside, as a field; nothing where it is not asked.
  private func authenticationResults() async -> String {
    guard
      settings.values.checksSPF, destinations.authorization == nil,
      let sender = session.transaction?.sender
    else { return "" }
    return await checkSPF(sender)
  }

  private func checkSPF(_ sender: ReversePath) async -> String {
    guard receiver.senderChecks < Limits.senderChecks else {
      return AuthenticationResults.field(of: settings.values.hostname, result: "spf=temperror")
    }
    receiver.senderChecks += 1
    defer { receiver.senderChecks -= 1 }
    let check = SPFCheck(resolver: receiver.parts.resolver)
    let result = await check.check(
      client: client, clientName: session.clientName ?? "", sender: sender,
      until: .now + Limits.senderPolicy)
    return AuthenticationResults.field(of: settings.values.hostname, result: result.text)
  }

  /// The blocklist that has the client, which is asked once in a session.
  func blocklisting() async -> Blocklists.Listing? {
    if settings.values.blocklists.isEmpty { return nil }
    if isUnlisted { return nil }
    let listing = await receiver.blocklists.listing(
      of: client, zones: settings.values.blocklists, until: .now + Limits.blocklists)
    if listing == nil { isUnlisted = true }
    return listing
  }
}

extension Authorization {
  /// Whom the trace field of a message names; nobody for a network, whose address stands there.
  fileprivate var identity: TraceField.Identity? {
    switch self {
    case .network: nil
    case .user(let name): .user(name)
    case .grant(let name): .grant(user: name)
    }
  }
}

extension Reply {
  /// A client that dribbles its content to keep its connection.
  fileprivate static var tooSlow: Reply {
    Reply(.unavailable, EnhancedStatus(4, 4, 2), "The content comes too slowly, try again later")
  }
}
