import Mail
import Platform
import SASL
import Spool

/// How a destination is reached: a change of it gives mail that waits another chance.
struct Way: Equatable, Sendable {
  /// The servers; empty for the mail exchangers of the domain.
  var servers: [Route.Server]
  var credentials: RelayingSettings.Credentials?
  var encryption: RelayingSettings.Encryption
  var authorities: String?
  var needsTLS13: Bool
  var mechanisms: [Mechanism]
  var allowsPasswordInClear: Bool
  var source: IPAddress?
  var mxPort: UInt16
}

extension RelayingSettings {
  /// Whether some mail could be sent another way than with other settings.
  func hasOtherWays(than other: RelayingSettings) -> Bool {
    let (these, those) = (routes + [otherwise], other.routes + [other.otherwise])
    return handovers != other.handovers || these.count != those.count
      || zip(these, those).contains {
        $0.pattern != $1.pattern || way(of: $0) != other.way(of: $1)
      }
  }

  /// The way of a recipient.
  func way(for domain: Domain?, of envelope: QueueEnvelope) -> Way {
    if let lmtp = domain.flatMap({ handovers[$0] }) {
      var way = way(of: otherwise)
      way.servers = [.lmtp(lmtp)]
      way.credentials = nil
      return way
    }
    let sender = Mailbox(envelope.reversePath, allowsUTF8: true)
    return way(of: routes.first { $0.holds(for: domain, of: envelope, from: sender) } ?? otherwise)
  }

  private func way(of route: Route) -> Way {
    Way(
      servers: route.servers, credentials: route.credentials, encryption: route.encryption,
      authorities: route.authorities, needsTLS13: route.needsTLS13, mechanisms: route.mechanisms,
      allowsPasswordInClear: route.allowsPasswordInClear, source: route.source, mxPort: mxPort)
  }
}
