package import Platform

/// Why a question has no answer: not even the answer that there is nothing.
package enum DNSError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The name cannot be a name in the DNS, so no server is asked; the only permanent error.
  case invalidName
  /// No server answered in time.
  case timedOut
  /// The network or this machine failed.
  case network(SystemError)
  /// A server answers that it cannot tell, with this response code (RFC 1035 §4.1.1, RFC 6895 §2.3).
  case failed(code: Int)
  /// The answer does not fit into a datagram, and the server does not give it over TCP.
  case cutShort
  /// What came back is not an answer to the question, or holds nothing that can be used.
  case malformed
  /// The program is stopping.
  case interrupted

  /// Whether the same question may have an answer later.
  package var isTemporary: Bool { self != .invalidName }

  /// Whether a server has answered, if only that it cannot tell.
  var isAnswer: Bool {
    switch self {
    case .failed, .cutShort, .malformed: true
    case .invalidName, .timedOut, .network, .interrupted: false
    }
  }

  package var description: String {
    switch self {
    case .invalidName: "not a domain name"
    case .timedOut: "no name server answers"
    case .network(let error): "\(error)"
    case .failed(let code): "the name server answers \(Self.name(of: code))"
    case .cutShort: "the answer is too long for UDP, and the name server does not give it over TCP"
    case .malformed: "the name server's answer cannot be used"
    case .interrupted: "interrupted"
    }
  }

  private static func name(of code: Int) -> String {
    switch code {
    case 1: "FORMERR"
    case 2: "SERVFAIL"
    case 4: "NOTIMP"
    case 5: "REFUSED"
    default: "with code \(code)"
    }
  }
}
