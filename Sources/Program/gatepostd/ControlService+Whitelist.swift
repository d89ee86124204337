import Accounts
import Control
import Grants
import Log
import Mail
import Platform

extension ControlService {
  /// The grants with which mail can be sent beyond this host now.
  func listGrants() -> [ControlReply] {
    do throws(UsersFileError) {
      var lines: [ControlReply] = []
      for (grant, line) in grants.inForce() {
        if try accounts.mailbox(for: grant.user)?.mayRelay == true { lines.append(.grant(line)) }
      }
      return lines + [.ok]
    } catch {
      return [.error(error.description)]
    }
  }

  /// Changes the whitelist; returns what the tool is told, when that is in the file.
  func changeWhitelist(
    _ change: ControlRequest.WhitelistChange, by admin: UInt32
  ) async -> ControlReply {
    if let failure = grants.readFailure {
      return .error("the whitelist is not changed while its file cannot be read: \(failure)")
    }
    switch change {
    case .add(let address, let user):
      guard !address.isUnspecified else { return .error("\(address) is no address of a host") }
      guard grants.add(address, user: user) else {
        return .missing("there is no user \(String(escaping: user.utf8)) who can log in")
      }
      return await done("add", "\(address) \(user)", admin)
    case .revoke(let address):
      guard grants.revoke(address) else { return .missing("\(address) has no grant") }
      return await done("revoke", "\(address)", admin)
    case .revokeUser(let user):
      guard grants.revoke(user: user) else {
        return .missing("\(String(escaping: user.utf8)) has no grant")
      }
      return await done("revoke", user, admin)
    }
  }

  private func done(_ action: String, _ subject: String, _ admin: UInt32) async -> ControlReply {
    Log.record(.whitelistChanged(action: action, subject: subject, user: admin))
    guard let failure = await grants.settle(within: Self.patience) else { return .ok }
    return .error(
      "it is done, but a restart may undo it, as the whitelist is not written: \(failure)")
  }
}
