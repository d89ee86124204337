package import Mail

/// Every reply this server gives by itself, in one table.
///
/// The texts tell a person what to do; programs go by the codes.
extension Reply {
  // MARK: Success

  /// The answer to RSET and NOOP.
  package static var ok: Reply { Reply(.ok, EnhancedStatus(2, 0, 0), "Ok") }
  static var senderAccepted: Reply { Reply(.ok, EnhancedStatus(2, 1, 0), "Sender ok") }
  static var recipientAccepted: Reply { Reply(.ok, EnhancedStatus(2, 1, 5), "Recipient ok") }
  static var goodbye: Reply { Reply(.closing, EnhancedStatus(2, 0, 0), "Bye") }
  static var authenticated: Reply {
    Reply(.authenticated, EnhancedStatus(2, 7, 0), "Authentication succeeded")
  }
  static var readyForTLS: Reply { Reply(.ready, EnhancedStatus(2, 0, 0), "Ready to start TLS") }
  static var notVerified: Reply {
    Reply(.notVerified, EnhancedStatus(2, 0, 0), "Cannot verify, but mail for it will be tried")
  }
  static var help: Reply {
    let verbs = Verb.allCases.filter { $0 != .expn }.map(\.keyword).joined(separator: " ")
    return Reply(.help, EnhancedStatus(2, 0, 0), "Commands: " + verbs)
  }
  static var startContent: Reply { Reply(.startContent, "End data with <CR><LF>.<CR><LF>") }

  /// The message is kept under this name, and delivered or returned from now on.
  package static func queued(as identifier: String) -> Reply {
    Reply(.ok, EnhancedStatus(2, 0, 0), "Queued as " + identifier)
  }

  static func received(bytes: Int) -> Reply {
    Reply(.ok, EnhancedStatus(2, 0, 0), "\(bytes) octets received")
  }

  /// What waits for the domain is tried again now: this many messages (RFC 1985 §5.2).
  package static func flushing(_ domain: Domain, messages: Int) -> Reply {
    messages == 0
      ? Reply(.nothingQueued, EnhancedStatus(2, 0, 0), "No messages wait for " + domain.text)
      : Reply(
        .queuingStarted, EnhancedStatus(2, 0, 0),
        "\(messages) messages for \(domain.text) are tried again now")
  }

  // MARK: Temporary failures

  /// The queue cannot be gone through now.
  package static var cannotFlush: Reply {
    Reply(.cannotQueue, EnhancedStatus(4, 3, 0), "The queue is busy, try again later")
  }

  /// The daemon is stopping.
  package static var shuttingDown: Reply {
    Reply(.unavailable, EnhancedStatus(4, 3, 2), "Service is stopping, try again later")
  }
  /// More connections are open than the configuration allows.
  package static var tooManyConnections: Reply {
    Reply(.unavailable, EnhancedStatus(4, 7, 0), "Too many connections, try again later")
  }
  /// The client has been silent for too long.
  package static var timedOut: Reply {
    Reply(.unavailable, EnhancedStatus(4, 4, 2), "Timed out waiting for a command")
  }
  static var tooManyErrors: Reply {
    Reply(.unavailable, EnhancedStatus(4, 7, 0), "Too many errors")
  }
  static var notThisProtocol: Reply {
    Reply(.unavailable, EnhancedStatus(4, 7, 0), "This is a mail server")
  }
  /// Something failed here that has nothing to do with the message.
  package static var localError: Reply {
    Reply(.localError, EnhancedStatus(4, 3, 0), "Local error, try again later")
  }
  /// The disk has no room for the message.
  package static var insufficientStorage: Reply {
    Reply(.insufficientStorage, EnhancedStatus(4, 3, 1), "Not enough disk space, try again later")
  }
  /// The queue holds as many messages as it may.
  package static var queueFull: Reply {
    Reply(.insufficientStorage, EnhancedStatus(4, 3, 1), "The queue is full, try again later")
  }
  /// The transaction has as many recipients as it may have; the client sends to the rest in another.
  package static var tooManyRecipients: Reply {
    Reply(.insufficientStorage, EnhancedStatus(4, 5, 3), "Too many recipients, send more later")
  }
  static var authenticationUnavailable: Reply {
    Reply(
      .temporarilyUnavailable, EnhancedStatus(4, 7, 0),
      "Temporary authentication failure, try again later")
  }

  // MARK: Errors of syntax and sequence

