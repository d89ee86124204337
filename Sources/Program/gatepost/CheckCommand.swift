import Accounts
import ArgumentParser
import Configuration

/// The command `gatepost check`.
struct CheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Check the configuration and the users file.",
    discussion: """
      Tells everything that is wrong in one go, each with its file and line, and ends with status 78 \
      if the server would not start with it.
      """)

  @OptionGroup var place: ConfigurationPlace

  func run() throws {
    let configuration = try place.load()
    for warning in configuration.warnings { Console.complain(warning.description) }
    let users: UsersFile
    do throws(UsersFileError) {
      users = try UsersFile.read(path: configuration.server.users)
    } catch {
      throw Failure(.configuration, error.description)
    }
    let count = users.users.count
    Console.say("\(place.path): no errors; \(count) \(count == 1 ? "user" : "users")")
  }
}
