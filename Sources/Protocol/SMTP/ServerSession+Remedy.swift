extension ServerSession {
  /// The one thing that a profile would have to forgive for a line to pass that has just been refused;
  /// nil if none of them alone is enough.
  ///
  /// The line is tried on copies of the session, each with one rule less.
  package func remedy(for line: ArraySlice<UInt8>) -> Leniency? {
    Leniency.each.first { leniency in
      var session = self
      session.forgive(leniency)
      switch session.receive(line) {
      case .reply(let reply): return reply.code.category != .permanentFailure
      case .close: return false
      default: return true
      }
    }
  }
}
