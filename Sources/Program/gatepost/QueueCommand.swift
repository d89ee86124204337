import ArgumentParser
import Mail
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
    @Argument(
      help: "The domain of recipients, with or without @ before it.",
      transform: FlushDomain.pattern)
    var domain: String?

    func run() throws {
      let count = try ControlClient(place.places()).act(
        .retry, patterns: [domain ?? "all"], saysEach: false)
      Console.say(count == 1 ? "1 message is tried now" : "\(count) messages are tried now")
    }
  }

  struct Retry: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "retry", abstract: "Try messages now; held ones stay held.")
    @OptionGroup var place: ConfigurationPlace
    @OptionGroup var selection: SelectionArguments
    func run() throws { try ControlClient(place.places()).report(.retry, selection) }
  }

  struct Hold: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "hold", abstract: "Keep messages back until they are released.",
      discussion: "Their files are in the directory hold of the queue, also after a restart.")
    @OptionGroup var place: ConfigurationPlace
    @OptionGroup var selection: SelectionArguments
    func run() throws { try ControlClient(place.places()).report(.hold, selection) }
  }

  struct Release: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "release", abstract: "Try messages now that were held.")
    @OptionGroup var place: ConfigurationPlace
    @OptionGroup var selection: SelectionArguments
    func run() throws { try ControlClient(place.places()).report(.release, selection) }
  }

  struct Remove: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "remove", abstract: "Delete messages; nobody is told.")
    @OptionGroup var place: ConfigurationPlace
    @OptionGroup var selection: SelectionArguments
    @Flag(help: "Delete all messages, if the pattern says so.") var yes = false
    func validate() throws { try selection.check(isSure: yes) }
    func run() throws { try ControlClient(place.places()).report(.remove, selection) }
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
      try ControlClient(place.places()).report(.bounce, selection, reason: reason)
    }
  }
}

/// The domain on the command line of a flush.
private enum FlushDomain {
  /// The pattern for recipients in a domain, which may be beyond ASCII; fails where the text is none.
  static func pattern(_ text: String) throws -> String {
    let name = text.utf8.first == UInt8(ascii: "@") ? String(text.dropFirst()) : text
    guard let domain = Domain(ArraySlice(name.utf8), allowsUTF8: true) else {
      throw ValidationError("\"\(String(escaping: text.utf8, limit: 80))\" is no domain")
    }
    return "to=@\(domain.text)"
  }
}
