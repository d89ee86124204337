import Accounts
import ArgumentParser
import Configuration
import Mail
import Platform

/// The command `gatepost user import`.
struct ImportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import",
    abstract: "Take over the users of a Dovecot passwd-file, or lines of /etc/shadow.",
    discussion: """
      Names and passwords are taken, and users that are there already are left as they are. With a hash \
      of crypt(3) a user logs in by PLAIN, LOGIN and USER; SCRAM needs a new password, or upgrade-hashes in the \
      configuration.
      """)

  @OptionGroup var place: ConfigurationPlace
  @Argument(
    help: "The file with a line name:password:... for each user, or - for the standard input.")
  var file: String

  func run() throws {
    let server = try place.load().server
    let lines = try content()
    var found: [User] = []
    var problems: [String] = []
    do throws(SystemError) {
      for line in lines {
        switch try ForeignUser(line: line, domains: server.domains) {
        case .user(let user): found.append(user)
        case .unusable(let name, let reason): problems.append("\(name): \(reason)")
        case nil: break
        }
      }
    } catch {
      throw Failure(.output, "no random numbers for the salt: \(error)")
    }
    var added: [User] = []
    do throws(UsersFileError) {
      try UsersFile.update(path: server.users) { users throws(UsersFileError) in
        for user in found {
          do throws(UsersFileError) {
            try users.add(user)
            added.append(user)
          } catch {
            problems.append("\(user.name): there is such a user already")
          }
        }
      }
    } catch {
      throw Failure(error)
    }
    added.forEach { Console.say("\($0.name)") }
    problems.forEach(Console.complain)
    Console.say("\(added.count) \(added.count == 1 ? "user is" : "users are") taken over")
    if added.isEmpty, !problems.isEmpty { throw Failure(.data, "\(file): no user is taken over") }
  }

  private func content() throws(Failure) -> [Substring] {
    do throws(SystemError) {
      let bytes = try Console.readAll(path: file, limit: Limits.fileBytes)
      return bytes.split(separator: .lineFeed).map { String(decoding: $0, as: UTF8.self)[...] }
    } catch {
      throw Failure(.input, "\(file): cannot be read: \(error)")
    }
  }
}
