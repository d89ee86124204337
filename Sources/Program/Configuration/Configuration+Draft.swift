import Mail
import Platform

extension Configuration {
  /// The settings while the files are read: each may still be missing or be replaced.
  ///
  /// What has a default is set by it before the first file; the initial values here never last.
  struct Draft {
    var hostname: Domain?
    var domains: [Domain] = []
    var spool = "", state = "", runtime = "", users = ""
    var smtp: [Endpoint] = [], submission: [Endpoint] = [], submissions: [Endpoint] = []
    var pop3: [Endpoint] = [], pop3s: [Endpoint] = []
    var certificate = "", key = ""
    var relayNetworks: [IPNetwork] = []
    var allowsPublicRelay = false
    var smarthost: Smarthost?
    var mxPort: UInt16 = 0
    var tlsPolicy: TLSPolicy?
    var credentials: String?
    var secrets = ""
    var window = Duration.zero
    var grantNetworks: [IPNetwork] = []
    var allowsPublicGrants = false
    var nameservers: [SocketAddress] = []
    var retry: [Duration] = []
    var lifetime = Duration.zero
    var messageBytes = 0, recipients = 0, connections = 0, connectionsPerClient = 0
    var commandTimeout = Duration.zero, pop3Timeout = Duration.zero
    var freeSpaceBytes = 0
    var bareLFNetworks: [IPNetwork] = []
    var smtpPlainLogin = PlainLogin.nowhere, pop3PlainLogin = PlainLogin.nowhere
  }

  init(
    _ draft: Draft, hostname: Domain, tls policy: TLSPolicy, credentials: Credentials?,
    warnings: [Diagnostic]
  ) {
    server = Server(
      hostname: hostname, domains: draft.domains, spool: draft.spool, state: draft.state,
      runtime: draft.runtime, users: draft.users)
    listen = Listen(
      smtp: draft.smtp, submission: draft.submission, submissions: draft.submissions,
      pop3: draft.pop3, pop3s: draft.pop3s)
    tls = TLS(certificate: draft.certificate, key: draft.key)
    relay = Relay(
      networks: draft.relayNetworks, smarthost: draft.smarthost, mxPort: draft.mxPort,
      tls: policy,
      credentials: credentials)
    popBeforeSMTP = PopBeforeSMTP(window: draft.window, networks: draft.grantNetworks)
    dns = DNS(nameservers: draft.nameservers)
    queue = Queue(retry: draft.retry, lifetime: draft.lifetime)
    limits = Limits(
      messageBytes: draft.messageBytes, recipients: draft.recipients,
      connections: draft.connections, connectionsPerClient: draft.connectionsPerClient,
      commandTimeout: draft.commandTimeout, pop3Timeout: draft.pop3Timeout,
      freeSpaceBytes: draft.freeSpaceBytes)
    smtp = SMTP(bareLFNetworks: draft.bareLFNetworks, plainLogin: draft.smtpPlainLogin)
    pop3 = POP3(plainLogin: draft.pop3PlainLogin)
    self.warnings = warnings
  }
}
