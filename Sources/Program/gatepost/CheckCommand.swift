import Accounts
import ArgumentParser
import Configuration

/// The command `gatepost check`.
struct CheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Check the configuration and the files of users and aliases.",
    discussion: """
      Tells everything that is wrong in one go, each with its file and line, and ends with status 78 \
      if the server would not start with it.
      """)

  @OptionGroup var place: ConfigurationPlace

  func run() throws {
    let configuration = try place.load()
    for warning in configuration.warnings { Console.complain(warning.description) }
    var problems: [String] = []
    var count = 0
    do throws(UsersFileError) {
      count = try UsersFile.read(path: configuration.server.users).users.count
    } catch {
      problems.append(error.description)
    }
    do throws(UsersFileError) {
      try AliasesFile.check(path: configuration.local.aliases)
    } catch {
      problems.append(error.description)
    }
    if !problems.isEmpty { throw Failure(.configuration, problems.joined(separator: "\n")) }
    Console.say("\(place.path): no errors; \(count) \(count == 1 ? "user" : "users")")
  }
}
