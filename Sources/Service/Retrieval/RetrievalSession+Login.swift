import Accounts
import EventLoop
import Grants
import Log
import Network
import POP3
import Platform
import SASL

/// From a password to an open maildrop.
extension RetrievalSession {
  /// Verifies the password, gives the client its grant and opens the maildrop.
  ///
  /// The grant comes with the right password, even when the maildrop is in use or cannot be read:
  /// it is the proof of who is there, and a second device may want to send.
  func logIn(
    _ name: String, _ password: [UInt8], _ mechanism: Mechanism?
  ) async throws(ConnectionError) -> Action {
    switch await service.accounts.verify(user: name, password: password) {
    case .wrong:
      recordFailure(of: name, "wrong user name or password")
      try await pause()
      return protocolSession.refuseLogin(.wrongCredentials)
    case .temporary(let reason):
      Log.say(.error, "\(listener): the login of \(name) cannot be verified: \(reason)")
      return protocolSession.refuseLogin(.temporary)
    case .verified(let user):
      let how = (mechanism?.name ?? "USER") + (connection.isEncrypted ? "+TLS" : "")
      grant(user, how: how)
      return await open(user, how: how)
    }
  }

  private func open(_ user: User, how: String) async -> Action {
    let name = user.name.text
    do throws(SystemError) {
      guard let maildrop = try await service.maildrops.open(name) else {
        recordFailure(of: name, "the maildrop is in use")
        return protocolSession.refuseLogin(.inUse)
      }
      self.maildrop = maildrop
      Log.record(.loggedIn(service: listener, client: client, user: name, how: how))
      return .reply(protocolSession.open(maildrop.listing))
    } catch {
      Log.say(.error, "maildrop of \(name): \(error)")
      return protocolSession.refuseLogin(.temporary)
    }
  }

  private func grant(_ user: User, how: String) {
    let settings = service.settings
    let address = connection.peer.host
    guard settings.grantNetworks.contains(where: { $0.contains(address) }) else { return }
    service.grants.grant(address, user: user.name.text, how: how, window: settings.grantWindow)
    Log.record(
      .granted(
        client: client, user: user.name.text,
        seconds: Int(settings.grantWindow.components.seconds)))
  }

  private func pause() async throws(ConnectionError) {
    do throws(WaitError) {
      try await Loop.shared.eventLoop.sleep(until: .now + service.settings.failureDelay)
    } catch { throw .wait(error) }
  }

  private func recordFailure(of user: String, _ reason: String) {
    Log.record(.loginFailed(service: listener, client: client, user: user, reason: reason))
  }
}
