import Configuration
import Mail
import Platform
import Receiving
import Relaying
import Retrieval

/// The configuration as each service sees it.
extension Configuration {
  var receiving: ReceivingSettings {
    ReceivingSettings(
      hostname: server.hostname, domains: Set(server.domains), trustedNetworks: relay.networks,
      bareLFNetworks: networkProfiles.filter(\.repairsBareLF).flatMap(\.networks),
      mayLogInPlainly: { [networkProfiles] client in
        networkProfiles.contains { profile in
          profile.allowsLoginWithoutTLS && profile.networks.contains { $0.contains(client) }
        }
      },
      messageBytes: limits.messageBytes, recipients: limits.recipients,
      freeSpaceBytes: limits.freeSpaceBytes, commandTimeout: limits.commandTimeout)
  }

  /// The profiles of networks alone.
  // Limitation: reception knows no listeners of profiles yet, and no other keys of them.
  private var networkProfiles: [Profile] { profiles.filter(\.listeners.isEmpty) }

  var retrieval: RetrievalSettings {
    RetrievalSettings(
      hostName: server.hostname.text, allowsLoginWithoutTLS: pop3.plainLogin.allows,
      grantNetworks: popBeforeSMTP.networks, grantWindow: popBeforeSMTP.window,
      timeout: limits.pop3Timeout)
  }

  var relaying: RelayingSettings {
    RelayingSettings(
      hostname: server.hostname, domains: Set(server.domains), postmaster: postmaster,
      smarthost: relay.smarthost.map {
        RelayingSettings.Smarthost(
          host: $0.host.description, port: $0.port, isImplicitTLS: $0.usesImplicitTLS,
          credentials: relay.credentials.map {
            RelayingSettings.Credentials(user: $0.user, password: Array($0.password.utf8))
          })
      },
      mxPort: relay.mxPort,
      encryption: encryption, retry: queue.retry, lifetime: queue.lifetime)
  }

  /// `postmaster` at the first local domain, or at this host where there is none.
  private var postmaster: Mailbox {
    guard
      let mailbox = Mailbox(
        localPart: "postmaster", domain: server.domains.first ?? server.hostname)
    else { preconditionFailure("postmaster is a local part") }
    return mailbox
  }

  private var encryption: RelayingSettings.Encryption {
    switch relay.tls {
    case .none: .none
    case .may: .opportunistic
    case .encrypt: .required
    case .verify: .verified
    }
  }
}
