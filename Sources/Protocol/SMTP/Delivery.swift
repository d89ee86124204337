import Mail

/// One message on its way through a client session: what was sent, what was answered, what came of it.
///
/// The commands are a fixed row: RSET if the last transaction was left open, MAIL, one RCPT a
/// recipient, DATA unless there is nothing to send or it goes in a chunk. Replies come in the order of
/// the commands (RFC 2920 §3.1), so two counters say all about it, and nothing is queued.
struct Delivery: Sendable {
  /// A place in the row of commands.
  enum Command: Equatable {
    case reset
    case mail
    case recipient(Int)
    case data
  }

  let envelope: Envelope
  let capabilities: Capabilities
  /// Whether the recipients are only asked about.
  let isProbe: Bool
  /// Whether the content goes in one chunk (RFC 3030 §2) when somebody has been accepted.
  ///
  /// The chunk is not sent with the commands before, as RFC 3030 §4.2 has it: a message that nobody is
  /// accepted for would cross the line for nothing, and be shown to a server that has refused it. A
  /// server with PIPELINING has as many round trips then as with DATA, and one without it one less.
  let usesChunk: Bool
  private let beginsWithReset: Bool
  /// How many recipients go with this transaction, from the first on.
  private var included: Int

  /// How many commands have been sent.
  private(set) var sent = 0
  /// How many of them have been answered.
  private(set) var answered = 0
  /// What is known of each recipient; nil while it is open, or accepted and not yet delivered.
  private(set) var outcomes: [Outcome?]
  /// Whether the server has opened the transaction, which then waits for content or RSET.
  private(set) var isTransactionOpen = false
  private var acceptedCount = 0
  private var isSenderRefused = false
  /// How many recipients the server has shown to take with a message, where it said so (RFC 3463: X.5.3).
  private(set) var shownLimit: Int?

  init(
    _ envelope: Envelope, capabilities: Capabilities, beginsWithReset: Bool,
    recipientLimit: Int? = nil, usesChunk: Bool = false, isProbe: Bool = false
  ) {
    self.envelope = envelope
    self.capabilities = capabilities
    self.beginsWithReset = beginsWithReset
    self.usesChunk = usesChunk
    self.isProbe = isProbe
    outcomes = Array(repeating: nil, count: envelope.recipients.count)
    included = envelope.recipients.count
    leaveOut(from: min(recipientLimit ?? .max, capabilities.recipientLimit ?? .max))
    if let limit = capabilities.domainLimit { leaveOut(from: envelope.count(ofDomains: limit)) }
  }

  /// Whether the server has agreed to take the message for somebody.
  var isAccepted: Bool { !isSenderRefused && acceptedCount > 0 }

  /// The command whose reply comes next, nil when all that was sent is answered.
  var awaited: Command? { answered < sent ? command(answered) : nil }

  /// The outcomes, those that are open being `open`.
  ///
  /// - Parameter isOver: whether the session is.
  func outcomes(open: Outcome, isOver: Bool = false) -> [Outcome] {
    let outcomes = outcomes.map { $0 ?? open }
    // A server that puts off the content would put it off for those that were left out, too.
    let isPutOff = isAccepted && !outcomes.contains(where: \.isFinal)
    guard isOver || isPutOff else { return outcomes }
    return outcomes.map { outcome in
      if case .excess(let diagnosis) = outcome { .deferred(diagnosis) } else { outcome }
    }
  }

  /// Leaves the recipients from a place on for another transaction.
  private mutating func leaveOut(from place: Int) {
    guard place < included else { return }
    let diagnosis = Diagnosis(
      EnhancedStatus(4, 5, 3), "The host takes \(place) recipients with this message")
    for index in place..<included { outcomes[index] = .excess(diagnosis) }
    included = place
  }

  /// The commands to send now; empty while replies are to come, and when there is nothing to add.
  ///
  /// With PIPELINING that is a group, which DATA ends; otherwise it is one command.
  mutating func nextCommands() -> [UInt8] {
    var bytes: [UInt8] = []
    guard answered == sent, !isSenderRefused else { return bytes }
    let limit = capabilities.hasPipelining ? Limits.pipelinedRecipients : 1
    while sent - answered < limit, sent < commandCount {
      let next = command(sent)
      // With no recipient left there is nothing to send, unless replies may still bring one.
      if next == .data, sent == answered, !isAccepted { break }
      write(next, to: &bytes)
      sent += 1
    }
    return bytes
  }

  /// Takes the reply to `awaited`, unless that is DATA.
  mutating func receive(_ reply: Reply) {
    let isSuccess = reply.code.category == .success
    switch awaited {
    case .mail:
      isTransactionOpen = isSuccess
      if !isSuccess {
        isSenderRefused = true
        // What is asked about is the recipient, of which the refusal of the sender says nothing.
        let outcome = isProbe ? .deferred(Diagnosis(reply)) : reply.outcome
        outcomes = outcomes.map { _ in outcome }
      }
    case .recipient(let index):
      // Where the sender was refused, the replies to the rest of the group repeat it in other words.
      if isSuccess, !isSenderRefused {
        acceptedCount += 1
        if isProbe { outcomes[index] = reply.recipientOutcome }
      } else if !isSenderRefused, acceptedCount > 0, reply.saysTooMany {
        outcomes[index] = .excess(Diagnosis(reply))
        if reply.status?.isTooManyRecipients == true {
          shownLimit = min(shownLimit ?? .max, acceptedCount)
        }
        // Those that were not sent yet would be refused too.
        leaveOut(from: sent - (beginsWithReset ? 2 : 1))
      } else if !isSenderRefused {
        outcomes[index] = reply.recipientOutcome
      }
    case .reset, .data, nil:
      break
    }
    answered += 1
  }

