import Configuration
import Receiving

/// A kind of POP3 listener.
enum RetrievalService: String, Sendable {
  /// With STLS (RFC 2595).
  case pop3
  /// TLS from the start (RFC 8314 §3.3).
  case pop3s
}

/// What a listener serves.
enum ListenerService: Equatable, Sendable {
  case receiving(ReceivingService)
  case retrieval(RetrievalService)

  /// The name of its key in `[listen]`, and of its socket where systemd hands it over.
  var name: String {
    switch self {
    case .receiving(let kind): kind.rawValue
    case .retrieval(let kind): kind.rawValue
    }
  }
}

extension Configuration.Listen {
  /// Each service, and where it is to listen; nowhere if it is off.
  var listeners: [(service: ListenerService, endpoints: [Endpoint])] {
    [
      (.receiving(.smtp), smtp), (.receiving(.submission), submission),
      (.receiving(.submissions), submissions), (.retrieval(.pop3), pop3),
      (.retrieval(.pop3s), pop3s),
    ]
  }
}
