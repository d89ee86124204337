/// What came of an action that the driver performed.
extension Session {
  /// The handshake that `startTLS` asked for is done: what was said in clear is forgotten
  /// (RFC 2595 §4).
  package mutating func tlsEstablished() {
    isSecure = true
    state = .authorization(user: nil)
  }

  /// The password or the proof was right, and this is the user's maildrop.
  package mutating func open(_ listing: MaildropListing) -> Reply {
    let maildrop = Maildrop(listing)
    state = .transaction(maildrop)
    return .ok(maildrop.summary)
  }

  /// The login that was asked about did not work.
  ///
  /// What passes by itself says `wait`: fetchmail takes that word for a server that is busy, and any other refusal
  /// for a wrong password.
  package mutating func refuseLogin(_ refusal: LoginRefusal) -> Reply {
    if case .authenticating = state { state = .authorization(user: nil) }
    switch refusal {
    case .wrongCredentials:
      failedLogins += 1
      if failedLogins == Limits.failedLogins { state = .ended }
      return .error("Wrong user name or password", .authentication)
    case .tooManyFailures:
      state = .ended
      return .error("Too many failed logins, wait and try again later", .temporary)
    case .inUse:
      return .error("Another session has the maildrop open", .inUse)
    case .temporary:
      return .error("The maildrop cannot be opened now, wait and try again later", .temporary)
    case .forbidden:
      return .error("This user may not read mail by POP3", .permanent)
    case .tooSoon:
      let seconds = settings.loginDelay?.components.seconds ?? 0
      return .error("Mail may be checked every \(seconds) seconds", .loginDelay)
    }
  }

  /// The last reply to a client that sends commands faster than it may.
  package mutating func tooManyCommands() -> Action {
    state = .ended
    return .reply(.error("Too many commands, try again later", .temporary))
  }

  /// The status line before the content of a message that `send` asked for.
  package func messageOpened(_ index: Int) -> Reply {
    guard case .transaction(let maildrop) = state else {
      preconditionFailure("only a session with a maildrop sends messages")
    }
    return .ok("\(maildrop.listing.bytes(of: index)) octets")
  }

  /// The reply when the message that `send` asked for cannot be read.
  ///
  /// It may have been removed by another program, which RFC 1939 does not foresee: the number
  /// stays taken until the client logs in again.
  package func messageUnavailable(isGone: Bool) -> Reply {
    isGone
      ? .error("The message is no longer there")
      : .error("The message cannot be read now", .temporary)
  }

  /// The last reply, after `update`; says so when some messages stayed (RFC 1939 §6).
  package func updated(failures: Int) -> Reply {
    failures == 0
      ? .ok("Goodbye")
      : .error("Some deleted messages were not removed", .temporary)
  }
}

/// Replies that no command asked for, sent in place of the greeting or of the next reply.
extension Reply {
  /// There are as many sessions as the settings allow, in all or from one client.
  package static var tooManySessions: Reply {
    .error("Too many sessions, wait and try again", .temporary)
  }

  /// The daemon is about to end.
  package static var stopping: Reply {
    .error("The server is stopping, wait and try again", .temporary)
  }
}
