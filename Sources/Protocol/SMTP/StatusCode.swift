/// The three digits at the start of a reply.
///
/// RFC 5321 §4.2.3, RFC 4954 §6, RFC 3207 §4 and RFC 1985 §5. The named codes are those this server
/// sends or this client treats in a way of its own.
package struct StatusCode: RawRepresentable, Hashable, Sendable {
  /// The number, 200 to 599.
  package let rawValue: UInt16

  /// The code of this number; nil outside the five classes.
  package init?(rawValue: UInt16) {
    guard (200...599).contains(rawValue) else { return nil }
    self.rawValue = rawValue
  }

  private init(_ number: UInt16) {
    rawValue = number
  }

  /// What a code says whatever else it says, by its first digit.
  package enum Category: UInt16, Sendable {
    case success = 2
    case intermediate = 3
    case temporaryFailure = 4
    case permanentFailure = 5
  }

  /// The class of the code.
  package var category: Category {
    switch rawValue {
    case ..<300: .success
    case ..<400: .intermediate
    case ..<500: .temporaryFailure
    default: .permanentFailure
    }
  }

  /// Help.
  package static var help: StatusCode { StatusCode(214) }
  /// The service is ready: the greeting, and the go-ahead for TLS.
  package static var ready: StatusCode { StatusCode(220) }
  /// The service closes the connection, as the client asked.
  package static var closing: StatusCode { StatusCode(221) }
  /// The client is authenticated.
  package static var authenticated: StatusCode { StatusCode(235) }
  /// The action is done.
  package static var ok: StatusCode { StatusCode(250) }
  /// The address was not verified, but mail for it will be tried.
  package static var notVerified: StatusCode { StatusCode(252) }
  /// No messages wait for the domain.
  package static var nothingQueued: StatusCode { StatusCode(251) }
  /// The queue for the domain is being run.
  package static var queuingStarted: StatusCode { StatusCode(253) }
  /// The server waits for the next part of an authentication exchange.
  package static var continueAuthentication: StatusCode { StatusCode(334) }
  /// The server waits for the content.
  package static var startContent: StatusCode { StatusCode(354) }
  /// The service closes the connection of its own accord.
  package static var unavailable: StatusCode { StatusCode(421) }
  /// The mailbox cannot be used now.
  package static var mailboxBusy: StatusCode { StatusCode(450) }
  /// The server failed on the way.
  package static var localError: StatusCode { StatusCode(451) }
  /// There is no room, or there are too many recipients.
  package static var insufficientStorage: StatusCode { StatusCode(452) }
  /// Authentication or TLS fails now and may succeed later.
  package static var temporarilyUnavailable: StatusCode { StatusCode(454) }
  /// The queue cannot be run.
  package static var cannotQueue: StatusCode { StatusCode(458) }
  /// The command is not understood.
  package static var syntaxError: StatusCode { StatusCode(500) }
  /// The argument of the command is not understood.
  package static var argumentError: StatusCode { StatusCode(501) }
  /// The command is known and not offered.
  package static var notImplemented: StatusCode { StatusCode(502) }
  /// The command comes at the wrong time.
  package static var badSequence: StatusCode { StatusCode(503) }
  /// The parameter, such as a mechanism, is not offered.
  package static var parameterNotImplemented: StatusCode { StatusCode(504) }
  /// The client must authenticate itself, or start TLS, first.
  package static var authenticationRequired: StatusCode { StatusCode(530) }
  /// The mechanism is too weak.
  package static var mechanismTooWeak: StatusCode { StatusCode(534) }
  /// The password is wrong.
  package static var authenticationFailed: StatusCode { StatusCode(535) }
  /// The mechanism is offered under TLS only.
  package static var encryptionRequired: StatusCode { StatusCode(538) }
  /// The mailbox does not exist, or the message is refused.
  package static var refused: StatusCode { StatusCode(550) }
  /// The message is too large, or the mailbox is full.
  package static var exceededStorage: StatusCode { StatusCode(552) }
  /// The form of the address is not supported.
  package static var mailboxNameNotAllowed: StatusCode { StatusCode(553) }
  /// The transaction failed.
  package static var transactionFailed: StatusCode { StatusCode(554) }
  /// A parameter of MAIL or RCPT is not known.
  package static var parameterNotRecognized: StatusCode { StatusCode(555) }
}
