import ArgumentParser
import Configuration
import Control

/// The command `gatepost status`.
struct StatusCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "Say how the server is.",
    discussion: """
      One a line: version, time since the start, connections of clients; how many messages are queued, \
      how many of them are held and due, and how many are being delivered; what is free on the disk, \
      and until when the certificate holds; then each destination that could not be reached a moment ago, \
      and each trouble that stands, with the reason. The status is 0 if all is well, 75 if a trouble \
      stands, 78 if the configuration has an error, and 69 if the server does not run.
      """)

  @OptionGroup var place: ConfigurationPlace

  func run() throws {
    let places = try place.places()
    var hasTrouble = false
    try ControlClient(places).ask(.status) { reply in
      guard case .status(let name, let text) = reply else { return }
      if name == "trouble" { hasTrouble = true }
      let seconds = name == "uptime" ? Int64(text) : nil
      Console.say("\(name): \(seconds.map { Age(seconds: $0).description } ?? text)")
    }
    if places.problem != nil { throw Failure(.configuration, "") }
    if hasTrouble { throw Failure(.trouble, "") }
  }
}
