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
  let maildrops: Maildrops

  /// A service over these parts of the program; without an identity it offers no TLS.
  package init(
    _ settings: RetrievalSettings, identity: ServerIdentity?, accounts: Accounts, grants: Grants,
    maildrops: Maildrops
  ) {
    self.settings = settings
    self.identity = identity
    self.accounts = accounts
    self.grants = grants
    self.maildrops = maildrops
  }

  /// What a client hears when there is no room for it, with the line end.
  package nonisolated static var refusal: String {
    String(decoding: Reply.tooManySessions.bytes, as: UTF8.self)
  }

  /// Talks to one client until it or the program ends.
  ///
  /// - Parameters:
  ///   - listener: the name of the listener in the log, such as `pop3s`.
  ///   - beginsWithTLS: whether TLS comes first (RFC 8314 §3.1) or is the client's choice.
  package func serve(_ connection: Connection, listener: String, beginsWithTLS: Bool) async {
    let session = RetrievalSession(
      self, connection: connection, listener: listener, beginsWithTLS: beginsWithTLS)
    await session.run()
  }
}
