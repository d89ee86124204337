package import Mail

/// What became of a message for one recipient, in one attempt.
package enum Outcome: Equatable, Sendable {
  /// The next host has taken it over.
  case delivered(Diagnosis)
  /// It failed in a way that may pass: the message is to be kept and tried again.
  case deferred(Diagnosis)
  /// The host takes no more recipients with this message: this one goes in another transaction at once.
  ///
  /// The transaction that it was left out of has settled another recipient, if only until later.
  case excess(Diagnosis)
  /// It failed for good: the sender is to be told.
  case failed(Diagnosis)

  /// What was said about it.
  package var diagnosis: Diagnosis {
    switch self {
    case .delivered(let diagnosis), .deferred(let diagnosis), .excess(let diagnosis),
      .failed(let diagnosis):
      diagnosis
    }
  }
}

/// The reason of an outcome: a status for programs, a text for people.
package struct Diagnosis: Equatable, Sendable {
  /// The status.
  package let status: EnhancedStatus
  /// The text, in visible ASCII and spaces; a remote host's reply begins with its code.
  package let text: String
  /// Whether the text is what the remote host said, and not this host's own finding.
  package let isRemote: Bool

  /// A finding of this host.
  package init(_ status: EnhancedStatus, _ text: String) {
    self.status = status
    self.text = String(escaping: text.utf8)
    isRemote = false
  }

  /// What a remote host replied; a reply without a status gets the general one of its class.
  package init(_ reply: Reply) {
    let statusClass: UInt8 =
      switch reply.code.category {
      case .success: 2
      case .intermediate, .temporaryFailure: 4
      case .permanentFailure: 5
      }
    status = reply.status ?? EnhancedStatus(statusClass, 0, 0)
    text = reply.text
    isRemote = true
  }
}
