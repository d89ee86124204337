import Accounts
import EventLoop
import Grants
import Log
import Network
import POP3
import Platform
import SASL

/// From a password, or the proof of one, to an open maildrop.
extension RetrievalSession {
  /// Verifies the password and logs in.
  func logIn(
    _ name: String, _ password: [UInt8], _ mechanism: Mechanism?
  ) async throws(ConnectionError) {
    let verification = await service.conduct.tryPassword(
      service: listener, client: connection.peer.host, user: name
    ) { [service, connection] in
      await service.accounts.verify(user: name, password: password, isWanted: connection.hasPeer)
    }
    guard let verification else { return try await send(tooManyFailures) }
    try await logIn(verification, name, password, how: mechanism?.name)
  }

  /// Checks a digest of APOP and logs in.
  func logIn(
    _ name: String, timestamp: String, digest: [UInt8]
  ) async throws(ConnectionError) {
    guard mayTry(name) else { return try await send(tooManyFailures) }
    let verification = service.accounts.verify(user: name, timestamp: timestamp, digest: digest)
    try await logIn(verification, name, nil, how: "APOP")
  }

  /// Logs in a client that has looked at our proof, if its own still holds.
  func logInProven(_ name: String, _ mechanism: Mechanism) async throws(ConnectionError) {
    try await logIn(confirmed(), name, nil, how: mechanism.name)
  }

  private func confirmed() -> Verification {
    defer { proven = nil }
    guard case .verified(let user)? = proven else {
      preconditionFailure("a client confirms after its proof")
    }
    return service.accounts.confirm(user)
  }

  /// Logs in whoever has been verified, and answers the others.
  private func logIn(
    _ verification: Verification, _ name: String, _ password: [UInt8]?, how mechanism: String?
  ) async throws(ConnectionError) {
    switch verification {
    case .verified(let user) where !user.mayPOP: try await send(forbid(user))
    case .verified(let user):
      try await send(await open(user, how: way(mechanism)))
    case .wrong: try await refuse(name, password)
    case .temporary(let reason): try await send(refuse(name, .temporary, because: reason))
    }
  }

  /// Looks up what SCRAM tells the client about a user.
  func lookUp(_ name: String, _ binding: String?) -> Action {
    let binding = binding.flatMap { connection.channelBinding(named: $0) }
    do throws(SystemError) {
      return protocolSession.lookedUp(
        try service.accounts.scramParameters(user: name, binding: binding))
    } catch {
      return .reply(refuse(name, .temporary, because: "\(error)"))
    }
  }

  /// Checks a proof; the client is logged in once it has looked at ours.
  func check(_ proof: SCRAMProof) async throws(ConnectionError) {
    guard mayTry(proof.user) else { return try await send(tooManyFailures) }
    let (verification, signature) = await service.accounts.verify(proof)
    switch verification {
    case .verified(let user) where !user.mayPOP: try await send(forbid(user))
    case .verified(let user):
      proven = verification
      try await perform(
        protocolSession.proofAccepted(user: user.name.text, serverSignature: signature))
    case .wrong: try await refuse(proof.user, nil)
    case .temporary(let reason): try await send(refuse(proof.user, .temporary, because: reason))
    }
  }

  /// Whether a proof of a password may be looked at now.
  private func mayTry(_ user: String) -> Bool {
    service.conduct.mayTry(service: listener, client: connection.peer.host, user: user)
  }

  /// The last reply to a client whose password is not looked at.
  private var tooManyFailures: Reply { protocolSession.refuseLogin(.tooManyFailures) }

  private func forbid(_ user: User) -> Reply {
    refuse(user.name.text, .forbidden, because: "the user has may-pop=no")
  }

  /// How the log and a grant call a login with a mechanism, or with PASS where there is none.
  func way(_ mechanism: String?) -> String {
    (mechanism ?? "USER") + (connection.isEncrypted ? "+TLS" : "")
  }

