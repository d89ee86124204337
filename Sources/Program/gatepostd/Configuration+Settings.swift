import Configuration
import EventLoop
import Mail
import Platform
import Relaying
import Retrieval

/// The configuration as each service sees it.
extension Configuration {
  /// The settings of retrieval.
  ///
  /// - Parameter mayEarnGrant: whether a login from an address lets it send for a while.
  func retrieval(
    mayEarnGrant: @escaping @Loop @Sendable (IPAddress) -> Bool
  ) -> RetrievalSettings {
    var settings = RetrievalSettings(
      hostName: server.hostname.text, allowsLoginWithoutTLS: pop3.plainLogin.allows,
      mayEarnGrant: mayEarnGrant, grantWindow: popBeforeSMTP.window,
      timeout: limits.pop3Timeout)
    settings.loginTime = abuse.loginTime
    return settings
  }

  var relaying: RelayingSettings {
    RelayingSettings(
      hostname: server.hostname, domains: Set(server.domains), postmaster: postmaster,
      handovers: lmtpServers,
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
