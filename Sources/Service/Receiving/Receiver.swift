package import Accounts
package import EventLoop
package import Grants
import Mail
package import Network
import Platform
import SMTP
package import Spool

/// A kind of SMTP listener.
package enum ReceivingService: String, Sendable {
  /// Mail from other hosts, port 25.
  case smtp
  /// Mail from people, with STARTTLS (RFC 6409).
  case submission
  /// Mail from people, TLS from the start (RFC 8314 §3.3).
  case submissions
}

/// The reception of mail: what its sessions share.
@Loop
package final class Receiver {
  /// The settings, replaced as a whole when the configuration is read again.
  package var settings: ReceivingSettings
  let identity: ServerIdentity?
  let spool: Spool
  let accounts: Accounts
  let grants: Grants

  package init(
    settings: ReceivingSettings, identity: ServerIdentity?, spool: Spool, accounts: Accounts,
    grants: Grants
  ) {
    self.settings = settings
    self.identity = identity
    self.spool = spool
    self.accounts = accounts
    self.grants = grants
  }

  /// What a client hears for which there is no room, with the line end (RFC 5321 §3.8).
  package nonisolated static let refusal = Reply.tooManyConnections.wireText

  /// Talks to one client until either has had enough.
  package func serve(_ connection: Connection, as service: ReceivingService) async {
    let session = ReceivingSession(self, connection, service)
    await session.run()
  }
}
