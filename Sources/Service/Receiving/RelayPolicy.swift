package import Mail
package import Platform

/// Why a message may go on to another server.
package enum Authorization: Equatable, Sendable {
  /// The client is in a trusted network.
  case network
  /// The client has proved to be this user.
  case user(String)
  /// This user has logged in by POP3 from the client's address a short while ago.
  case grant(String)

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
/// never makes a remote one local, so no form of an address gets around the rule.
package struct RelayPolicy: Sendable {
  /// What is to be done with a recipient.
  package enum Decision: Equatable, Sendable {
    /// It is a mailbox of this host, if there is one of that name.
    case local(localPart: String)
    /// It goes to the queue.
    case relay(Authorization)
    /// The client may not send there.
    case denied
    /// The client may send, but not in the name of this sender.
    case wrongSender(Authorization)
  }

  private let domains: Set<Domain>
  private let trustedNetworks: [IPNetwork]

  package init(domains: Set<Domain>, trustedNetworks: [IPNetwork]) {
    self.domains = domains
    self.trustedNetworks = trustedNetworks
  }

  /// Whether the host at this address may relay without proof.
  package func isTrusted(_ client: IPAddress) -> Bool {
    trustedNetworks.contains { $0.contains(client) }
  }

  /// Decides about one recipient.
  ///
  /// - Parameters:
  ///   - user: who the client has proved to be.
  ///   - grantUser: the user of the grant that the address has at this moment.
  ///   - maySend: whether a user may send as the sender of the message.
  /// - Throws: what keeps `maySend` from telling; that is no reason to refuse for good.
  package func decide<Failure: Error>(
    _ recipient: ForwardPath, client: IPAddress, user: String?, grantUser: String?,
    maySend: (String) throws(Failure) -> Bool
  ) throws(Failure) -> Decision {
    guard let mailbox = recipient.mailbox else { return .local(localPart: "postmaster") }
    if domains.contains(mailbox.domain) { return .local(localPart: mailbox.localPart) }
    if let user {
      return try maySend(user) ? .relay(.user(user)) : .wrongSender(.user(user))
    }
    if isTrusted(client) { return .relay(.network) }
    if let grantUser {
      return try maySend(grantUser) ? .relay(.grant(grantUser)) : .wrongSender(.grant(grantUser))
    }
    return .denied
  }
}
