/// What passwords are verified against where there is no user, so that the time of an answer does not
/// tell who there is.
///
/// The decoy of a name costs as much as the verifier of some user, always of the same one while the
/// users stay, and among many names each cost is as frequent as among the users.
// Limitation: with other users, and after a restart, a name may get another decoy, as no user does.
struct Decoys {
  /// The verifiers that cost the same.
  private struct Kind {
    let cost: String
    /// One of them; whether a password is right for it is nobody's business.
    let example: Verifier
    var count: Int
  }

  /// In the order of their costs, so that little moves when one user comes or goes.
  private var kinds: [Kind] = []

  /// The decoys for users with these verifiers.
  init(_ verifiers: some Sequence<Verifier>) {
    var found: [String: Kind] = [:]
    for verifier in verifiers {
      guard let cost = verifier.cost else { continue }
      found[cost, default: Kind(cost: cost, example: verifier, count: 0)].count += 1
    }
    kinds = found.values.sorted { $0.cost < $1.cost }
  }

  /// Whether a user has a plain secret.
  var hasPlainSecrets: Bool {
    kinds.contains { if case .plain = $0.example { true } else { false } }
  }

  /// Counts one user from one kind of verifier to another.
  mutating func move(from old: Verifier, to new: Verifier) {
    if let index = kinds.firstIndex(where: { $0.cost == old.cost }) {
      kinds[index].count -= 1
      if kinds[index].count == 0 { kinds.remove(at: index) }
    }
    guard let cost = new.cost else { return }
    let index = kinds.firstIndex { $0.cost >= cost } ?? kinds.count
    if index == kinds.count || kinds[index].cost != cost {
      kinds.insert(Kind(cost: cost, example: new, count: 0), at: index)
    }
    kinds[index].count += 1
  }

  /// The decoy for a number that belongs to a name; that of a verifier made here where there are no users.
  func verifier(_ number: UInt64) -> Verifier {
    Self.pick(number, of: kinds)?.example ?? .locked
  }

  /// A verifier of SCRAM whose form a decoy has; nil where no user has one.
  func scram(_ number: UInt64) -> SCRAMVerifier? {
    let kinds = kinds.filter { if case .scram = $0.example { true } else { false } }
    guard case .scram(let verifier)? = Self.pick(number, of: kinds)?.example else { return nil }
    return verifier
  }

  private static func pick(_ number: UInt64, of kinds: [Kind]) -> Kind? {
    let total = kinds.reduce(0) { $0 + $1.count }
    var rest = Int(number.multipliedFullWidth(by: UInt64(total)).high)
    return kinds.first { kind in
      rest -= kind.count
      return rest < 0
    }
  }
}

extension Verifier {
  /// A name for the time that a password takes, and for the form that SCRAM shows; nil for none.
  fileprivate var cost: String? {
    switch self {
    case .scram(let verifier): "scram \(verifier.iterations) \(verifier.salt.count)"
    case .crypt(let hash): hash.method
    case .plain: "plain"
    case .locked: nil
    }
  }
}
