import Accounts
import EventLoop
import Log
import Mail
import Platform
import SMTP
import Spool

/// What maildrops may hold, and who has been told that one is nearly full.
///
/// One without a quota for its size is nearly full when the disk is, and it could grow by little: so those
/// are told who have most of it.
@Loop
final class Quotas {
  private let spool: Spool
  private let accounts: Accounts
  /// Who has been told, as far as was looked; one entry for each user.
  private var told: [String: Bool] = [:]
  /// What the disk of the maildrops has.
  var space: () throws(SystemError) -> FileSystemSpace
  /// Whose notice is being written.
  private var telling: Set<String> = []

  init(spool: Spool, accounts: Accounts) {
    self.spool = spool
    self.accounts = accounts
    space = { () throws(SystemError) in try spool.space }
  }

  /// Why a user's maildrop takes no other message; nil if it does.
  func lackOfRoom(
    for user: String, declaredBytes: Int, _ settings: ReceivingSettings
  ) async throws(UsersFileError) -> (reply: Reply, reason: String)? {
    var quota = try quota(of: user, settings)
    if quota.isUnlimited { return nil }
    quota.roomBytes = room(settings)
    do throws(SystemError) {
      let usage = try await spool.usage(of: user)
      try await forgetNotice(of: user, at: quota.percent(usage))
      guard let lack = quota.lack(usage, declaredBytes: declaredBytes) else { return nil }
      // Whoever got a smaller quota, or filled the maildrop otherwise, was not told by a delivery.
      await note(usage, of: user, quota, settings)
      return (.mailboxFull, "the maildrop of \(user) is over \(lack)")
    } catch {
      return (.localError, "\(error)")
    }
  }

  /// Tells users whose maildrops have become nearly full by a message that was delivered.
  ///
  /// **Failures**: they are logged; the message that was delivered is not touched by them.
  func noteDelivery(to users: [String], bytes: Int, _ settings: ReceivingSettings) async {
    let room = room(settings)
    for user in users {
      guard var quota = try? quota(of: user, settings) else { continue }
      quota.roomBytes = room
      do throws(SystemError) {
        if quota.isUnlimited, room == nil {
          try await forgetNotice(of: user, at: 0)
          continue
        }
        var usage = MaildropUsage()
        if quota.isUnlimited {
          // Nobody has looked at RCPT.
          usage = try await spool.usage(of: user)
        } else {
          usage = spool.lastUsage(of: user) ?? usage
          usage.bytes += bytes
          usage.messages += 1
        }
        await note(usage, of: user, quota, settings)
      } catch {
        Log.say(.error, "how full the maildrop of \(user) is cannot be told: \(error)")
      }
    }
  }

  /// The octets that mail may take of the disk; nil while one in five is free, as no maildrop is over
  /// `QuotaNotice.end` then.
  private func room(_ settings: ReceivingSettings) -> Int? {
    guard let space = try? space(), space.freeBytes < space.bytes / 5 else { return nil }
    return max(0, space.freeBytes - settings.freeSpaceBytes)
  }

  /// Tells a user whose maildrop is nearly full, if nobody has or does at this moment.
  private func note(
    _ usage: MaildropUsage, of user: String, _ quota: Quota, _ settings: ReceivingSettings
  ) async {
    // Only where it is worth it the maildrop is read again.
    guard quota.percent(usage) >= QuotaNotice.threshold, told[user] != true,
      !telling.contains(user)
    else { return }
    telling.insert(user)
    do throws(SystemError) {
      try await tell(user, quota, settings)
    } catch {
      Log.say(.error, "\(user) cannot be told that the maildrop is nearly full: \(error)")
    }
    telling.remove(user)
  }

  private func tell(
    _ user: String, _ quota: Quota, _ settings: ReceivingSettings
  ) async throws(SystemError) {
    let usage = try await spool.usage(of: user)
    guard quota.percent(usage) >= QuotaNotice.threshold else { return }
    if try await isTold(user) { return }
    let id = spool.makeID()
    let notice = QuotaNotice(
      user: user, quota: quota, usage: usage, hostname: settings.hostname,
      postmaster: settings.postmaster, identifier: "\(id)",
      date: DateTime(unixSeconds: WallClock.now))
    let delivery = spool.begin(
      SubmittedEnvelope(reversePath: "", recipients: [], origin: "notice of quota"), users: [user],
      id: id, trace: "Received: by \(settings.hostname.text) id \(id);\n\t\(notice.date.text)\n")
    try await delivery.write(Array(notice.text.utf8))
    try await delivery.commit()
    Log.record(.stored(id: "\(id)", user: user))
    Log.say(.notice, "the maildrop of \(user) is \(quota.percent(usage)) % full; the user is told")
    told[user] = true
    try await spool.noteToldOfUsage(user, true)
  }

  private func isTold(_ user: String) async throws(SystemError) -> Bool {
    if let isTold = told[user] { return isTold }
    let isTold = try await spool.isToldOfUsage(user)
    told[user] = isTold
    return isTold
  }

  private func forgetNotice(of user: String, at percent: Int) async throws(SystemError) {
    guard percent < QuotaNotice.end, try await isTold(user) else { return }
    told[user] = false
    try await spool.noteToldOfUsage(user, false)
  }

  private func quota(
    of user: String, _ settings: ReceivingSettings
  ) throws(UsersFileError) -> Quota {
    let own = try accounts.mailbox(for: user).map {
      Quota(size: $0.quota, messages: $0.quotaMessages)
    }
    return own?.orElse(settings.quota) ?? settings.quota
  }
}

extension Reply {
  /// RFC 3463 §3.3: the mailbox is full, which its owner can change.
  fileprivate static var mailboxFull: Reply {
    Reply(.insufficientStorage, EnhancedStatus(4, 2, 2), "The mailbox is full, try again later")
  }
}
