import EventLoop
import Platform
import Spool

/// When what stands in line has its turn.
extension Relayer {
  /// How long a route's window stays closed.
  func windowWait(of route: Route) -> Duration {
    route.window?.wait(atSecond: secondOfDay()) ?? .zero
  }

  /// When the next line can be called that waits for a moment, and not for a place.
  var nextTurn: Instant {
    lines.keys.reduce(.distantFuture) { min($0, opening(of: $1)) }
  }

  /// When a line can be called, as far as it waits for a moment.
  private func opening(of key: HopLines.Key) -> Instant {
    switch key {
    case .window(let route, let version):
      guard version == settingsVersion else { return .now }
      return .now + min(windowWait(of: settings.route(at: route)), Limits.windowPause)
    case .hop(let hop):
      let turn = turns.next(hop)
      guard turn > now, hop.version == settingsVersion else { return .distantFuture }
      return .now + (turn - now)
    }
  }

  /// How many messages of a line could be taken now.
  func room(for key: HopLines.Key) -> Int {
    switch key {
    case .window(let route, let version):
      let isOpen =
        version != settingsVersion || windowWait(of: settings.route(at: route)) == .zero
      return isOpen ? .max : 0
    case .hop(let hop):
      // What cannot be sent now is told so, and what is under older settings finds its way anew.
      if hop.version != settingsVersion || hops.obstacle(to: hop, at: now) != nil { return .max }
      let route = hop.route.map(settings.route)
      if turns.next(hop) > now { return 0 }
      let count =
        connections.count(hop)
        + hops.freePlaces(hop, limit: connectionLimit(of: route))
      return (route?.interval ?? .zero) > .zero ? min(1, count) : count
    }
  }
}
