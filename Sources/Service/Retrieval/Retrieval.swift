package import Accounts
package import EventLoop
package import Grants
package import Network
internal import POP3

/// The POP3 service: what all its sessions share.
@Loop
package final class Retrieval {
  /// The settings, replaced as a whole when the configuration is read again.
  package var settings: RetrievalSettings
  let identity: ServerIdentity?
  let accounts: Accounts
  let grants: Grants
  let conduct: Conduct
  let maildrops: Maildrops
  /// When users have logged in last, where that matters.
  var loginTimes = LoginTimes()

  /// A service over these parts of the program; without an identity it offers no TLS.
  package init(
    _ settings: RetrievalSettings, identity: ServerIdentity?, accounts: Accounts, grants: Grants,
    conduct: Conduct, maildrops: Maildrops
  ) {
    self.settings = settings
    self.identity = identity
    self.accounts = accounts
    self.grants = grants
    self.conduct = conduct
    self.maildrops = maildrops
  }

  /// What a client hears when there is no room for it, with the line end.
  package nonisolated static var refusal: String {
    String(decoding: Reply.tooManySessions.bytes, as: UTF8.self)
  }

  /// Talks to one client until one of both, or the program, has enough.
  ///
  /// **Limits**: an idle session is little more than the frames of the calls that wait for its next
  /// line, and what a task has once used for frames it keeps. So the wait is made from here, and what
  /// looks at the protocol's value is in calls that have returned by then (`@inline(never)`): a copy
  /// of that value would stay in this frame. A login has a task of its own (`performApart`).
  ///
  /// - Parameters:
  ///   - listener: the name of the listener in the log, such as `pop3s`.
  ///   - beginsWithTLS: whether TLS comes first (RFC 8314 §3.1) or is the client's choice.
  package func serve(_ connection: Connection, listener: String, beginsWithTLS: Bool) async {
    let session = RetrievalSession(
      self, connection: connection, listener: listener, beginsWithTLS: beginsWithTLS)
    do throws(ConnectionError) {
      if beginsWithTLS { try await session.startTLS() }
      try await session.send(session.greeting())
      while let limit = session.nextLineLimit() {
        try await session.answer(
          connection.readLine(limit: limit, until: session.deadline, isInterruptible: true))
      }
    } catch {
      await session.giveUp(because: error)
    }
    session.leaveMaildrop()
    await connection.close(until: session.deadline)
  }
}
