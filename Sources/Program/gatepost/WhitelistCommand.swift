import ArgumentParser
import Configuration
import Grants
import Platform

/// The command `gatepost whitelist`.
struct WhitelistCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "whitelist",
    abstract: "Tell which addresses may relay because of a POP3 login.",
    subcommands: [List.self, Export.self], defaultSubcommand: List.self)

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "list", abstract: "List the addresses.",
      discussion: "One a line: address, user, how the login was made, when the right ends.")

    @OptionGroup var place: ConfigurationPlace

    func run() throws {
      let now = Instant.now
      for grant in try place.load().grants() {
        let rest = Age(grant.end - now)
        Console.say("\(grant.address) \(grant.user) \(grant.how) ends in \(rest)")
      }
    }
  }

  struct Export: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "export", abstract: "Write the addresses for another program.",
      discussion: """
        For Postfix, a table for cidr:; for Exim, a file for iplsearch; for nft -f, two sets whose \
        elements end with the right.
        """)

    @OptionGroup var place: ConfigurationPlace
    @Argument(help: "The program: postfix, exim or nftables.") var format: WhitelistFormat

    func run() throws {
      format.lines(try place.load().grants(), at: .now).forEach(Console.say)
    }
  }
}

extension Configuration {
  /// The grants that are alive, of which that comes first that ends last.
  fileprivate func grants() throws(Failure) -> [Grant] {
    let path = "\(server.state)/\(Grants.fileName)"
    do throws(SystemError) {
      let content = try Descriptor.reading(path: path).readAll(limit: GrantFile.limitBytes)
      let table = GrantFile.parse(content, boot: try Boot.identifier(), at: .now).table
      return table.grants.sorted { $0.end > $1.end }
    } catch {
      // The server makes the file with the first grant.
      if error.isNotFound { return [] }
      throw Failure(reading: path, error)
    }
  }
}
