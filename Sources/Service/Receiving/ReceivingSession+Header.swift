import Accounts
import Mail
import Network
import SMTP
import Spool

extension ReceivingSession {
  /// What is to become of the header of the message.
  ///
  /// A client that may send gets what it has left out (RFC 6409 §8), and one whose profile says so
  /// gets more. Mail of others is passing: of that only trace fields are touched that nobody else may
  /// write in this host's name.
  func headerRules(of transaction: Transaction, id: QueueID) -> HeaderRules {
    var rules = HeaderRules()
    rules.allowsUTF8 =
      transaction.parameters.isInternational || profile?.allowsEightBitHeader == true
    let isFinal = !destinations.users.isEmpty || destinations.authorization == nil
    if isFinal {
      rules.authenticationServer = settings.values.hostname
      rules.removesReturnPath = true
    }
    if profile?.completesHeader == true {
      rules.author = transaction.sender.mailbox ?? settings.values.postmaster
      rules.addsDestination = true
      rules.addsMIMEVersion = true
    }
    guard let authorization = destinations.authorization else { return rules }
    if settings.values.addsMissingFields {
      rules.date = DateTime(unixSeconds: Int64(id.seconds))
      rules.messageID = MessageID(unique: "\(id)", host: settings.values.hostname)
    }
    if settings.values.addsSender { rules.account = account(of: authorization) }
    return rules
  }

  /// The address of the user that sends, and the addresses that are the user's as well.
  func account(of authorization: Authorization) -> HeaderRules.Account? {
    switch authorization {
    case .network:
      return nil
    case .user(let name), .grant(let name):
      guard let mailbox = Mailbox(localPart: name, domain: settings.values.localDomain) else {
        return nil
      }
      let senders = (try? receiver.parts.accounts.mailbox(for: name))?.senders ?? []
      return HeaderRules.Account(mailbox: mailbox) { author in
        // Who may send as anything is known by the own address alone.
        SenderRule.mailbox(mailbox).covers(author)
          || senders.contains { $0 != .any && $0.covers(author) }
      }
    }
  }
}
