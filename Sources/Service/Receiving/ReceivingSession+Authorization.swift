import Accounts
import EventLoop
import Grants
import Log
import Mail
import Network
import Platform
import SMTP
import Spool

/// What speaks for a client, and what that allows.
///
/// Several users may have logged in by POP3 where the client is: a household behind one address. Any of their
/// grants counts that covers the sender, and the limits of the others do not.
extension ReceivingSession {
  /// What is known of the client at this moment: a grant, and the trust in a network, may go while the
  /// session lasts.
  var standing: RelayPolicy.Client {
    var users: [String] = []
    for grant in receiver.parts.grants.grants(of: client) where !users.contains(grant.user) {
      users.append(grant.user)
    }
    return RelayPolicy.Client(isTrusted: isTrusted, user: session.user, grantUsers: users)
  }

  /// Whether somebody so authorised may send as this sender.
  func maySend(
    _ authorization: Authorization, as sender: ReversePath
  ) throws(UsersFileError) -> Bool {
    switch authorization {
    case .network:
      return true
    case .user(let name), .grant(let name):
      // A user who has been removed since the login may send nothing, not even a report.
      guard let user = try receiver.parts.accounts.mailbox(for: name), !user.isDisabled else {
        return false
      }
      // A grant is of an address: a report, which nobody answers for, takes a login of the sender.
      if sender == .null, authorization != .user(name) { return false }
      return user.maySend(as: sender)
    }
  }

  /// Those that allow to send beyond the domains of this host.
  func relaying(
    _ authorizations: [Authorization]
  ) throws(UsersFileError) -> [Authorization] {
    var able: [Authorization] = []
    for authorization in authorizations {
      switch authorization {
      case .network: able.append(authorization)
      case .user(let name), .grant(let name):
        if try receiver.parts.accounts.mailbox(for: name)?.mayRelay == true {
          able.append(authorization)
        }
      }
    }
    return able
  }

  /// Refuses a recipient for good, unless a user had a grant here with which it would have been taken.
  func refuseOrAskForLogin(
    _ path: ForwardPath, _ sender: ReversePath, _ reply: Reply, _ reason: String
  ) throws(UsersFileError) -> ServerAction {
    if session.user == nil, !isTrusted {
      for user in receiver.parts.grants.pastUsers(of: client) {
        guard try maySend(.grant(user), as: sender), try !relaying([.grant(user)]).isEmpty else {
          continue
        }
        return refuse(path, .checkMailFirst, "\(reason); the grant of \(user) has ended")
      }
    }
    return refuse(path, reply, reason)
  }

  // MARK: Limits

  /// How much may be sent: what the user says comes before the profile, and that before what holds
  /// for all.
  func limits(of authorization: Authorization?) throws(UsersFileError) -> SendingLimits {
    let general = profile?.limits.orElse(settings.values.limits) ?? settings.values.limits
    switch authorization {
    case .user(let user), .grant(let user):
      return try receiver.parts.accounts.mailbox(for: user)?.limits.orElse(general) ?? general
    case .network, nil:
      return general
    }
  }

  /// The size that a message may have: of several grants the most that one of them allows.
  func messageBytes(of authorizations: [Authorization]) throws(UsersFileError) -> Int {
    if authorizations.isEmpty { return try limits(of: nil).messageBytes ?? .max }
    var most = 0
    for authorization in authorizations {
      most = max(most, try limits(of: authorization).messageBytes ?? .max)
    }
    return most
  }

  /// Why a recipient is not taken, and how the log says it; no reason where the log is not told.
  struct Refusal {
    let reply: Reply
    let reason: String?
    /// Whether another try may have success.
    var passes: Bool { reply.code.category == .temporaryFailure }
  }

