/// A directory of the queue in which messages are.
package enum QueueFolder: UInt8, CaseIterable, Sendable {
  /// `new`: accepted and not tried yet.
  case new
  /// `cur`: tried before.
  case current
  /// `hold`: kept back by an admin.
  case held

  /// The name of the directory.
  package var name: String {
    switch self {
    case .new: "new"
    case .current: "cur"
    case .held: "hold"
    }
  }

  /// The directory beside them for what is no message, or none any more.
  package static let aside = "aside"
}

/// How many messages the queue has, besides those that are being delivered.
package struct QueueCounts: Equatable, Sendable {
  /// All of them.
  package var all = 0
  /// Those that an admin keeps back.
  package var held = 0
  /// Those that are due and wait for their turn.
  package var due = 0
}
