import ArgumentParser
import Control

/// The command `gatepost status`.
struct StatusCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "Say how the server is.",
    discussion: """
      One a line: version, time since the start, connections of clients; how many messages are queued, \
      how many of them are held and due, and how many are being delivered; then each destination that \
      could not be reached a moment ago, with the reason.
      """)

  @OptionGroup var place: ConfigurationPlace

  func run() throws {
    try ControlClient(place.load()).ask(.status) { reply in
      guard case .status(let name, let text) = reply else { return }
      let seconds = name == "uptime" ? Int64(text) : nil
      Console.say("\(name): \(seconds.map { Age(seconds: $0).description } ?? text)")
    }
  }
}
