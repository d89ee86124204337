import ArgumentParser
import Inspection

/// The command `gatepost check`.
struct CheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Check the configuration and all that the server opens because of it.",
    discussion: """
      Tells everything that is wrong in one go, and ends with status 78 if the server would not start with \
      it, or would go on without something: the configuration, certificate and key, secrets, users, aliases, \
      spool, state, ports. Warnings alone leave the status 0. Run by root, it tries them as the server's user.
      """)

  @OptionGroup var place: ConfigurationPlace

  func run() throws {
    let inspection = Inspection.run(path: place.path)
    let errors = inspection.findings.filter { $0.severity == .error }.map(\.description)
    let failure = Failure(.configuration, errors.joined(separator: "\n"))
    if failure.status == .permission { throw failure }
    for finding in inspection.findings { Console.complain(finding.description) }
    if inspection.findings.contains(where: { $0.severity != .warning }) {
      throw Failure(.configuration, "")
    }
    let count = inspection.userCount ?? 0
    Console.say("\(place.path): no errors; \(count) \(count == 1 ? "user" : "users")")
  }
}