  /// Takes the reply to DATA when it is the go-ahead.
  mutating func startContent() {
    answered += 1
  }

  /// Takes the reply that decides about all recipients that are open: to DATA or to the content.
  mutating func settle(_ outcome: Outcome) {
    for index in outcomes.indices where outcomes[index] == nil { outcomes[index] = outcome }
  }

  /// Takes the reply that decides about the first recipient that is open, as LMTP has it after the
  /// content (RFC 2033 §4.2); says whether that was the last.
  mutating func settleNext(_ outcome: Outcome) -> Bool {
    if let index = outcomes.firstIndex(where: { $0 == nil }) { outcomes[index] = outcome }
    return outcomes.allSatisfy { $0 != nil }
  }

  /// Notes that the server has answered the content, which ends the transaction either way.
  mutating func endTransaction() {
    isTransactionOpen = false
  }

  private var commandCount: Int {
    (beginsWithReset ? 1 : 0) + 1 + included + (isProbe || usesChunk ? 0 : 1)
  }

  private func command(_ place: Int) -> Command {
    let place = beginsWithReset ? place - 1 : place
    switch place {
    case ..<0: return .reset
    case 0: return .mail
    case 1...included: return .recipient(place - 1)
    default: return .data
    }
  }

  private func write(_ command: Command, to bytes: inout [UInt8]) {
    switch command {
    case .reset:
      bytes += "RSET".utf8
    case .mail:
      bytes += "MAIL FROM:".utf8
      bytes += envelope.sender.text.utf8
      if capabilities.hasSize, !isProbe { bytes += " SIZE=\(envelope.wireBytes)".utf8 }
      // Limitation: where 8BITMIME is not offered, content is sent as it is and not recoded. RFC 6152
      // §3 would have it returned, which helps nobody: such servers pass eight bits all the same.
      if capabilities.hasEightBitMIME, !isProbe { bytes += " BODY=8BITMIME".utf8 }
      if envelope.needsUTF8 { bytes += " SMTPUTF8".utf8 }
      if envelope.requiresTLS, capabilities.hasRequireTLS { bytes += " REQUIRETLS".utf8 }
      if capabilities.hasDSN {
        // RFC 3461 §5.2.1: these go on as they came.
        if let returned = envelope.report.returned { bytes += " RET=\(returned.rawValue)".utf8 }
        if let id = envelope.report.envelopeIdentifier { bytes += " ENVID=\(id)".utf8 }
      }
    case .recipient(let index):
      bytes += "RCPT TO:".utf8
      let recipient = envelope.recipients[index]
      bytes += recipient.path.text.utf8
      if capabilities.hasDSN {
        if let events = recipient.notification.events { bytes += " NOTIFY=\(events.text)".utf8 }
        if let original = recipient.notification.originalRecipient {
          bytes += " ORCPT=\(original.text)".utf8
        }
      }
    case .data:
      bytes += "DATA".utf8
    }
    bytes += [.carriageReturn, .lineFeed]
  }
}

extension Envelope {
  /// How many of the recipients, from the first on, have so many domains at most.
  fileprivate func count(ofDomains limit: Int) -> Int {
    var domains: Set<Domain?> = []
    return recipients.firstIndex { recipient in
      domains.insert(recipient.path.mailbox?.domain)
      return domains.count > limit
    } ?? recipients.count
  }
}

extension Outcome {
  fileprivate var isFinal: Bool {
    switch self {
    case .delivered, .failed: true
    case .deferred, .excess: false
    }
  }
}

extension EnhancedStatus {
  /// RFC 3463 §3.6: X.5.3.
  fileprivate var isTooManyRecipients: Bool { subject == 5 && detail == 3 }
}

extension Reply {
  /// Whether the reply to RCPT can mean that the message has as many recipients as it may have.
  ///
  /// RFC 5321 §4.5.3.1.10 has servers say 452, which full mailboxes share (X.2.2).
  fileprivate var saysTooMany: Bool {
    guard code == .insufficientStorage || isOldExcess else { return false }
    return status?.subject != 2
  }

  /// 552 is what old servers say to one recipient too many (RFC 5321 §4.5.3.1.10).
  private var isOldExcess: Bool {
    code == .exceededStorage && (status == nil || status?.isTooManyRecipients == true)
  }

  /// What the reply means for the recipients it is about.
  var outcome: Outcome {
    switch code {
    case .authenticationRequired, .mechanismTooWeak, .authenticationFailed, .encryptionRequired:
      // The server objects to this host and its configuration, and the sender of the message could
      // do nothing about it: the mail waits until the administrator has.
      return .deferred(Diagnosis(self))
    default:
      break
    }
    return switch code.category {
    case .success: .delivered(Diagnosis(self))
    case .intermediate, .temporaryFailure: .deferred(Diagnosis(self))
    case .permanentFailure: .failed(Diagnosis(self))
    }
  }

  /// What the reply to RCPT means, which is not the last word if it is positive.
  var recipientOutcome: Outcome { isOldExcess ? .deferred(Diagnosis(self)) : outcome }
}