  /// Answers a wrong password or proof: late, so that guessing takes its time.
  private func refuse(_ name: String, _ password: [UInt8]?) async throws(ConnectionError) {
    let mayGoOn = await service.conduct.loginFailed(
      service: listener, client: connection.peer.host, user: name, password: password)
    try await send(protocolSession.refuseLogin(mayGoOn ? .wrongCredentials : .tooManyFailures))
  }

  /// Opens the maildrop of a user who has proved to be it, and gives the client its grant.
  ///
  /// The grant is earned by what the client hears `+OK` for, not by a password alone.
  func open(_ user: User, how: String) async -> Reply {
    let name = user.name.text
    if let refusal = prepare(name) { return refusal }
    do throws(SystemError) {
      // What this client has been told, whatever the settings say by now.
      let expiryDays = protocolSession.expiryDays
      return welcome(
        to: try await service.maildrops.open(name, expiryDays: expiryDays), user, how: how)
    } catch {
      return refuse(name, .temporary, because: "the maildrop: \(error)")
    }
  }

  /// Forgives failed logins; returns why this one comes too soon, if it does.
  private func prepare(_ user: String) -> Reply? {
    service.conduct.noteLogin(of: connection.peer.host, user: user)
    connection.hasLoggedIn = true
    guard let delay = protocolSession.loginDelay,
      service.loginTimes.isTooSoon(user, delay: delay, at: .now)
    else { return nil }
    return refuse(user, .tooSoon, because: "the last login was less than \(delay) ago")
  }

  /// Takes over the maildrop; there is none when another session has it.
  private func welcome(to maildrop: OpenMaildrop?, _ proven: User, how: String) -> Reply {
    let user = proven.name.text
    guard let maildrop else { return refuse(user, .inUse, because: "the maildrop is in use") }
    // The password may have been changed, because another knows it, while a large maildrop was read.
    let confirmed: User
    switch service.accounts.confirm(proven) {
    case .verified(let user) where user.mayPOP: confirmed = user
    case let verification:
      service.maildrops.close(maildrop)
      return refusal(of: verification, user)
    }
    self.maildrop = maildrop
    hasLoggedIn = true
    Log.record(.loggedIn(service: listener, client: client, user: user, how: how))
    if protocolSession.loginDelay != nil { service.loginTimes.note(user, at: .now) }
    earnGrant(confirmed, how: how)
    return protocolSession.open(maildrop.listing)
  }

  /// The answer to a user who was verified a while ago and cannot log in now.
  private func refusal(of verification: Verification, _ user: String) -> Reply {
    switch verification {
    case .verified(let user): forbid(user)
    case .wrong: refuse(user, .wrongCredentials, because: "the user's line was changed meanwhile")
    case .temporary(let reason): refuse(user, .temporary, because: reason)
    }
  }

  /// Lets the client send for a while if a login where it is earns that.
  private func earnGrant(_ user: User, how: String) {
    let (grants, address, name) = (service.grants, connection.peer.host, user.name.text)
    nextExtension = grants.now + Self.extensionPause
    if let credential = user.credential,
      grants.grant(
        address, user: name, credential: credential, how: how, isEncrypted: connection.isEncrypted)
    {
      let seconds = grants.rules.window.wholeSeconds
      Log.record(.granted(client: client, user: name, seconds: Int(seconds)))
    }
  }

  /// Lets the grant of a client that is still there end a whole window from now, once in a while.
  func extendGrantIfDue() {
    if nextExtension <= service.grants.now { extendGrant() }
  }

  /// Lets the grant of a client that is still there end a whole window from now.
  func extendGrant() {
    guard let user = maildrop?.user else { return }
    let grants = service.grants
    nextExtension = grants.now + Self.extensionPause
    grants.extend(connection.peer.host, user: user, isEncrypted: connection.isEncrypted)
  }

  private func refuse(_ user: String, _ refusal: LoginRefusal, because reason: String) -> Reply {
    // Not the line that fail2ban counts: the client has done nothing wrong.
    Log.say(
      refusal == .temporary ? .error : .notice,
      "\(listener): \(Log.quoted(user)) cannot log in now from \(client): \(reason)")
    return protocolSession.refuseLogin(refusal)
  }
}
