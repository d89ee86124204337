import Mail
package import Platform

/// The listeners that a profile is for.
package enum ListenerPattern: Hashable, Sendable {
  /// A service of `[listen]`, by its key.
  package enum Service: String, Sendable {
    /// SMTP for other hosts.
    case smtp
    /// Submission with STARTTLS.
    case submission
    /// Submission with TLS from the start.
    case submissions
    /// POP3 with STLS.
    case pop3
    /// POP3 with TLS from the start.
    case pop3s
  }

  /// Every listener of a service.
  case service(Service)
  /// The listeners at a port, of one address or of all.
  case endpoint(Endpoint)

  /// Whether a client of that service, connected to that address, is at such a listener.
  package func covers(_ service: Service, at local: SocketAddress) -> Bool {
    switch self {
    case .service(let own): own == service
    case .endpoint(let own):
      own.port == local.port && (own.address == nil || own.address == local.host)
    }
  }
}

extension Syntax<ListenerPattern> {
  /// The key of a service in `[listen]`, or a place as it stands there.
  static var listenerPattern: Syntax {
    let services: Syntax<ListenerPattern.Service> = .word([
      "smtp": .smtp, "submission": .submission, "submissions": .submissions, "pop3": .pop3,
      "pop3s": .pop3s,
    ])
    return Syntax("smtp, submission, submissions, pop3, pop3s, \"port\" or \"address:port\"") {
      text throws(Rejection) in
      if text.utf8.first?.isLetter == true { return .service(try services.parse(text)) }
      return .endpoint(try Syntax<Endpoint>.endpoint.parse(text))
    }
  }
}
