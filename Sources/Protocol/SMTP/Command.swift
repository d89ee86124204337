package import Mail

/// A command of a client, understood.
package enum Command: Equatable, Sendable {
  case hello(name: String, isExtended: Bool)
  case mail(from: ReversePath, MailParameters)
  case recipient(ForwardPath, NotificationRequest)
  case data
  /// That many octets of content follow the command, whatever the reply to it is (RFC 3030 §2).
  case chunk(bytes: Int, isLast: Bool)
  case reset
  case noop
  case quit
  case help
  case verify
  case expand
  case flush(Domain, withSubdomains: Bool)
  case startTLS
  case authenticate(mechanism: ArraySlice<UInt8>, initialResponse: ArraySlice<UInt8>?)

  /// The verb whose rules the command follows.
  package var verb: Verb {
    switch self {
    case .hello(_, let isExtended): isExtended ? .ehlo : .helo
    case .mail: .mail
    case .recipient: .rcpt
    case .data: .data
    case .chunk: .bdat
    case .reset: .rset
    case .noop: .noop
    case .quit: .quit
    case .help: .help
    case .verify: .vrfy
    case .expand: .expn
    case .flush: .etrn
    case .startTLS: .startTLS
    case .authenticate: .auth
    }
  }
}
