import ArgumentParser
import Spool

/// The command `gatepost queue`.
struct QueueCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "queue",
    abstract: "List the messages that wait to be delivered, or do something to them.",
    discussion: """
      Messages are named by patterns: an identifier, from=ADDRESS, to=ADDRESS, older=TIME such as \
      older=2h, or all. An address may be @DOMAIN, and from=<> means reports. Patterns of one kind add \
      up; those of different kinds must all hold.
      """,
    subcommands: [
      QueueListCommand.self, QueueShowCommand.self, Flush.self, Retry.self, Hold.self, Release.self,
      Remove.self, Bounce.self,
    ],
    defaultSubcommand: QueueListCommand.self)

  struct Flush: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "flush",
      abstract: "Try everything that waits now, or what waits for a domain.",
      discussion:
        "Destinations that were down a moment ago are tried as well; held messages are not.")

    @OptionGroup var place: ConfigurationPlace
    @Argument(help: "The domain of recipients.") var domain: String?

    func run() throws {
      let count = try ControlClient(place.load()).act(
        .retry, patterns: [domain.map { "to=@\($0)" } ?? "all"], saysEach: false)
      Console.say(count == 1 ? "1 message is tried now" : "\(count) messages are tried now")
    }
  }

  struct Retry: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "retry", abstract: "Try messages now; held ones stay held.")
    @OptionGroup var place: ConfigurationPlace
    @OptionGroup var selection: SelectionArguments
    func run() throws { try ControlClient(place.load()).report(.retry, selection) }
  }

  struct Hold: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "hold", abstract: "Keep messages back until they are released.",
      discussion: "Their files are in the directory hold of the queue, also after a restart.")
    @OptionGroup var place: ConfigurationPlace
    @OptionGroup var selection: SelectionArguments
    func run() throws { try ControlClient(place.load()).report(.hold, selection) }
  }

  struct Release: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "release", abstract: "Try messages now that were held.")
    @OptionGroup var place: ConfigurationPlace
    @OptionGroup var selection: SelectionArguments
    func run() throws { try ControlClient(place.load()).report(.release, selection) }
  }

  struct Remove: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "remove", abstract: "Delete messages; nobody is told.")
    @OptionGroup var place: ConfigurationPlace
    @OptionGroup var selection: SelectionArguments
    @Flag(help: "Delete all messages, if the pattern says so.") var yes = false
    func validate() throws { try selection.check(isSure: yes) }
    func run() throws { try ControlClient(place.load()).report(.remove, selection) }
  }

  struct Bounce: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "bounce", abstract: "Return messages to their senders.",
      discussion: "The sender gets a report as of any failure, and the message is removed.")
    @OptionGroup var place: ConfigurationPlace
    @OptionGroup var selection: SelectionArguments
    @Option(help: ArgumentHelp("What the sender is told.", valueName: "text"))
    var reason = BounceReason.usual
    @Flag(help: "Return all messages, if the pattern says so.") var yes = false
    func validate() throws {
      try selection.check(isSure: yes)
      try BounceReason.check(reason)
    }
    func run() throws {
      try ControlClient(place.load()).report(.bounce, selection, reason: reason)
    }
  }
}
