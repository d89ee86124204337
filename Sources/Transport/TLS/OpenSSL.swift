internal import COpenSSL

/// The library, started once and without what a small daemon does not use.
enum OpenSSL {
  /// Starts the library; each entry into it calls this first.
  ///
  /// Whatever enters first decides for the process: an implicit start would read `openssl.cnf` and
  /// load the error strings and the tables of algorithm names. `docs/decisions/0003-openssl.md` has
  /// the figures.
  static func start() { precondition(started, "OpenSSL does not start") }

  private static let started = co_initialize() == 1
}
