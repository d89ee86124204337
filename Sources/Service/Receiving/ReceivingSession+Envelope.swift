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
    let authorizations = standing.authorizations
    // Where one has to log in, a grant does as well, as long as it is there.
    if service != .smtp, authorizations.isEmpty {
      guard let user = receiver.parts.grants.pastUsers(of: client).first else {
        return refuse(transaction, .authenticationRequired, "not logged in")
      }
      return refuse(transaction, .checkMailFirst, "the grant of \(user) has ended")
    }
    let declared = transaction.parameters.sizeBytes ?? 0
    do throws(UsersFileError) {
      let limit = try messageBytes(
        of: authorizations.filter {
          !$0.isOfAddress || (try? maySend($0, as: transaction.sender)) == true
        })
      if declared > limit {
        return refuse(
          transaction, .tooLarge(limitBytes: limit), "larger than the \(limit) bytes allowed")
      }
    } catch {
      return refuse(transaction, .localError, error.description)
    }
    do throws(SystemError) {
      if try receiver.parts.spool.space.isReadOnly {
        return refuse(transaction, .insufficientStorage, "the spool's disk is read-only")
      }
      try receiver.parts.spool.checkRoom(
        for: expectedBytes(of: transaction), leaving: settings.values.freeSpaceBytes)
    } catch let error where error.isOutOfSpace {
      return refuse(
        transaction, .insufficientStorage,
        "the spool's disk has \(freeMegabytes) MB free, and less would be left than is to stay")
    } catch {
      return refuse(transaction, .localError, "\(error)")
    }
    return session.senderAccepted(transaction)
  }

  /// The octets that room is kept for: what was declared, or what is assumed without that.
  func expectedBytes(of transaction: Transaction) -> Int {
    transaction.parameters.sizeBytes ?? min(Limits.assumedBytes, messageBytes)
  }

  private var freeMegabytes: Int { ((try? receiver.parts.spool.space.freeBytes) ?? 0) >> 20 }

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
    let sender = session.transaction?.sender ?? .null
    if profile?.allows(sender) == false {
      return refuse(path, .wrongSender, "the profile does not allow this sender")
    }
    do throws(UsersFileError) {
      let decision = try settings.policy.decide(path, client: standing) {
        authorization throws(UsersFileError) in try maySend(authorization, as: sender)
      }
      switch decision {
      case .local(let authorizations):
        return try await takeLocal(path, notification, authorizations)
      case .relay(let authorizations):
        guard let mailbox = path.mailbox else { return session.refused(.noSuchUser) }
        let able = try relaying(authorizations)
        if able.isEmpty {
          return try refuseOrAskForLogin(
            path, sender, .relayingDenied,
            "\(authorizations.map(\.name).joined(separator: ", ")): may-relay=no")
        }
        return try take(path, users: [], remote: [mailbox], notification, able)
      case .wrongSender(let authorizations):
        return try refuseOrAskForLogin(
          path, sender, .wrongSender,
          "\(authorizations.map(\.name).joined(separator: ", ")): may not send as this sender")
      case .denied:
        if let user = receiver.parts.grants.pastUsers(of: client).first {
          return refuse(path, .checkMailFirst, "the grant of \(user) has ended")
        }
        if receiver.parts.grants.isUncertain(of: client) {
          return refuse(
            path, .localError, "the users cannot be read, so it is not known who may relay")
        }
        let mayEarn = receiver.parts.grants.mayEarn(client)
        return refuse(
          path, mayEarn ? .relayingDeniedForNow : .relayingDenied, "not authorised to relay")
      }
    } catch {
      return refuse(path, .localError, error.description)
    }
  }

  private func takeLocal(
    _ path: ForwardPath, _ notification: NotificationRequest, _ authorizations: [Authorization]
  ) async throws(UsersFileError) -> ServerAction {
    if authorizations.allSatisfy(\.isOfAddress), let listing = await blocklisting() {
      return refuse(path, listing.reply, listing.reason)
    }
    let mailbox = path.mailbox ?? settings.values.postmaster
    if let server = settings.values.handovers[mailbox.domain] {
      return try await hand(mailbox, for: path, to: server, notification, authorizations)
    }
    return try await takeMaildrops(of: mailbox, for: path, notification, authorizations)
  }

  private func takeMaildrops(
    of mailbox: Mailbox, for path: ForwardPath, _ notification: NotificationRequest,
    _ authorizations: [Authorization]
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
    if authorizations.isEmpty, !found.remote.isEmpty,
      let refusal = refusalToForward(found.remote.count)
    {
      return refuse(path, refusal.reply, refusal.reason)
    }
    return try take(path, users: found.users, remote: found.remote, notification, authorizations)
  }

  /// Why a stranger's mail cannot be sent elsewhere now; counts the copies of it where it can.
  ///
  /// Who writes to an alias is nobody that is known here, and so is whoever a report would go to.
  private func refusalToForward(_ copies: Int) -> (reply: Reply, reason: String)? {
    if receiver.parts.spool.isFull(toOneIn: Limits.forwardedShare) {
      return (.queueFull, "the part of the queue for strangers' mail to other hosts is full")
    }
    return receiver.forwarding.take(copies, from: client, at: .now).map { (.forwardedTooMuch, $0) }
  }

  /// Takes mail for another server's mailbox, if that server says that there is one.
  private func hand(
    _ mailbox: Mailbox, for path: ForwardPath, to server: LMTPServer,
    _ notification: NotificationRequest, _ authorizations: [Authorization]
  ) async throws(UsersFileError) -> ServerAction {
    let finding = await receiver.probes.ask(
      server, about: mailbox, by: settings.values.hostname)
    switch finding {
    case .rejected where mailbox.isRequired:
      // RFC 5321 §4.5.1: these exist, whatever the server says.
      return try await takeMaildrops(of: mailbox, for: path, notification, authorizations)
    case .rejected(let diagnosis):
      return refuse(path, .noSuchUser, "\(server): \(diagnosis.text)")
    case .unknown(let reason) where authorizations.isEmpty:
      // A stranger comes again; to take the mail might end in a report to whom it claims to be from.
      return refuse(path, .cannotVerify, reason)
    case .accepted, .unknown:
      return try take(path, users: [], remote: [mailbox], notification, authorizations)
    }
  }

  /// Adds the recipient, if neither the envelope nor the hour is full.
  private func take(
    _ path: ForwardPath, users: [String], remote: [Mailbox], _ notification: NotificationRequest,
    _ authorizations: [Authorization]
  ) throws(UsersFileError) -> ServerAction {
    if !remote.isEmpty, receiver.parts.spool.isFull {
      return refuse(path, .queueFull, "the queue is full")
    }
    if let refusal = try charge(authorizations) {
      guard let reason = refusal.reason else { return session.refused(refusal.reply) }
      return refuse(path, refusal.reply, reason)
    }
    guard destinations.add(path, users: users, remote: remote, notification) else {
      return session.refused(.tooManyRecipients)
    }
    return session.recipientAccepted(path)
  }

  func refuse(
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

extension Reply {
  /// For a client in a network of [pop-before-smtp], which can help itself.
  fileprivate static var relayingDeniedForNow: Reply {
    Reply(
      .refused, EnhancedStatus(5, 7, 1),
      "Relaying denied; check your mail by POP3 first and send again, or log in")
  }
  static var wrongSender: Reply {
    Reply(.mailboxNameNotAllowed, EnhancedStatus(5, 7, 1), "You may not send as this address")
  }
  /// RFC 6409 §4.3: authorisation as the site has it, which is here the login by POP3.
  static var checkMailFirst: Reply {
    Reply(.mailboxBusy, EnhancedStatus(4, 7, 1), "Check your mail first, then send again")
  }
  fileprivate static var cannotVerify: Reply {
    Reply(
      .mailboxBusy, EnhancedStatus(4, 4, 0), "The mailbox cannot be verified now, try again later")
  }
  fileprivate static var forwardedTooMuch: Reply {
    Reply(
      .mailboxBusy, EnhancedStatus(4, 7, 1),
      "Too much mail for addresses that are forwarded, try again later")
  }
}
