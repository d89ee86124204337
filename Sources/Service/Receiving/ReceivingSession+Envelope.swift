import Accounts
import EventLoop
import Grants
import Log
import Mail
import Network
import Platform
import SMTP
import Spool

extension ReceivingSession {
  // MARK: The sender

  /// Opens a transaction if the client may send so much and the disk has room for it.
  func checkSender(_ transaction: Transaction) -> ServerAction {
    destinations = Destinations()
    let standing = standing
    // Where one has to log in, a grant does as well, as long as it is there.
    if service != .smtp, standing.authorization == nil {
      guard let user = receiver.parts.grants.pastUser(of: client) else {
        return refuse(transaction, .authenticationRequired, "not logged in")
      }
      return refuse(transaction, .checkMailFirst, "the grant of \(user) has ended")
    }
    let declared = transaction.parameters.sizeBytes ?? 0
    do throws(UsersFileError) {
      let limit = try limits(of: standing.authorization).messageBytes ?? .max
      if declared > limit {
        return refuse(
          transaction, .tooLarge(limitBytes: limit), "larger than the \(limit) bytes allowed")
      }
    } catch {
      return refuse(transaction, .localError, error.description)
    }
    do throws(SystemError) {
      let space = try receiver.parts.spool.space
      if space.freeBytes - settings.values.freeSpaceBytes < declared || space.freeFiles < 16 {
        return refuse(
          transaction, .insufficientStorage,
          "the spool's disk has \(space.freeBytes >> 20) MB free, less than is to stay")
      }
    } catch {
      return refuse(transaction, .localError, "\(error)")
    }
    return session.senderAccepted(transaction)
  }

  private func refuse(
    _ transaction: Transaction, _ reply: Reply, _ reason: String
  ) -> ServerAction {
    Log.record(
      .messageRefused(client: "\(client)", from: transaction.sender.text, reason: reason))
    return session.refused(reply)
  }

  // MARK: A recipient

  /// Decides about a recipient, and where its copy goes.
  func checkRecipient(
    _ path: ForwardPath, _ notification: NotificationRequest
  ) async -> ServerAction {
    do throws(UsersFileError) {
      switch try settings.policy.decide(path, client: standing, maySend: maySend) {
      case .local(let authorization):
        return try await takeLocal(path, notification, authorization)
      case .relay(let authorization):
        guard let mailbox = path.mailbox else { return session.refused(.noSuchUser) }
        guard try mayRelay(authorization) else {
          return refuse(path, .relayingDenied, "\(authorization.name) has may-relay=no")
        }
        return try take(path, users: [], remote: [mailbox], notification, authorization)
      case .wrongSender(let authorization):
        return refuse(path, .wrongSender, "\(authorization.name) may not send as this sender")
      case .denied:
        if let user = receiver.parts.grants.pastUser(of: client) {
          return refuse(path, .checkMailFirst, "the grant of \(user) has ended")
        }
        return refuse(path, .relayingDenied, "not authorised to relay")
      }
    } catch {
      return refuse(path, .localError, error.description)
    }
  }

  /// What is known of the client at this moment: a grant, and the trust in a network, may go while the
  /// session lasts.
  private var standing: RelayPolicy.Client {
    RelayPolicy.Client(
      isTrusted: isTrusted, user: session.user,
      grantUser: receiver.parts.grants.grant(of: client)?.user)
  }

  /// Whether somebody so authorised may send as the sender of the open transaction; a report has none.
  private func maySend(_ authorization: Authorization) throws(UsersFileError) -> Bool {
    let sender = session.transaction?.sender.mailbox
    switch authorization {
    case .network:
      return sender.flatMap { profile?.allows($0) } ?? true
    case .user(let name), .grant(let name):
      // A user who has been removed since the login may send nothing, not even a report.
      guard let user = try receiver.parts.accounts.mailbox(for: name), !user.isDisabled else {
        return false
      }
      if let sender { return user.maySend(as: sender) }
      // A grant is of an address: a report, which nobody answers for, takes a login of the sender.
      return authorization == .user(name)
    }
  }

  /// Whether somebody so authorised may send beyond the domains of this host.
  private func mayRelay(_ authorization: Authorization) throws(UsersFileError) -> Bool {
    switch authorization {
    case .network: return true
    case .user(let name), .grant(let name):
      return try receiver.parts.accounts.mailbox(for: name)?.mayRelay == true
    }
  }

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

  private func takeLocal(
    _ path: ForwardPath, _ notification: NotificationRequest, _ authorization: Authorization?
  ) async throws(UsersFileError) -> ServerAction {
    if authorization?.isOfAddress != false, let listing = await blocklisting() {
      return refuse(path, listing.reply, listing.reason)
    }
    let mailbox = path.mailbox ?? settings.values.postmaster
    if let server = settings.values.handovers[mailbox.domain] {
      return try await hand(mailbox, for: path, to: server, notification, authorization)
    }
    return try await takeMaildrops(of: mailbox, for: path, notification, authorization)
  }

