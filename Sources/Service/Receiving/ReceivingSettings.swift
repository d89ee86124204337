internal import EventLoop
package import Mail
package import Platform

/// What the reception of mail needs to know of the configuration.
package struct ReceivingSettings: Sendable {
  /// The name of this host in greetings and trace fields.
  package var hostname: Domain
  /// The domains whose mail is delivered here.
  package var domains: [Domain]
  /// Those of them whose mail another server stores.
  package var handovers: [Domain: LMTPServer] = [:]
  /// Whether the host at an address may relay without proof.
  package var isTrusted: @Loop @Sendable (IPAddress) -> Bool
  /// What is different for some clients; the first that holds counts.
  package var profiles: [ClientProfile] = []
  /// How much may be sent where neither the user nor a profile says otherwise; all four are given.
  package var limits: SendingLimits
  /// How much a maildrop may hold whose user has no other quota.
  package var quota = Quota()
  /// Octets of the file system that mail leaves free.
  package var freeSpaceBytes: Int
  /// How long a client may be silent; at least 5 min (RFC 5321 §4.5.3.2.7).
  package var commandTimeout: Duration
  /// How long a client has to log in where it must.
  package var loginTime: Duration = .seconds(60)
  /// Octets a second, over any minute, that must come while content comes; nil for any number.
  package var minimumRate: Int?
  /// Whether a client that talks before it is greeted is refused.
  package var refusesEarlyTalkers = true
  /// The zones that list addresses from which no mail is taken.
  package var blocklists: [Domain] = []
  /// Whether mail from outside gets the result of SPF.
  package var checksSPF = false
  /// Whether a Date or a Message-ID that a client has left out is added (RFC 6409 §8).
  package var addsMissingFields = true
  /// Whether Sender is added where From is no address of the user (RFC 6409 §8.1).
  package var addsSender = false
  /// Whether mail that leaves does not tell which client has submitted it, and by whose login.
  package var hidesClients = false

  package init(
    hostname: Domain, domains: [Domain], isTrusted: @escaping @Loop @Sendable (IPAddress) -> Bool,
    limits: SendingLimits, freeSpaceBytes: Int, commandTimeout: Duration
  ) {
    self.hostname = hostname
    self.domains = domains
    self.isTrusted = isTrusted
    self.limits = limits
    self.freeSpaceBytes = freeSpaceBytes
    self.commandTimeout = commandTimeout
  }

  /// Settings that many sessions share, each as long as it lives.
  final class Snapshot: Sendable {
    let values: ReceivingSettings
    let policy: RelayPolicy

    init(_ values: ReceivingSettings) {
      self.values = values
      policy = RelayPolicy(domains: Set(values.domains))
    }
  }

  /// The domain of a name that stands without one: the first of ours.
  var localDomain: Domain { domains.first ?? hostname }

  /// The address of the mailbox that every host has (RFC 5321 §4.5.1).
  var postmaster: Mailbox {
    guard let mailbox = Mailbox(localPart: "postmaster", domain: localDomain) else {
      preconditionFailure("postmaster is a local part")
    }
    return mailbox
  }
}
