import Accounts
import Grants
import Log
import Mail
import Network
import Platform
import SMTP
import Spool

/// What is to become of the recipients of a transaction.
struct Destinations {
  /// Those for the queue.
  var remote: [SubmittedEnvelope.Recipient] = []
  /// The octets that they take in its file.
  var remoteBytes = 0
  /// Users whose maildrops get the message, each once.
  var users: [String] = []
  /// What allows the remote ones.
  var authorization: Authorization?
}

extension ReceivingSession {
  /// Opens a transaction if the disk has room for what the client declares.
  func checkSender(_ transaction: Transaction) -> ServerAction {
    destinations = Destinations()
    let sender = transaction.sender.text
    do throws(SystemError) {
      let space = try receiver.spool.space
      let wanted = settings.freeSpaceBytes + (transaction.parameters.sizeBytes ?? 0)
      if space.freeBytes < wanted || space.freeFiles < 16 {
        Log.record(
          .messageRefused(
            client: "\(client)", from: sender,
            reason: "the spool's disk has \(space.freeBytes >> 20) MB free, less than is to stay"))
        return session.refused(.insufficientStorage)
      }
    } catch {
      Log.record(.messageRefused(client: "\(client)", from: sender, reason: "\(error)"))
      return session.refused(.localError)
    }
    return session.senderAccepted(transaction)
  }

  /// Decides about a recipient, and where its copy goes.
  func checkRecipient(_ path: ForwardPath) async -> ServerAction {
    let decision: RelayPolicy.Decision
    do throws(UsersFileError) {
      decision = try policy.decide(
        path, client: client, user: session.user,
        grantUser: receiver.grants.grant(of: client)?.user, maySend: maySend)
    } catch {
      return refuse(path, .localError, error.description)
    }
    switch decision {
    case .local(let localPart):
      return await checkLocalRecipient(path, localPart)
    case .relay(let authorization):
      guard let mailbox = path.mailbox else { return session.refused(.noSuchUser) }
      return queue(mailbox.text, for: path, authorization)
    case .wrongSender(let authorization):
      return refuse(path, .wrongSender, "\(authorization.name) may not send as this sender")
    case .denied:
      return refuse(path, .relayingDenied, "not authorised to relay")
    }
  }

  /// Adds a remote recipient, if the queue takes the message and its envelope one more.
  private func queue(
    _ address: String, for path: ForwardPath, _ authorization: Authorization
  ) -> ServerAction {
    if receiver.spool.isFull { return refuse(path, .insufficientStorage, "the queue is full") }
    let recipient = SubmittedEnvelope.Recipient(address)
    let bytes = destinations.remoteBytes + QueueEnvelope.bytes(of: recipient)
    guard QueueEnvelope.hasRoom(forRecipientBytes: bytes) else {
      return session.refused(.tooManyRecipients)
    }
    destinations.remote.append(recipient)
    destinations.remoteBytes = bytes
    destinations.authorization = authorization
    return session.recipientAccepted(path)
  }

  private func checkLocalRecipient(
    _ path: ForwardPath, _ localPart: String
  ) async -> ServerAction {
    let user: User?
    do throws(UsersFileError) {
      user = try receiver.accounts.mailbox(for: localPart)
    } catch {
      return refuse(path, .localError, error.description)
    }
    guard let name = user?.name.text ?? Self.requiredMailbox(localPart) else {
      return refuse(path, .noSuchUser, "no such user")
    }
    if let quota = user?.quota {
      do throws(SystemError) {
        let wanted =
          try await receiver.spool.maildropBytes(of: name)
          + (session.transaction?.parameters.sizeBytes ?? 0)
        if wanted > quota.bytes {
          return refuse(path, .mailboxFull, "the maildrop is over its quota of \(quota)")
        }
      } catch {
        return refuse(path, .localError, "\(error)")
      }
    }
    if !destinations.users.contains(name) { destinations.users.append(name) }
    return session.recipientAccepted(path)
  }

  /// The mailbox that must exist even where no user has its name (RFC 5321 §4.5.1).
  ///
  /// The mail waits in a maildrop until a user of that name is added.
  private static func requiredMailbox(_ localPart: String) -> String? {
    let name = localPart.asciiLowercased
    return name == "postmaster" || name == "abuse" ? name : nil
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

  /// Whether a user may send as the sender of the open transaction; a report has none.
  private func maySend(_ user: String) throws(UsersFileError) -> Bool {
    guard let sender = session.transaction?.sender.mailbox else { return true }
    return try receiver.accounts.mailbox(for: user)?.maySend(as: sender) ?? false
  }
}

extension Reply {
  /// RFC 3463 §3.3: the mailbox is full, which its owner can change.
  fileprivate static var mailboxFull: Reply {
    Reply(.insufficientStorage, EnhancedStatus(4, 2, 2), "The mailbox is full, try again later")
  }
  fileprivate static var wrongSender: Reply {
    Reply(.mailboxNameNotAllowed, EnhancedStatus(5, 7, 1), "You may not send as this address")
  }
}