  private func takeMaildrops(
    of mailbox: Mailbox, for path: ForwardPath, _ notification: NotificationRequest,
    _ authorization: Authorization?
  ) async throws(UsersFileError) -> ServerAction {
    guard let found = try receiver.parts.recipients.resolve(mailbox) else {
      return refuse(path, .noSuchUser, "no such user")
    }
    for user in found.users {
      let problem = try await receiver.quotas.lackOfRoom(
        for: user, declaredBytes: session.transaction?.parameters.sizeBytes ?? 0, settings.values)
      if let problem {
        return refuse(path, problem.reply, problem.reason)
      }
    }
    return try take(path, users: found.users, remote: found.remote, notification, authorization)
  }

  /// Takes mail for another server's mailbox, if that server says that there is one.
  private func hand(
    _ mailbox: Mailbox, for path: ForwardPath, to server: LMTPServer,
    _ notification: NotificationRequest, _ authorization: Authorization?
  ) async throws(UsersFileError) -> ServerAction {
    let finding = await receiver.probes.ask(
      server, about: mailbox, by: settings.values.hostname)
    switch finding {
    case .rejected where mailbox.isRequired:
      // RFC 5321 §4.5.1: these exist, whatever the server says.
      return try await takeMaildrops(of: mailbox, for: path, notification, authorization)
    case .rejected(let diagnosis):
      return refuse(path, .noSuchUser, "\(server): \(diagnosis.text)")
    case .unknown(let reason) where authorization == nil:
      // A stranger comes again; to take the mail might end in a report to whom it claims to be from.
      return refuse(path, .cannotVerify, reason)
    case .accepted, .unknown:
      return try take(path, users: [], remote: [mailbox], notification, authorization)
    }
  }

  /// Adds the recipient, if neither the envelope nor the hour is full.
  private func take(
    _ path: ForwardPath, users: [String], remote: [Mailbox], _ notification: NotificationRequest,
    _ authorization: Authorization?
  ) throws(UsersFileError) -> ServerAction {
    if !remote.isEmpty, receiver.parts.spool.isFull {
      return refuse(path, .insufficientStorage, "the queue is full")
    }
    let limits = try limits(of: authorization)
    let count = session.transaction?.recipients.count ?? 0
    if count >= limits.recipients ?? .max { return session.refused(.tooManyRecipients) }
    if let excess = excess(authorization, limits, isFirst: count == 0) {
      return refuse(path, .tooMuchSent(excess), "more than \(excess.text)")
    }
    if case .grant? = authorization,
      let excess = receiver.parts.grants.take(client, isFirstOfMessage: count == 0)
    {
      return refuse(path, .usedUp(excess), "more than \(excess.text)")
    }
    guard destinations.add(path, users: users, remote: remote, notification) else {
      return session.refused(.tooManyRecipients)
    }
    if let authorization { destinations.authorization = authorization }
    return session.recipientAccepted(path)
  }

  /// Counts the recipient for whoever sends; returns what there are too many of.
  ///
  /// Strangers are not counted, for they send to local mailboxes only; nor is this machine itself,
  /// unless a profile is about it.
  private func excess(
    _ authorization: Authorization?, _ limits: SendingLimits, isFirst: Bool
  ) -> SendingAllowance.Excess? {
    let holder: SendingAllowance.Holder
    switch authorization {
    case .user(let user), .grant(let user): holder = .user(user)
    case .network where client.isLoopback && profile?.countsThisMachine != true: return nil
    case .network: holder = .client(client)
    case nil: return nil
    }
    return receiver.allowance.take(holder, isFirstOfMessage: isFirst, limits: limits, at: .now)
  }

  private func refuse(
    _ path: ForwardPath, _ reply: Reply, _ reason: String
  ) -> ServerAction {
    Log.record(
      .recipientRefused(
        client: "\(client)", from: session.transaction?.sender.text ?? "", to: path.text,
        reason: reason))
    return session.refused(reply)
  }

  // MARK: The queue

  /// Lets the queue try again what waits for a domain (RFC 1985).
  func flush(_ domain: Domain, withSubdomains: Bool) async -> Reply {
    let count = await receiver.parts.flush { other in
      other == domain || withSubdomains && other.isBelow(domain)
    }
    guard let count else { return .cannotFlush }
    Log.say(.notice, "\(client) has the mail for \(domain.text) tried now: \(count) messages")
    return .flushing(domain, messages: count)
  }
}

extension Mailbox {
  /// Whether every host has such a mailbox.
  fileprivate var isRequired: Bool {
    Self.requiredNames.contains(localPart.asciiLowercased)
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
  fileprivate static var wrongSender: Reply {
    Reply(.mailboxNameNotAllowed, EnhancedStatus(5, 7, 1), "You may not send as this address")
  }
  /// RFC 6409 §4.3: authorisation as the site has it, which is here the login by POP3.
  fileprivate static var checkMailFirst: Reply {
    Reply(.mailboxBusy, EnhancedStatus(4, 7, 1), "Check your mail first, then send again")
  }
  fileprivate static func usedUp(_ excess: GrantExcess) -> Reply {
    Reply(
      .mailboxBusy, EnhancedStatus(4, 7, 1),
      "You may send \(excess.text), check your mail and send again")
  }
  fileprivate static var cannotVerify: Reply {
    Reply(
      .mailboxBusy, EnhancedStatus(4, 4, 0), "The mailbox cannot be verified now, try again later")
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
