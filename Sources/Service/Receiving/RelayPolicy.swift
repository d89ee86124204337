package import Mail

/// Why a client may send more than mail for local mailboxes.
package enum Authorization: Equatable, Sendable {
  /// The client is in a trusted network.
  case network
  /// The client has proved to be this user.
  case user(String)
  /// This user has logged in by POP3 from the client's address a short while ago.
  case grant(String)

  /// Whether it says something of the client's address alone, and nothing of the program behind it.
  ///
  /// Such a grant lets mail be relayed; the other checks of a stranger's mail it does not switch off.
  var isOfAddress: Bool {
    if case .grant = self { true } else { false }
  }

  /// How the log names it.
  package var name: String {
    switch self {
    case .network: "network"
    case .user(let name): "auth:\(name)"
    case .grant(let name): "grant:\(name)"
    }
  }
}

/// Who may send what to whom: the one place that decides it, and does nothing else.
///
/// Only the domain decides whether a recipient is local, as it stands after the last `@`. What the
/// local part looks like (`user%other`, `other!user`, a quoted `"a@b"`) never makes it remote and
/// never makes a remote one local, so no form of an address gets around the rule. A source route is
/// not looked at: the mailbox behind it is the recipient (RFC 5321 §4.1.1.3).
package struct RelayPolicy: Sendable {
  /// What is to be done with a recipient, and what speaks for the client there: one thing, or several grants.
  package enum Decision: Equatable, Sendable {
    /// It is a mailbox of this host, if there is one of that name; nothing speaks for a stranger.
    case local([Authorization])
    /// It goes to the queue.
    case relay([Authorization])
    /// The client may not send there.
    case denied
    /// The client may send, but not in the name of this sender.
    case wrongSender([Authorization])
  }

  /// What is known of the client at this moment.
  package struct Client: Sendable {
    /// Whether its address is in a trusted network.
    package var isTrusted: Bool
    /// Who it has proved to be.
    package var user: String?
    /// The users whose grants hold for its address, the nearest first.
    package var grantUsers: [String]

    package init(isTrusted: Bool, user: String? = nil, grantUsers: [String] = []) {
      self.isTrusted = isTrusted
      self.user = user
      self.grantUsers = grantUsers
    }

    /// What speaks for the client: the strongest thing, for what it has proved counts and not where it is; of
    /// grants all, as any of them may be meant.
    package var authorizations: [Authorization] {
      if let user { return [.user(user)] }
      if isTrusted { return [.network] }
      return grantUsers.map { .grant($0) }
    }
  }

  private let domains: Set<Domain>

  package init(domains: Set<Domain>) {
    self.domains = domains
  }

  /// Decides about one recipient.
  ///
  /// - Parameter maySend: whether somebody so authorised may send as the sender of the message.
  /// - Throws: what keeps `maySend` from telling; that is no reason to refuse for good.
  package func decide<Failure: Error>(
    _ recipient: ForwardPath, client: Client,
    maySend: (Authorization) throws(Failure) -> Bool
  ) throws(Failure) -> Decision {
    let isLocal = recipient.mailbox.map { domains.contains($0.domain) } ?? true
    let all = client.authorizations
    if all.isEmpty { return isLocal ? .local([]) : .denied }
    var able: [Authorization] = []
    var failure: Failure?
    for authorization in all {
      do throws(Failure) {
        if try maySend(authorization) { able.append(authorization) }
      } catch {
        failure = error
      }
    }
    if !able.isEmpty { return isLocal ? .local(able) : .relay(able) }
    // A grant is of the address, not of the program behind it: without one, anybody may write to a
    // local mailbox, in whatever name.
    if isLocal, all.allSatisfy(\.isOfAddress) { return .local([]) }
    if let failure { throw failure }
    return .wrongSender(all)
  }
}