  /// Counts a recipient for the first that may send one more; or tells what keeps it back, of several reasons
  /// one that passes.
  ///
  /// What has let the message's first recipient through comes first, for the log and the message name that;
  /// then a user whose own address the sender is, then the nearest grant.
  func charge(_ authorizations: [Authorization]) throws(UsersFileError) -> Refusal? {
    if authorizations.isEmpty { return try lack(nil) }
    let grants = receiver.parts.grants.grants(of: client)
    var candidates: [(payer: Destinations.Payer, grant: Grant?, rank: Int)] = []
    for authorization in authorizations {
      guard case .grant(let user) = authorization else {
        candidates.append((Destinations.Payer(authorization: authorization, grant: nil), nil, 0))
        continue
      }
      let isOwn = isOwnAddress(of: user, session.transaction?.sender.mailbox)
      for grant in grants where grant.user == user {
        let payer = Destinations.Payer(authorization: authorization, grant: grant.address)
        let place = destinations.payers.firstIndex(of: payer).map { $0 - destinations.payers.count }
        candidates.append((payer, grant, place ?? (isOwn ? 0 : 1)))
      }
    }
    var refusal: Refusal?
    for rank in Set(candidates.map(\.rank)).sorted() {
      for candidate in candidates where candidate.rank == rank {
        guard let lack = try lack(candidate.payer, candidate.grant) else {
          destinations.note(candidate.payer)
          return nil
        }
        if refusal == nil || lack.passes && refusal?.passes == false { refusal = lack }
      }
    }
    // The grants may have ended just now.
    return refusal ?? Refusal(reply: .checkMailFirst, reason: "the grant has ended")
  }

  /// Whether an address is a user's own, and not only one of those that the user may send as.
  private func isOwnAddress(of user: String, _ sender: Mailbox?) -> Bool {
    guard let sender else { return false }
    return account(of: .grant(user))?.mayWrite(sender) == true
  }

  /// What keeps a recipient back; nil, and it is counted, if nothing does.
  private func lack(
    _ payer: Destinations.Payer?, _ grant: Grant? = nil
  ) throws(UsersFileError) -> Refusal? {
    let limits = try limits(of: payer?.authorization)
    let count = session.transaction?.recipients.count ?? 0
    if count >= limits.recipients ?? .max { return Refusal(reply: .tooManyRecipients, reason: nil) }
    guard let payer else { return nil }
    let (declared, most) = (
      session.transaction?.parameters.sizeBytes ?? 0, limits.messageBytes ?? .max
    )
    if declared > most {
      return Refusal(
        reply: .tooLarge(limitBytes: most), reason: "larger than the \(most) bytes allowed")
    }
    let isFirstOfGrant = !destinations.payers.contains(payer)
    if let grant,
      let excess = receiver.parts.grants.excess(of: grant, isFirstOfMessage: isFirstOfGrant)
    {
      return Refusal(reply: .usedUp(excess), reason: "more than \(excess.text)")
    }
    let isFirst = !destinations.payers.contains { $0.authorization == payer.authorization }
    if let excess = excess(payer.authorization, limits, isFirst: isFirst) {
      return Refusal(reply: .tooMuchSent(excess), reason: "more than \(excess.text)")
    }
    if let grant { receiver.parts.grants.count(grant, isFirstOfMessage: isFirstOfGrant) }
    return nil
  }

  /// Counts the recipient for whoever sends; returns what there are too many of.
  ///
  /// Strangers are not counted, for they send to local mailboxes only; nor is this machine itself,
  /// unless a profile is about it.
  private func excess(
    _ authorization: Authorization, _ limits: SendingLimits, isFirst: Bool
  ) -> SendingAllowance.Excess? {
    let holder: SendingAllowance.Holder
    switch authorization {
    case .user(let user), .grant(let user): holder = .user(user)
    case .network where client.isLoopback && profile?.countsThisMachine != true: return nil
    case .network: holder = .client(client)
    }
    return receiver.allowance.take(holder, isFirstOfMessage: isFirst, limits: limits, at: .now)
  }
}

extension User {
  /// How much the user may send, as far as the users file says.
  fileprivate var limits: SendingLimits {
    SendingLimits(
      messageBytes: messageSize?.bytes, recipients: recipients, messagesPerHour: messagesPerHour,
      recipientsPerHour: recipientsPerHour)
  }
}

extension Reply {
  fileprivate static func usedUp(_ excess: GrantExcess) -> Reply {
    Reply(
      .mailboxBusy, EnhancedStatus(4, 7, 1),
      "You may send \(excess.text), check your mail and send again")
  }
  fileprivate static func tooMuchSent(_ excess: SendingAllowance.Excess) -> Reply {
    Reply(
      .mailboxBusy, EnhancedStatus(4, 7, 1),
      "You may send \(excess.text), try again in \(excess.minutes) minutes")
  }
}

extension SendingAllowance.Excess {
  /// How long to wait, in minutes that have begun.
  fileprivate var minutes: Int64 { (wait.wholeSeconds + 59) / 60 }
}
