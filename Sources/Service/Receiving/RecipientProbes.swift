import DNS
import EventLoop
import Mail
import Platform

/// The probes of all sessions: how many there are, and which servers could not be asked lately.
///
/// **Limits**: `Limits.probes` at once; a server that was silent is left alone for
/// `Limits.probePause`, so that a dead one costs one client ten seconds and not each recipient.
@Loop
final class RecipientProbes {
  private let resolver: Resolver
  private var count = 0
  /// Until when servers are left alone; no more of them than the configuration has.
  private var resting: [LMTPServer: Instant] = [:]

  init(resolver: Resolver) { self.resolver = resolver }

  /// Asks a server about a recipient.
  func ask(
    _ server: LMTPServer, about recipient: Mailbox, by hostname: Domain
  ) async -> RecipientProbe.Finding {
    if let end = resting[server], .now < end {
      return .unknown("\(server): could not be asked a short while ago")
    }
    guard count < Limits.probes else { return .unknown("\(server): too many are asking it") }
    count += 1
    defer { count -= 1 }
    let probe = RecipientProbe(of: server, by: hostname, resolver: resolver)
    let began = Instant.now
    let finding = await probe.ask(about: recipient)
    resting[server] = nil
    // One that refuses costs nothing to be asked again, one that is silent costs each client its time.
    if case .unknown = finding, .now - began >= Limits.slowProbe {
      resting[server] = .now + Limits.probePause
    }
    return finding
  }
}
