package import EventLoop
package import Platform
package import TLS

/// Why a connection cannot go on.
///
/// Indirect, because every suspended call has room for one: in place it would be half of an idle
/// session's memory.
package indirect enum ConnectionError: Error, Sendable {
  /// The peer has closed its side.
  case closed
  /// The connection has made room for another client.
  case dismissed
  /// The wait ended: time-out, cancellation or the stop of the program.
  case wait(WaitError)
  /// The kernel reports an error, such as a reset.
  case system(SystemError)
  /// TLS failed; the text is for the log.
  case tls(TLSError)
  /// A line is longer than its limit and went on for so long that it cannot be skipped.
  case endlessLine
  /// What the peer says is not the protocol that is spoken here.
  case malformed
  /// Bytes followed the command that starts TLS: an attempt to inject commands (CVE-2011-0411).
  case plaintextAfterStartTLS
  /// The client begins a TLS handshake where TLS is not spoken, or not yet.
  case tlsOnPlainPort

  /// The reason for a log line.
  package var reason: String {
    switch self {
    case .closed: "closed by the peer"
    case .dismissed: "idle, and its place was needed for another client"
    case .wait(.timedOut): "time-out"
    case .wait(.cancelled): "cancelled"
    case .wait(.draining): "the server is stopping"
    case .system(let error): error.description
    case .tls(let error): "TLS: \(error)"
    case .endlessLine: "endless line"
    case .malformed: "the peer breaks the protocol"
    case .plaintextAfterStartTLS: "plain text after STARTTLS"
    case .tlsOnPlainPort: "TLS on a plain port"
    }
  }
}
