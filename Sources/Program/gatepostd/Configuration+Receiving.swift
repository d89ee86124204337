import Accounts
import Configuration
import EventLoop
import Mail
import Network
import Platform
import Receiving
import SMTP

/// The configuration as the reception of mail sees it.
extension Configuration {
  /// The settings of reception.
  ///
  /// - Parameter isTrusted: whether the host at an address may relay without proof.
  func receiving(
    isTrusted: @escaping @Loop @Sendable (IPAddress) -> Bool
  ) -> ReceivingSettings {
    var settings = ReceivingSettings(
      hostname: server.hostname, domains: server.domains, isTrusted: isTrusted,
      limits: SendingLimits(
        messageBytes: limits.messageBytes, recipients: limits.recipients,
        messagesPerHour: limits.messagesPerHour, recipientsPerHour: limits.recipientsPerHour),
      freeSpaceBytes: limits.freeSpaceBytes, commandTimeout: limits.commandTimeout)
    settings.handovers = lmtpServers
    settings.quota = Quota(size: limits.quota, messages: limits.quotaMessages)
    settings.profiles = profiles.map(\.receiving)
    settings.loginTime = abuse.loginTime
    settings.minimumRate = abuse.minimumRate
    settings.refusesEarlyTalkers = abuse.refusesEarlyTalkers
    settings.blocklists = abuse.dnsbl
    settings.checksSPF = abuse.addsSPF
    settings.addsMissingFields = smtp.addsMissingFields
    settings.addsSender = smtp.addsSender
    settings.hidesClients = smtp.hidesClients
    return settings
  }

  /// Which local recipients there are, beside the users and the aliases.
  var localRules: LocalRules {
    LocalRules(
      // What an alias means in a domain that is handed over is that server's affair.
      domains: Set(server.domains.filter { lmtpServers[$0] == nil }), separator: local.separator,
      catchAll: local.catchAll, redirectAll: local.redirectAll)
  }

  /// What clients may do before they are turned away.
  var clientRules: ClientRules {
    ClientRules(
      connectionsPerMinute: abuse.connectionsPerMinute.limit,
      commandsPerMinute: abuse.commandsPerMinute.limit,
      failedLogins: abuse.failedLogins.limit ?? .max, ban: abuse.ban)
  }
}

extension Configuration.Profile {
  /// The profile as reception sees it.
  fileprivate var receiving: ClientProfile {
    var profile = ClientProfile { client, service, local in
      // Without our end of the connection nothing says that the client is at such a listener.
      local.map { holds(for: client, of: ListenerPattern.Service(service), at: $0) } ?? false
    }
    if allowsOddGreeting { profile.leniency.insert(.oddGreeting) }
    if allowsLoosePaths { profile.leniency.insert(.loosePaths) }
    if keepsLogin { profile.leniency.insert(.keptLogin) }
    if allowsLoginWithoutTLS { profile.leniency.insert(.loginWithoutTLS) }
    profile.hidden = hidden
    profile.repairsBareLF = repairsBareLF
    profile.allowsOldTLS = allowsOldTLS
    profile.completesHeader = completesHeader
    profile.allowsEightBitHeader = allows8BitHeader
    profile.countsThisMachine = networks.contains { $0.address.isLoopback }
    profile.senders = senders
    profile.limits = SendingLimits(
      messageBytes: messageBytes, recipients: recipients, messagesPerHour: messagesPerHour,
      recipientsPerHour: recipientsPerHour)
    return profile
  }
}

extension ListenerPattern.Service {
  fileprivate init(_ service: ReceivingService) {
    switch service {
    case .smtp: self = .smtp
    case .submission: self = .submission
    case .submissions: self = .submissions
    }
  }
}