  static var unknownCommand: Reply {
    Reply(.syntaxError, EnhancedStatus(5, 5, 1), "Unknown command")
  }
  static var malformedCommand: Reply {
    Reply(.syntaxError, EnhancedStatus(5, 5, 2), "The line holds control characters")
  }
  static var lineTooLong: Reply {
    Reply(.syntaxError, EnhancedStatus(5, 5, 2), "Line too long")
  }
  static var authenticationLineTooLong: Reply {
    Reply(.syntaxError, EnhancedStatus(5, 5, 6), "Authentication exchange line too long")
  }
  static func syntax(_ form: String) -> Reply {
    Reply(.argumentError, EnhancedStatus(5, 5, 4), "Syntax: " + form)
  }
  static var badSender: Reply {
    Reply(.argumentError, EnhancedStatus(5, 1, 7), "Malformed sender address")
  }
  static var badRecipient: Reply {
    Reply(.argumentError, EnhancedStatus(5, 1, 3), "Malformed recipient address")
  }
  static var addressBeyondASCII: Reply {
    Reply(.mailboxNameNotAllowed, EnhancedStatus(5, 6, 7), "Addresses beyond ASCII not supported")
  }
  static func badParameter(_ keyword: String) -> Reply {
    Reply(.argumentError, EnhancedStatus(5, 5, 4), "Malformed or repeated parameter " + keyword)
  }
  static func unknownParameter(_ keyword: String) -> Reply {
    Reply(.parameterNotRecognized, EnhancedStatus(5, 5, 4), "Unknown parameter " + keyword)
  }
  static var notOffered: Reply {
    Reply(.notImplemented, EnhancedStatus(5, 5, 1), "Command not offered")
  }
  static func outOfSequence(_ text: String) -> Reply {
    Reply(.badSequence, EnhancedStatus(5, 5, 1), text)
  }
  static var contentHasBegun: Reply {
    .outOfSequence("Content has begun to come: only BDAT or RSET may follow")
  }
  static var noRecipients: Reply {
    Reply(.transactionFailed, EnhancedStatus(5, 5, 1), "No valid recipients")
  }
  static var commandAfterStartTLS: Reply {
    Reply(.transactionFailed, EnhancedStatus(5, 5, 0), "Nothing may follow STARTTLS in its group")
  }

  // MARK: Authentication

  /// RFC 4954 §6: the client may not do this before it has authenticated.
  package static var authenticationRequired: Reply {
    Reply(.authenticationRequired, EnhancedStatus(5, 7, 0), "Authentication required")
  }
  static var tlsRequired: Reply {
    Reply(.authenticationRequired, EnhancedStatus(5, 7, 0), "Start TLS and authenticate first")
  }
  static var encryptionRequired: Reply {
    Reply(.encryptionRequired, EnhancedStatus(5, 7, 11), "Encryption required, start TLS first")
  }
  static var unknownMechanism: Reply {
    Reply(.parameterNotImplemented, EnhancedStatus(5, 5, 4), "Mechanism not offered")
  }
  static var authenticationCancelled: Reply {
    Reply(.argumentError, EnhancedStatus(5, 7, 0), "Authentication cancelled")
  }
  static var authenticationMalformed: Reply {
    Reply(.argumentError, EnhancedStatus(5, 5, 2), "Malformed authentication exchange")
  }
  static var channelBindingFailed: Reply {
    Reply(.authenticationFailed, EnhancedStatus(5, 7, 8), "The proof is not for this connection")
  }
  static var authenticationFailed: Reply {
    Reply(.authenticationFailed, EnhancedStatus(5, 7, 8), "User name or password wrong")
  }

  // MARK: Refused messages

  /// The message is, or says it will be, over the size limit.
  package static func tooLarge(limitBytes: Int) -> Reply {
    Reply(
      .exceededStorage, EnhancedStatus(5, 3, 4),
      "Message too large, the limit is \(limitBytes) bytes")
  }
  /// The message carries so many trace fields that it must be going in circles.
  package static var looping: Reply {
    Reply(.transactionFailed, EnhancedStatus(5, 4, 6), "Mail loop: too many Received fields")
  }
  /// No such mailbox exists here.
  package static var noSuchUser: Reply {
    Reply(.refused, EnhancedStatus(5, 1, 1), "No such user here")
  }
  /// The recipient is not local, and the client may not relay.
  package static var relayingDenied: Reply {
    Reply(.refused, EnhancedStatus(5, 7, 1), "Relaying denied")
  }

  /// The content breaks the rules for mail in this way.
  package static func refusal(of violation: ContentDecoder.Violation) -> Reply {
    Reply(
      .refused, EnhancedStatus(5, 6, 0), "The message breaks the rules: \(violation.description)")
  }

  /// The header breaks the rules for mail in this way.
  package static func refusal(of violation: HeaderPass.Violation) -> Reply {
    let text =
      switch violation {
      case .beyondASCII:
        "The header holds bytes beyond ASCII: encode them (RFC 2047), or send with SMTPUTF8"
      case .tooLarge:
        "The header is larger than \(Mail.Limits.headerBytes) bytes"
      }
    return Reply(.refused, EnhancedStatus(5, 6, 0), text)
  }
}
