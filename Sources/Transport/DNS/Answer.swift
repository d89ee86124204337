/// What the DNS says to a question.
package enum Answer<Record: Equatable & Sendable>: Equatable, Sendable {
  /// The records, at least one and at most 32, and what is known about them.
  case records([Record], AnswerOrigin)
  /// The name exists, but has no record of this kind.
  case noData
  /// There is no such name (NXDOMAIN, RFC 8020 §2).
  case noSuchName

  /// The records, none for the two negative answers.
  package var records: [Record] {
    if case .records(let records, _) = self { records } else { [] }
  }
}

/// How long an answer holds, and whether it was verified.
package struct AnswerOrigin: Equatable, Sendable {
  /// The shortest TTL on the way to the records when they were received, in whole seconds.
  package var timeToLive: Duration
  /// Whether a name server on this machine says that DNSSEC proves the answer.
  ///
  /// The word of a server elsewhere counts for nothing: anyone on the way can set the bit
  /// (RFC 4035 §4.9.3).
  package var isAuthenticated: Bool
}
