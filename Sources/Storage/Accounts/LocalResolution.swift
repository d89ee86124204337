import Mail

/// The search for one local recipient, as `LocalRecipients` describes it: a value without files.
struct LocalResolution {
  /// What comes of it.
  enum Outcome: Equatable {
    /// Mail goes there, to one place at least.
    case found(LocalRecipients.Destinations)
    /// Nobody has the name.
    case unknown
    /// Nobody can be told to have it, for a reason that the administrator can mend.
    case uncertain(String)
  }

  let rules: LocalRules
  /// The targets of each alias, its name in lower case.
  let aliases: [String: [AliasTarget]]
  /// Whether a name that is not found is known not to be there.
  let isComplete: Bool
  /// The maildrop of the user of a name.
  let maildrop: (String) -> String?

  /// What the administrator should hear of.
  private(set) var remarks: [String] = []
  private var destinations = LocalRecipients.Destinations()
  /// The aliases that have been followed.
  private var seen: Set<String> = []
  /// Those of them that lead to the name that is looked at.
  private var path: [String] = []
  /// Why some of the mail might be lost.
  private var obstacle: String?

  init(
    rules: LocalRules, aliases: [String: [AliasTarget]], isComplete: Bool,
    maildrop: @escaping (String) -> String?
  ) {
    self.rules = rules
    self.aliases = aliases
    self.isComplete = isComplete
    self.maildrop = maildrop
  }

  /// Where mail for the mailbox goes.
  mutating func resolve(_ mailbox: Mailbox) -> Outcome {
    let name = mailbox.localPart.asciiLowercased
    if let redirectAll = rules.redirectAll {
      return follow(.mailbox(redirectAll), from: "redirect-all")
    }
    if owner(of: name) != nil { return follow(.name(name), from: "the recipient") }
    // With a bad file it is not certain that nobody has the name.
    guard isComplete, let catchAll = rules.catchAll else { return .unknown }
    return follow(catchAll, from: "catch-all")
  }

  /// Follows the first target of a search.
  private mutating func follow(_ target: AliasTarget, from source: String) -> Outcome {
    add(target, from: source)
    if let obstacle { return .uncertain(obstacle) }
    if !destinations.users.isEmpty || !destinations.remote.isEmpty { return .found(destinations) }
    return .uncertain(remarks.last ?? "\(source) leads to nobody")
  }

  /// What a name is: an alias, or the maildrop of a user.
  private enum Owner {
    case alias(String, [AliasTarget])
    case user(String)
  }

  private func owner(of name: String) -> Owner? {
    var name = name
    while true {
      if let targets = aliases[name], !path.contains(name) { return .alias(name, targets) }
      // An alias that is followed already means the user of its name.
      if let user = maildrop(name) ?? Self.required(name) { return .user(user) }
      guard
        let separator = rules.separator, let end = name.utf8.lastIndex(of: separator),
        end != name.startIndex
      else { return nil }
      name = String(name[..<end])
    }
  }

  /// The maildrops that exist even where no user has their name.
  private static func required(_ name: String) -> String? {
    Mailbox.requiredNames.contains(name) ? name : nil
  }

  private mutating func add(_ target: AliasTarget, from source: String) {
    guard let name = rules.localName(of: target) else {
      guard case .mailbox(let mailbox) = target else { return }
      add(mailbox, to: \.remote)
      return
    }
    switch owner(of: name) {
    case .user(let user):
      add(user, to: \.users)
    case .alias(let name, let targets):
      guard seen.insert(name).inserted else { return }
      guard path.count < Limits.aliasDepth else {
        stop("the alias \(Self.quoted(path[0])) leads over more than \(Limits.aliasDepth) others")
        return
      }
      path.append(name)
      let alias = "the alias \(Self.quoted(name))"
      for target in targets where obstacle == nil { add(target, from: alias) }
      path.removeLast()
    case nil:
      let end = path.contains(name) ? "leads back to it" : "is nobody's name"
      let remark = "\(source) leads to \(Self.quoted(name)), which \(end)"
      if isComplete { remarks.append(remark) } else { obstacle = remark }
    }
  }

  private mutating func add<Element: Equatable>(
    _ element: Element, to list: WritableKeyPath<LocalRecipients.Destinations, [Element]>
  ) {
    if destinations[keyPath: list].contains(element) { return }
    guard destinations.users.count + destinations.remote.count < Limits.aliasTargets else {
      // To leave some out would be to lose their mail.
      stop(
        "the alias \(Self.quoted(path.first ?? "")) leads to more than \(Limits.aliasTargets)"
          + " recipients")
      return
    }
    destinations[keyPath: list].append(element)
  }

  private mutating func stop(_ reason: String) {
    obstacle = reason
    remarks.append(reason)
  }

  private static func quoted(_ name: String) -> String {
    "\"" + String(escaping: name.utf8, limit: 80) + "\""
  }
}
