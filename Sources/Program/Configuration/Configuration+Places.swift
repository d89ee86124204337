extension Configuration {
  /// The paths that the tool needs to look after a server whose configuration is broken.
  package struct Places: Sendable {
    /// The directory of the queue and the maildrops.
    package let spool: String
    /// The directory of what must survive a restart.
    package let state: String
    /// The directory of what need not.
    package let runtime: String
    /// How long a login lets its address relay.
    package let window: Duration
    /// Why the configuration cannot be used; nil if it can.
    package let problem: ConfigurationError?
  }

  /// The paths of a configuration, as far as its files can be read, and the defaults of the others.
  ///
  /// - Parameter path: the main file; its drop-ins are read as in `load`.
  package static func places(path: String) -> Places {
    var reading = Reading(mainFile: path)
    reading.addAll()
    let draft = reading.draft
    var problem: ConfigurationError?
    do throws(ConfigurationError) { _ = try load(path: path) } catch { problem = error }
    return Places(
      spool: draft.spool, state: draft.state, runtime: draft.runtime, window: draft.window,
      problem: problem)
  }
}
