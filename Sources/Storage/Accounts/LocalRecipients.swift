package import EventLoop
package import Mail

/// Whose maildrops, and which addresses elsewhere, stand behind the recipients of local domains.
///
/// A recipient is looked for in this order, and the first that is found holds:
///
/// 1. `redirectAll` of the rules, which stands in for every recipient.
/// 2. An alias of the name. An alias of a user's name goes before the user, and means the user where it
///    names itself: `anna: anna, anna@far.example`.
/// 3. A user of the name, whether the user can log in or not.
/// 4. `postmaster` and `abuse`, which always exist (RFC 5321 §4.5.1, RFC 2142 §4); without an alias or
///    user their mail waits in a maildrop of that name.
/// 5. The same for the name without what follows its last separator, then without the one before.
/// 6. `catchAll` of the rules.
///
/// **Failures**: while a file is bad, a recipient that is not found without it is a temporary failure,
/// and so is one whose aliases lead to nobody or beyond a limit: the administrator mends it, and no
/// mail bounces meanwhile. Targets that nobody has, and circles, are reported and left out.
///
/// **Limits**: `Limits.aliasDepth`, `Limits.aliasTargets`.
@Loop
package final class LocalRecipients {
  /// Where the mail for a recipient goes.
  package struct Destinations: Equatable, Sendable {
    /// The names of maildrops, each once.
    package internal(set) var users: [String] = []
    /// Addresses elsewhere, each once.
    package internal(set) var remote: [Mailbox] = []
  }

  /// What the configuration says; replaced when it is read again.
  package var rules: LocalRules
  private let accounts: Accounts
  private let aliases: Aliases

  package init(accounts: Accounts, aliases: Aliases, rules: LocalRules) {
    self.accounts = accounts
    self.aliases = aliases
    self.rules = rules
  }

  /// Where mail for the mailbox goes, whose domain is local; nil if there is no such recipient.
  ///
  /// - Throws: what keeps it from being found out now.
  package func resolve(_ mailbox: Mailbox) throws(UsersFileError) -> Destinations? {
    accounts.refresh()
    aliases.refresh()
    var resolution = LocalResolution(
      rules: rules, aliases: aliases.targets, isComplete: problem == nil,
      maildrop: accounts.maildrop)
    defer { resolution.remarks.forEach(aliases.remark) }
    switch resolution.resolve(mailbox) {
    case .found(let destinations): return destinations
    case .unknown:
      if let problem { throw problem }
      return nil
    case .uncertain(let reason):
      throw problem ?? UsersFileError(reason: reason)
    }
  }

  /// Reads the files of users and aliases again if they have changed.
  package func refresh() {
    accounts.refresh()
    aliases.refresh()
  }

  private var problem: UsersFileError? { accounts.problem ?? aliases.problem }
}
