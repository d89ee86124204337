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
      WhitelistCommand.self, SpoolCommand.self, CertificateCommand.self,
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
      if !failure.message.isEmpty { Console.complain(failure.message) }
      exit(withError: ExitCode(failure.status.rawValue))
    } catch {
      // Not by `exit(withError:)`, which would not notice that help cannot be written.
      let code = exitCode(for: error)
      let text = fullMessage(for: error)
      if code == .success, !text.isEmpty { Console.sayAsIs(text) }
      if code != .success, !text.isEmpty { Console.complainAsIs(text) }
      exit(withError: code)
    }
  }
}

/// Which configuration the tool looks at; the option may stand before the command or behind it.
struct ConfigurationPlace: ParsableArguments {
  @Option(
    name: [.customShort("c"), .customLong("config")],
    help: ArgumentHelp("The configuration to use.", valueName: "file"))
  var path = "/etc/gatepost/gatepost.conf"

  /// The paths of the configuration, with a complaint where it cannot be used.
  ///
  /// - Throws: where this user may not read it: then the paths are not known either.
  func places() throws(Failure) -> Configuration.Places {
    let places = Configuration.places(path: path)
    if let problem = places.problem {
      let failure = Failure(.configuration, problem.description)
      if failure.status == .permission { throw failure }
      let count = problem.diagnostics.filter { $0.severity == .error }.count
      Console.complain(
        "\(path): \(count == 1 ? "an error" : "\(count) errors"), see \"gatepost check\"; used are"
          + " spool \(places.spool), state \(places.state), runtime \(places.runtime)")
    }
    return places
  }

  /// The configuration; its warnings are for `gatepost check` to tell.
  func load() throws(Failure) -> Configuration {
    do throws(ConfigurationError) {
      return try Configuration.load(path: path)
    } catch {
      throw Failure(.configuration, error.description)
    }
  }
}
