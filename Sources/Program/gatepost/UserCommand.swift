import Accounts
import ArgumentParser
import Configuration
import Mail

/// The command `gatepost user`.
struct UserCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "user",
    abstract: "Add, change, remove and list users.",
    discussion: "A change holds at once; the server need not be told.",
    subcommands: [
      Add.self, Set.self, ChangePassword.self, Remove.self, List.self, ImportCommand.self,
      UpgradeCommand.self,
    ])

  struct Add: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "add", abstract: "Add a user and set the password.")

    @OptionGroup var place: ConfigurationPlace
    @OptionGroup var password: PasswordInput
    @Argument(
      help: "The name of the user, which is also the local part of the address.",
      transform: UserName.argument)
    var name: UserName
    @OptionGroup var options: UserOptions

    func run() throws {
      let server = try place.load().server
      var user = User(name: name, verifier: .locked)
      do throws(UsersFileError) {
        try options.apply(to: &user)
        // Said before the password is asked for; that there is no file yet is no fault.
        if let users = try? UsersFile.read(path: server.users) {
          try users.checkAbsence(of: name)
        }
      } catch {
        throw Failure(error)
      }
      user.verifier = try password.verifier(of: name)
      try change(server.users) { users throws(UsersFileError) in try users.add(user) }
      let addresses = server.domains.map { "\(name)@\($0.text)" }
      Console.say(
        addresses.isEmpty
          ? "\(name) can log in" : "\(name) can log in and has \(addresses.joined(separator: ", "))"
      )
    }
  }

  struct Set: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "set",
      abstract: "Change the options of a user.",
      discussion: "An option with an empty value, as in --quota '', takes away what the user has.")

    @OptionGroup var place: ConfigurationPlace
    @Argument(help: "The name of the user.", transform: UserName.argument) var name: UserName
    @OptionGroup var options: UserOptions

    func validate() throws {
      if options.isEmpty { throw ValidationError("give at least one option") }
    }

    func run() throws {
      try change(try place.load().server.users) { users throws(UsersFileError) in
        var user = try users.user(name)
        try options.apply(to: &user)
        try users.replace(user)
      }
      Console.say("\(name) is changed")
    }
  }

  struct ChangePassword: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "passwd", abstract: "Set a new password.")

    @OptionGroup var place: ConfigurationPlace
    @OptionGroup var password: PasswordInput
    @Argument(help: "The name of the user.", transform: UserName.argument) var name: UserName

    func run() throws {
      let path = try place.load().server.users
      do throws(UsersFileError) {
        _ = try UsersFile.read(path: path).user(name)
      } catch {
        throw Failure(error)
      }
      let verifier = try password.verifier(of: name)
      try change(path) { users throws(UsersFileError) in
        var user = try users.user(name)
        user.verifier = verifier
        try users.replace(user)
      }
      Console.say("\(name) has a new password")
    }
  }

  struct Remove: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "remove",
      abstract: "Remove a user; the mail stays where it is.")

    @OptionGroup var place: ConfigurationPlace
    @Argument(help: "The name of the user.", transform: UserName.argument) var name: UserName

    func run() throws {
      let server = try place.load().server
      try change(server.users) { users throws(UsersFileError) in try users.remove(name) }
      Console.say(
        "\(name) is removed; mail of the user, if any, stays in \(server.spool)/mail/\(name)")
    }
  }

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "list", abstract: "List the users, one a line: name, login, options.")

    @OptionGroup var place: ConfigurationPlace

    func run() throws {
      let server = try place.load().server
      // Who may not look at it, or has no server here yet, is told what the file of users says.
      let upgrades =
        server.upgradesHashes ? try? UpgradeCommand.table(in: server.state) : nil
      do throws(UsersFileError) {
        for user in try UsersFile.read(path: server.users).users {
          let isUpgraded = upgrades?.replacement(for: user) != nil
          let login = login(user) + (isUpgraded ? "+scram-sha-256" : "")
          Console.say(([user.name.text, login] + user.options).joined(separator: " "))
        }
      } catch {
        throw Failure(error)
      }
    }

    private func login(_ user: User) -> String {
      switch user.verifier {
      case .scram: "scram-sha-256"
      case .crypt: "crypt"
      case .plain: "plain"
      case .locked: "locked"
      }
    }
  }
}

/// Changes the users file.
private func change(
  _ path: String, _ body: (inout UsersFile) throws(UsersFileError) -> Void
) throws(Failure) {
  do throws(UsersFileError) {
    try UsersFile.update(path: path, body)
  } catch {
    throw Failure(error)
  }
}
