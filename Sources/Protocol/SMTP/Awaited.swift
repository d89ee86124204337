/// The reply a client session waits for.
package enum Awaited: CaseIterable, Sendable {
  case greeting, hello, startTLS, authentication, reset, mail, recipient, data, content, quit

  /// How long a server may take for it, RFC 5321 §4.5.3.2.
  ///
  /// The RFC's figures are the least a client should wait. They matter most for the reply to the
  /// content: to give up there sends the message twice.
  package var timeout: Duration {
    switch self {
    case .greeting, .hello, .startTLS, .authentication, .reset, .mail, .recipient: .seconds(300)
    case .data: .seconds(120)
    case .content: .seconds(600)
    // Nothing depends on it, and the connection holds memory on both sides.
    case .quit: .seconds(10)
    }
  }

  /// What is waited for, as a log or a report tells it.
  package var text: String {
    switch self {
    case .greeting: "the greeting"
    case .hello: "the reply to EHLO"
    case .startTLS: "the reply to STARTTLS"
    case .authentication: "the reply to AUTH"
    case .reset: "the reply to RSET"
    case .mail: "the reply to MAIL"
    case .recipient: "the reply to RCPT"
    case .data: "the reply to DATA"
    case .content: "the reply to the content"
    case .quit: "the reply to QUIT"
    }
  }
}
