package import Mail

/// A command of a client, understood.
package enum Command: Equatable, Sendable {
  case hello(name: String, isExtended: Bool)
  case mail(from: ReversePath, MailParameters)
  case recipient(ForwardPath)
  case data
  case reset
  case noop
  case quit
  case help
  case verify
  case expand
  case startTLS
  case authenticate(mechanism: ArraySlice<UInt8>, initialResponse: ArraySlice<UInt8>?)

  /// The verb whose rules the command follows.
  package var verb: Verb {
    switch self {
    case .hello(_, let isExtended): isExtended ? .ehlo : .helo
    case .mail: .mail
    case .recipient: .rcpt
    case .data: .data
    case .reset: .rset
    case .noop: .noop
    case .quit: .quit
    case .help: .help
    case .verify: .vrfy
    case .expand: .expn
    case .startTLS: .startTLS
    case .authenticate: .auth
    }
  }
}

/// What MAIL says beside the sender.
package struct MailParameters: Equatable, Sendable {
  /// The encodings of content that BODY declares, RFC 6152 §2.
  package enum Body: Equatable, Sendable {
    case sevenBit
    case eightBit
  }

  /// The size the message is going to have on the wire, RFC 1870 §3.
  package var sizeBytes: Int?
  /// The encoding of the content.
  package var body: Body?

  /// The parameters with these values.
  package init(sizeBytes: Int? = nil, body: Body? = nil) {
    self.sizeBytes = sizeBytes
    self.body = body
  }
}
