import ArgumentParser
import Configuration
import Control
import Grants
import Mail
import Platform

/// The command `gatepost whitelist`.
struct WhitelistCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "whitelist",
    abstract: "Tell which addresses may relay because of a POP3 login, or change that.",
    subcommands: [List.self, Add.self, Revoke.self, Export.self], defaultSubcommand: List.self)

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "list", abstract: "List the addresses.",
      discussion: """
        One a line: address, user, how the login was made, when the right ends. Where the server does not \
        run, as its file says.
        """)

    @OptionGroup var place: ConfigurationPlace

    func run() throws {
      let now = Instant.now
      for grant in try place.places().grants() {
        let rest = Age(grant.end - now)
        Console.say("\(grant.address) \(grant.user) \(grant.how) ends in \(rest)")
      }
    }
  }

  struct Add: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "add", abstract: "Let an address relay as if a user had read mail from there.",
      discussion: """
        The right ends with the window of POP-before-SMTP, or with the user's password. It holds for \
        addresses outside of the networks of [pop-before-smtp] as well.
        """)

    @OptionGroup var place: ConfigurationPlace
    @Argument(help: "The address, of IPv4 or IPv6.") var address: String
    @Argument(help: "The user.") var user: String

    func run() throws {
      guard let address = IPAddress(address), !address.isUnspecified else {
        throw ValidationError("\"\(String(escaping: address.utf8))\" is no address of a host")
      }
      let request = ControlRequest.whitelist(.add(address, user: user))
      try ControlClient(place.places()).ask(request, missing: .unknownUser) { _ in }
      Console.say("\(address) may send as \(user)")
    }
  }

  struct Revoke: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "revoke", abstract: "End the right of an address, or of all addresses of a user."
    )

    @OptionGroup var place: ConfigurationPlace
    @Argument(help: "The address or the user.") var subject: String

    func run() throws {
      let change: ControlRequest.WhitelistChange =
        IPAddress(subject).map { .revoke($0) } ?? .revokeUser(subject)
      try ControlClient(place.places()).ask(.whitelist(change)) { _ in }
      Console.say("\(subject) may not send any more")
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
      format.lines(try place.places().grants(), at: .now).forEach(Console.say)
    }
  }
}

extension Configuration.Places {
  /// The grants that are alive, of which that comes first that ends last.
  ///
  /// The server says which they are; where it does not run, its file is all there is.
  fileprivate func grants() throws(Failure) -> [Grant] {
    let now = GrantTime.now
    let lines: [UInt8]
    if let answer = try ControlClient(self).grants() {
      lines = answer
    } else {
      lines = try fileOfGrants()
    }
    let boot: String
    do throws(SystemError) { boot = try Boot.identifier() } catch {
      throw Failure(.unavailable, "which start of the machine this is cannot be told: \(error)")
    }
    let grants = GrantFile.parse(lines, boot: boot, window: window, at: now).grants
    return grants.filter { $0.isAlive(at: now) }.sorted { $0.end > $1.end }
  }

  private func fileOfGrants() throws(Failure) -> [UInt8] {
    let path = "\(state)/\(Grants.fileName)"
    do throws(SystemError) {
      return try Descriptor.reading(path: path).readAll(limit: GrantFile.limitBytes)
    } catch {
      // The server makes the file with the first grant.
      if error.isNotFound { return [] }
      throw Failure(reading: path, error)
    }
  }
}
