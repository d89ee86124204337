import Accounts
import EventLoop
import Log
import Mail
import Network
import Platform
import SASL
import SMTP

/// From a password, or the proof of one, to a user.
extension ReceivingSession {
  /// Does what an action of an authentication asks.
  ///
  /// The frames of this are not for a session that never logs in.
  @inline(never)
  func authenticate(_ action: ServerAction) async -> ServerAction {
    switch action {
    case .verify(let user, let password): await verify(user, password)
    case .lookUp(let user, let binding): lookUp(user, binding)
    case .checkProof(let proof): await check(proof)
    case .logIn(let user): await confirm(user)
    default: preconditionFailure("the action has nothing to do with authentication")
    }
  }

  /// Checks a password.
  private func verify(_ name: String, _ password: [UInt8]) async -> ServerAction {
    let verification = await receiver.parts.conduct.tryPassword(
      service: service.rawValue, client: client, user: name
    ) { [receiver, connection] in
      await receiver.parts.accounts.verify(
        user: name, password: password, isWanted: connection.hasPeer)
    }
    return switch verification {
    case .verified(let user)?: logIn(user.name.text)
    case .wrong?: await refuse(name, password)
    case .temporary(let reason)?: putOff(name, because: reason)
    case nil: .close(.tooManyFailedLogins)
    }
  }

  /// Looks up what SCRAM tells the client about a user.
  private func lookUp(_ name: String, _ binding: String?) -> ServerAction {
    let binding = binding.flatMap { connection.channelBinding(named: $0) }
    do throws(SystemError) {
      return session.lookedUp(
        try receiver.parts.accounts.scramParameters(user: name, binding: binding))
    } catch {
      return putOff(name, because: "\(error)")
    }
  }

  /// Checks a proof; the client is logged in once it has looked at ours.
  private func check(_ proof: SCRAMProof) async -> ServerAction {
    let mayTry = receiver.parts.conduct.mayTry(
      service: service.rawValue, client: client, user: proof.user)
    guard mayTry else { return .close(.tooManyFailedLogins) }
    let (verification, signature) = await receiver.parts.accounts.verify(proof)
    switch verification {
    case .verified(let user):
      proven = verification
      return session.proofAccepted(user: user.name.text, serverSignature: signature)
    case .wrong: return await refuse(proof.user, nil)
    case .temporary(let reason): return putOff(proof.user, because: reason)
    }
  }

  /// Logs in a client that has looked at our proof, if its own still holds.
  private func confirm(_ name: String) async -> ServerAction {
    guard case .verified(let user)? = proven else {
      preconditionFailure("a client confirms after its proof")
    }
    proven = nil
    switch receiver.parts.accounts.confirm(user) {
    case .verified(let user): return logIn(user.name.text)
    case .wrong: return await refuse(name, nil)
    case .temporary(let reason): return putOff(name, because: reason)
    }
  }

  /// Makes the client a user.
  private func logIn(_ user: String) -> ServerAction {
    receiver.parts.conduct.noteLogin(of: client, user: user)
    connection.hasLoggedIn = true
    Log.record(
      .loggedIn(
        service: service.rawValue, client: "\(client)", user: user,
        how: connection.isEncrypted ? "AUTH+TLS" : "AUTH"))
    return session.authenticationSucceeded(user: user)
  }

  /// Answers a wrong password or proof: late, so that guessing takes its time.
  private func refuse(_ name: String, _ password: [UInt8]?) async -> ServerAction {
    let mayGoOn = await receiver.parts.conduct.loginFailed(
      service: service.rawValue, client: client, user: name, password: password)
    return mayGoOn ? session.authenticationFailed() : .close(.tooManyFailedLogins)
  }

  private func putOff(_ name: String, because reason: String) -> ServerAction {
    // Not the line that fail2ban counts: the client has done nothing wrong.
    Log.say(
      .error, "\(service.rawValue): \(Log.quoted(name)) cannot log in now from \(client): \(reason)"
    )
    return session.authenticationUnavailable()
  }
}

extension Reply {
  fileprivate static var tooManyFailedLogins: Reply {
    Reply(.unavailable, EnhancedStatus(4, 7, 0), "Too many failed logins, try again later")
  }
}
