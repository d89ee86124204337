/// Everything that happens to mail and clients, one case an event: the vocabulary of the log.
///
/// `client` is the address the kernel gave; `service` is the name of the listener, such as `smtp`.
package enum MailEvent: Sendable {
  /// A client was turned away before or during its session.
  case clientRefused(service: String, client: String, reason: String)
  /// A session was ended by us or broke.
  case sessionEnded(service: String, client: String, reason: String)
  /// A user has logged in.
  case loggedIn(service: String, client: String, user: String, how: String)
  /// A login failed; fail2ban reads this line (`packaging/fail2ban`).
  case loginFailed(service: String, client: String, user: String, reason: String)
  /// A client gets no connection for a while.
  case clientBanned(client: String, seconds: Int, reason: String)
  /// A login gave the client's address the right to send for a while.
  case granted(client: String, user: String, seconds: Int)
  /// A command was refused before anything was checked: it breaks the protocol.
  ///
  /// `verb` is nil where the line has none; `remedy` is the key of a profile that would let it pass.
  case commandRefused(
    service: String, client: String, verb: String?, reply: String, remedy: String?,
    isStranger: Bool)
  /// A recipient was refused.
  case recipientRefused(client: String, from: String, to: String, reason: String)
  /// A message was refused at or after its data.
  case messageRefused(client: String, from: String, reason: String)
  /// A message is on disk and its client has been told so.
  case accepted(
    id: String, client: String, authorization: String, from: String, recipients: Int, bytes: Int)
  /// A message lies in a user's maildrop.
  case stored(id: String, user: String)
  /// A next hop has taken over a message for a recipient.
  case delivered(id: String, to: String, hop: String, reply: String, Security)
  /// A delivery has to be tried again.
  case deferred(
    id: String, to: String, hop: String, reason: String, nextInSeconds: Int, Security)
  /// A delivery has failed for good.
  case failed(id: String, to: String, hop: String, reason: String)
  /// The sender was told of a failure; `report` is the identifier of the new message.
  case bounced(id: String, report: String, to: String)
  /// The sender was told that a message waits, was handed on or has arrived; `action` is that of the
  /// report.
  case reported(id: String, report: String, to: String, action: String)
  /// A file in the queue is not one of ours, or is damaged; it was moved out of the way.
  case setAside(file: String, reason: String)
  /// A file in the queue cannot be read or moved, and stays where it is.
  case leftAlone(file: String, reason: String)
  /// An admin has done something to a message of the queue; `user` is the number of the user.
  case queueChanged(id: String, action: String, user: UInt32)
  /// An admin has given an address a grant, or ended some; `user` is the number of the admin's user.
  case whitelistChanged(action: String, subject: String, user: UInt32)
  /// A session read messages from a maildrop and removed some.
  case retrieved(client: String, user: String, sent: Int, removed: Int)

  /// How the session with a next hop was secured.
  package struct Security: Sendable {
    /// The version, such as `TLSv1.3`; `none` without TLS, `failed` where it was tried and failed.
    package let tls: String
    /// What the configuration asks of TLS: `none`, `may`, `encrypt`, `verify` or `fingerprint`.
    package let policy: String

    package init(tls: String, policy: String) {
      self.tls = tls
      self.policy = policy
    }
  }

  /// How much the event matters to an admin who does not read every line.
  package var severity: Severity {
    switch self {
    case .setAside, .leftAlone: .error
    case .failed, .loginFailed, .clientBanned: .warning
    case .commandRefused(_, _, _, _, _, let isStranger): isStranger ? .debug : .notice
    case .clientRefused, .recipientRefused, .messageRefused, .deferred, .bounced:
      .notice
    default: .info
    }
  }

  var line: String {
    switch self {
    case .clientRefused(let service, let client, let reason):
      LogLine("client-refused").with("service", service).with("client", client)
        .with("reason", reason).text
    case .sessionEnded(let service, let client, let reason):
      LogLine("session-ended").with("service", service).with("client", client)
        .with("reason", reason).text
    case .loggedIn(let service, let client, let user, let how):
      LogLine("login").with("service", service).with("client", client).with("user", name: user)
        .with("how", how).text
    case .loginFailed(let service, let client, let user, let reason):
      LogLine("login-failed").with("service", service).with("client", client)
        .with("user", name: user).with("reason", reason).text
    case .clientBanned(let client, let seconds, let reason):
      LogLine("client-banned").with("client", client).with("seconds", seconds)
        .with("reason", reason).text
    case .granted(let client, let user, let seconds):
      LogLine("granted").with("client", client).with("user", name: user).with("seconds", seconds)
        .text
    case .commandRefused(let service, let client, let verb, let reply, let remedy, _):
      LogLine("command-refused").with("service", service).with("client", client)
        .with("verb", verb).with("reply", reply).with("profile-key", remedy).text
    case .recipientRefused(let client, let from, let to, let reason):
      LogLine("recipient-refused").with("client", client).with("from", from).with("to", to)
        .with("reason", reason).text
    case .messageRefused(let client, let from, let reason):
      LogLine("message-refused").with("client", client).with("from", from)
        .with("reason", reason).text
    case .accepted(let id, let client, let authorization, let from, let recipients, let bytes):
      LogLine("accepted").with("id", id).with("client", client).with("by", authorization)
        .with("from", from).with("recipients", recipients).with("bytes", bytes).text
    case .stored(let id, let user):
      LogLine("stored").with("id", id).with("user", name: user).text
    case .delivered(let id, let to, let hop, let reply, let security):
      LogLine("delivered").with("id", id).with("to", to).with("hop", hop).with("tls", security.tls)
        .with("policy", security.policy).with("reply", reply).text
    case .deferred(let id, let to, let hop, let reason, let next, let security):
      LogLine("deferred").with("id", id).with("to", to).with("hop", hop).with("tls", security.tls)
        .with("policy", security.policy).with("reason", reason).with("next", "\(next)s").text
    case .failed(let id, let to, let hop, let reason):
      LogLine("failed").with("id", id).with("to", to).with("hop", hop).with("reason", reason).text
    case .bounced(let id, let report, let to):
      LogLine("bounced").with("id", id).with("report", report).with("to", to).text
    case .reported(let id, let report, let to, let action):
      LogLine("reported").with("id", id).with("report", report).with("to", to)
        .with("action", action).text
    case .setAside(let file, let reason):
      LogLine("set-aside").with("file", file).with("reason", reason).text
    case .leftAlone(let file, let reason):
      LogLine("left-alone").with("file", file).with("reason", reason).text
    case .queueChanged(let id, let action, let user):
      LogLine("queue-changed").with("id", id).with("action", action).with("uid", Int(user)).text
    case .whitelistChanged(let action, let subject, let user):
      LogLine("whitelist-changed").with("action", action).with("subject", name: subject)
        .with("uid", Int(user)).text
    case .retrieved(let client, let user, let sent, let removed):
      LogLine("retrieved").with("client", client).with("user", name: user).with("sent", sent)
        .with("removed", removed).text
    }
  }
}
