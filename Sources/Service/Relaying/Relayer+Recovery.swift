import EventLoop
import Log
package import Mail
import Platform
import Spool

/// What takes mail again after it could not be reached.
enum Recovery: Sendable {
  case destination(Hop)
  case network
  /// What leaves another way than under these settings.
  case settings(before: RelayingSettings)
}

extension Relayer {
  /// Has what waits for a destination that takes mail again tried now, beside everything else.
  ///
  /// Each call reads the envelope of all that waits, so those that come together are one.
  func callRecovered(in group: inout DiscardingTaskGroup) {
    guard !recovered.isEmpty, nextRecovery <= .now else { return }
    nextRecovery = .now + Limits.recoveryPause
    let recovered = recovered
    self.recovered = []
    group.addTask { [self] in await call(recovered) }
  }

  private func call(_ recovered: [Recovery]) async {
    let (settings, version) = (settings, settingsVersion)
    let count = await spool.makeDue { envelope in
      envelope.recipients.contains { recipient in
        guard recipient.state == .toDo else { return false }
        let hops = settings.hops(
          for: recipient.path?.mailbox?.domain, of: envelope, version: version)
        return recovered.contains { recovery in
          switch recovery {
          case .network: hops.contains { !$0.isLocal }
          case .settings(let before):
            settings.way(for: recipient.path?.mailbox?.domain, of: envelope)
              != before.way(for: recipient.path?.mailbox?.domain, of: envelope)
          case .destination(let hop): hops.contains { $0.isSameDestination(as: hop) }
          }
        }
      }
    }
    guard let count else {
      // The queue is being searched already, for something else.
      self.recovered += recovered
      return spool.arrival.signal()
    }
    if count > 0 {
      Log.say(.info, "\(count) messages are tried again, as they can be sent now")
    }
  }

  /// Tries the waiting mail for some domains now, those that are down included.
  ///
  /// - Returns: how many messages it is; nil if the queue is being searched already.
  /// - Parameter matches: says whether a domain is meant; called on a worker too.
  package func flush(_ matches: @Sendable (Domain) -> Bool) async -> Int? {
    forgetFailures { hop in
      // A server that has the mail of many domains is asked again for each.
      hop.domain.map { Domain($0).map(matches) ?? false } ?? true
    }
    return await spool.makeDue { envelope in
      envelope.recipients.contains { recipient in
        recipient.state == .toDo && recipient.path?.mailbox.map { matches($0.domain) } ?? false
      }
    }
  }
}
