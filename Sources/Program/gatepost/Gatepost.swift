import ArgumentParser
import Configuration

/// The administrator's tool.
@main
struct Gatepost: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "gatepost",
    abstract: "Look after the mail server on this machine.",
    discussion: "The manual is gatepost(1); the configuration is described in gatepost.conf(5).",
    version: "gatepost \(Version.text)",
    subcommands: [
      CheckCommand.self, StatusCommand.self, UserCommand.self, QueueCommand.self,
      WhitelistCommand.self,
    ])

  @OptionGroup var place: ConfigurationPlace

  /// Runs the command that the arguments name.
  ///
  /// Wrong arguments end with 64, as sysexits.h and ArgumentParser have it; what fails later with the
  /// status of its `Failure`.
  static func main() {
    do {
      var command = try parseAsRoot()
      try command.run()
    } catch let failure as Failure {
      Console.complain(failure.message)
      exit(withError: ExitCode(failure.status.rawValue))
    } catch {
      exit(withError: error)
    }
  }
}

/// Which configuration the tool looks at; the option may stand before the command or behind it.
struct ConfigurationPlace: ParsableArguments {
  @Option(
    name: [.customShort("c"), .customLong("config")],
    help: ArgumentHelp("The configuration to use.", valueName: "file"))
  var path = "/etc/gatepost/gatepost.conf"

  /// The configuration; its warnings are for `gatepost check` to tell.
  func load() throws(Failure) -> Configuration {
    do throws(ConfigurationError) {
      return try Configuration.load(path: path)
    } catch {
      throw Failure(.configuration, error.description)
    }
  }
}
