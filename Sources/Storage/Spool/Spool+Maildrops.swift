import EventLoop
package import Maildir
package import Platform

/// What lies in a maildrop.
package struct MaildropUsage: Equatable, Sendable {
  /// Octets on the wire, all messages together.
  package var bytes = 0
  /// How many messages there are.
  package var messages = 0

  package init(bytes: Int = 0, messages: Int = 0) {
    self.bytes = bytes
    self.messages = messages
  }
}

/// The maildrops of a spool that is open.
package struct MaildropFolder: Sendable {
  let directories: SpoolDirectories

  /// Opens a user's maildrop; nil when there is none, as before the first delivery; blocks.
  ///
  /// - Throws: also where the folder of all maildrops has gone: nobody's is empty then.
  package func maildrop(of user: String) throws(SystemError) -> Maildir? {
    if let maildrop = try Maildir.open(user, in: directories.mail, directories.durability) {
      return maildrop
    }
    if try !directories.hasItsMaildrops() { throw .absentSpool }
    return nil
  }
}

extension Spool {
  /// A maildrop when it was read last.
  struct KnownUsage {
    var stamp: MaildirStamp
    var usage: MaildropUsage
  }

  /// Maildrops of which the usage is remembered.
  static let knownUsageLimit = 64

  /// What lies in a user's maildrop; it is read only if it has changed since the last look.
  package func usage(of user: String) async throws(SystemError) -> MaildropUsage {
    let directories = try self.directories
    let known = knownUsage[user]
    let found = try await disk.run { () throws(SystemError) -> KnownUsage? in
      guard let maildrop = try Maildir.open(user, in: directories.mail) else { return nil }
      // Taken before the names: what comes in between is seen at the next look.
      let stamp = try maildrop.stamp()
      if let known, known.stamp == stamp { return known }
      let sizes = try maildrop.contents().wireBytes
      let usage = MaildropUsage(bytes: sizes.reduce(0, +), messages: sizes.count)
      return KnownUsage(stamp: stamp, usage: usage)
    }
    if knownUsage[user] == nil, knownUsage.count >= Self.knownUsageLimit {
      knownUsage.removeAll()
    }
    knownUsage[user] = found
    return found?.usage ?? MaildropUsage()
  }

  /// What lay in a user's maildrop at the last look; nothing if that is not remembered.
  package func lastUsage(of user: String) -> MaildropUsage? { knownUsage[user]?.usage }

  // MARK: The notice

  /// The file in a maildrop that says that its user has been told how full it is.
  private nonisolated static let noticeName = "gatepost-notified"

  /// Whether the user has been told that the maildrop is nearly full.
  package func isToldOfUsage(_ user: String) async throws(SystemError) -> Bool {
    let directories = try self.directories
    return try await disk.run { () throws(SystemError) in
      do throws(SystemError) {
        _ = try directories.mail.subdirectory(user).status(of: Self.noticeName)
        return true
      } catch let error where error.isNotFound {
        return false
      }
    }
  }

  /// Notes whether the user has been told that the maildrop is nearly full, also for the next start.
  package func noteToldOfUsage(_ user: String, _ isTold: Bool) async throws(SystemError) {
    let directories = try self.directories
    try await disk.run { () throws(SystemError) in
      let maildrop = try directories.mail.subdirectory(user)
      if !isTold {
        try maildrop.remove(Self.noticeName)
        return
      }
      do throws(SystemError) { _ = try maildrop.create(Self.noticeName) } catch let error
        where error.isAlreadyExisting
      {}
    }
  }
}
