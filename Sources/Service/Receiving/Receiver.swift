package import Accounts
package import DNS
package import EventLoop
package import Grants
package import Mail
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
  /// The parts of the program that sessions work with.
  package struct Parts {
    /// The server's side of TLS; nil where none is offered.
    package var identity: ServerIdentity?
    /// Where messages go.
    package var spool: Spool
    /// Who can log in, and may do what.
    package var accounts: Accounts
    /// Who can be written to in the local domains.
    package var recipients: LocalRecipients
    /// Whose POP3 login lets an address send.
    package var grants: Grants
    /// What clients have done lately.
    package var conduct: Conduct
    /// The DNS.
    package var resolver: Resolver
    /// What tells senders that their mail has arrived.
    package var reports: @Loop () -> ReportingMTA
    /// Has the waiting mail for some domains tried now; says how many messages it is, or nil if that
    /// is under way already.
    package var flush: @Loop (@escaping @Sendable (Domain) -> Bool) async -> Int?

    package init(
      identity: ServerIdentity?, spool: Spool, accounts: Accounts, recipients: LocalRecipients,
      grants: Grants, conduct: Conduct, resolver: Resolver,
      reports: @escaping @Loop () -> ReportingMTA,
      flush: @escaping @Loop (@escaping @Sendable (Domain) -> Bool) async -> Int?
    ) {
      self.identity = identity
      self.spool = spool
      self.accounts = accounts
      self.recipients = recipients
      self.grants = grants
      self.conduct = conduct
      self.resolver = resolver
      self.reports = reports
      self.flush = flush
    }
  }

  /// The settings, replaced as a whole when the configuration is read again.
  package var settings: ReceivingSettings {
    get { snapshot.values }
    set { snapshot = ReceivingSettings.Snapshot(newValue) }
  }
  private(set) var snapshot: ReceivingSettings.Snapshot
  let parts: Parts
  let blocklists: Blocklists
  let probes: RecipientProbes
  let quotas: Quotas
  /// How much each user and each device has sent.
  var allowance = SendingAllowance()
  /// How much of the mail of strangers was sent elsewhere.
  var forwarding = ForwardingAllowance()

  /// How many senders are being looked up.
  var senderChecks = 0

  package init(settings: ReceivingSettings, parts: Parts) {
    snapshot = ReceivingSettings.Snapshot(settings)
    self.parts = parts
    blocklists = Blocklists(resolver: parts.resolver)
    probes = RecipientProbes(resolver: parts.resolver)
    quotas = Quotas(spool: parts.spool, accounts: parts.accounts)
  }

  /// What a client hears for which there is no room, with the line end (RFC 5321 §3.8).
  package nonisolated static let refusal = Reply.tooManyConnections.wireText

  /// Talks to one client until either has had enough.
  package func serve(_ connection: Connection, as service: ReceivingService) async {
    let session = ReceivingSession(self, connection, service)
    await session.run()
  }
}
