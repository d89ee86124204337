import ArgumentParser
import Configuration
import Grants
import Platform

/// The command `gatepost whitelist`.
struct WhitelistCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "whitelist",
    abstract: "List the addresses that may relay because of a POP3 login.",
    discussion: "One a line: address, user, how the login was made, when the right ends.")

  @OptionGroup var place: ConfigurationPlace

  func run() throws {
    let path = try place.load().server.state + "/" + Grants.fileName
    let table: GrantTable
    do throws(SystemError) {
      let content = try Descriptor.reading(path: path).readAll(limit: GrantFile.limitBytes)
      table = GrantFile.parse(content, boot: try Boot.identifier(), at: .now).table
    } catch {
      // The server makes the file with the first grant.
      if error.isNotFound { return }
      throw Failure(reading: path, error)
    }
    let now = Instant.now
    for grant in table.grants.sorted(by: { $0.end > $1.end }) {
      let rest = Age(grant.end - now)
      Console.say("\(grant.address) \(grant.user) \(grant.how) ends in \(rest)")
    }
  }
}
