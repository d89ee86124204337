import ArgumentParser
import Configuration
import Control

/// The command `gatepost spool`.
struct SpoolCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "spool", abstract: "Tell the server which spool is its own.",
    subcommands: [Adopt.self])

  struct Adopt: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "adopt", abstract: "Take the directory that is there for the spool.",
      discussion: """
        Where the spool is not the one from before, as when its disk is not mounted, the server puts all mail \
        off. After a restore, a move or a new disk this says that what is there now is the spool. The server must \
        run; it makes the folders that are missing, and goes on at once.
        """)

    @OptionGroup var place: ConfigurationPlace

    func run() throws {
      let places = try place.places()
      try ControlClient(places).ask(.adoptSpool) { _ in }
      Console.say("\(places.spool) is the spool")
    }
  }
}
