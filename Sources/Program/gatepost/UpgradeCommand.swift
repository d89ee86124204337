import Accounts
import ArgumentParser
import Configuration
import Mail
import Platform

/// The command `gatepost user upgrade`.
struct UpgradeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "upgrade",
    abstract: "Write the verifiers that the server has made into the file of users.",
    discussion: """
      With upgrade-hashes in the configuration the server makes a verifier of SCRAM for each user who has a \
      hash of crypt(3), at a login, and keeps it in its own directory. This puts it in the place of the \
      hash. As after a change of the password, the user's grants of POP-before-SMTP end.
      """)

  @OptionGroup var place: ConfigurationPlace

  func run() throws {
    let server = try place.load().server
    let table: UpgradeTable
    do throws(SystemError) {
      table = try Self.table(in: server.state)
    } catch {
      throw Failure(reading: "\(server.state)/\(UpgradeFile.name)", error)
    }
    var upgraded: [UserName] = []
    do throws(UsersFileError) {
      // Where there is nothing to do the file stays as it is.
      let known = try UsersFile.read(path: server.users).users
      if known.contains(where: { Self.replacement(for: $0, table) != nil }) {
        try UsersFile.update(path: server.users) { users throws(UsersFileError) in
          for var user in users.users {
            guard let verifier = Self.replacement(for: user, table) else { continue }
            user.verifier = .scram(verifier)
            try users.replace(user)
            upgraded.append(user.name)
          }
        }
      }
    } catch {
      throw Failure(error)
    }
    upgraded.forEach { Console.say("\($0)") }
    Console.say("\(upgraded.count) \(upgraded.count == 1 ? "user is" : "users are") upgraded")
  }

  /// What replaces the hash of a user; a plain secret stays, for it serves APOP.
  private static func replacement(for user: User, _ table: UpgradeTable) -> SCRAMVerifier? {
    guard case .crypt = user.verifier else { return nil }
    return table.replacement(for: user)
  }

  /// What the server has made, as it has written it.
  static func table(in state: String) throws(SystemError) -> UpgradeTable {
    let directory = try Directory(path: state)
    // The directory is the server's, and so are the files that it writes.
    let owner = try directory.descriptor.status().owner
    let (table, remark) = try UpgradeFile.read(in: directory, owner: owner)
    if let remark { Console.complain(remark) }
    return table
  }
}
