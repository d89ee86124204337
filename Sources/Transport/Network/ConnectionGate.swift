package import EventLoop
import Platform
package import TLS
internal import Log

/// What all listeners of the program share: how many connections there may be, and their end.
@Loop
package final class ConnectionGate {
  private var counts: ClientCounts
  private let conduct: Conduct

  /// A gate for `total` connections in all and `perClient` of one client, unless it is trusted.
  package init(total: Int, perClient: Int, conduct: Conduct) {
    counts = ClientCounts(total: total, perClient: perClient)
    self.conduct = conduct
  }

  /// How many connections are open.
  package var count: Int { counts.total }

  /// Accepts clients and runs a session for each, until the program is to stop and all have ended.
  ///
  /// - Parameters:
  ///   - service: the name of the listener in the log.
  ///   - refusal: what a client hears for which there is no room, with its line end; empty
  ///     for nothing.
  ///   - session: talks to one client; closes the connection by returning.
  package func serve(
    _ listener: Listener, service: String, refusal: String,
    session: @escaping @Loop @Sendable (Connection) async -> Void
  ) async {
    await withDiscardingTaskGroup { group in
      while let connection = await next(listener) {
        let client = connection.peer.host
        if let reason = reasonToRefuse(client) {
          await refuse(connection, service, refusal, reason)
          continue
        }
        group.addTask { [self] in
          await session(connection)
          await leave(client)
        }
      }
      listener.close()
    }
  }

  private func next(_ listener: Listener) async -> Connection? {
    do throws(WaitError) { return try await listener.accept() } catch { return nil }
  }

  /// Counts a new client; returns why it may not stay, or nil.
  private func reasonToRefuse(_ client: IPAddress) -> String? {
    let standing = conduct.standing(of: client)
    // Who comes too often is counted even where there is no room, and so gains nothing by it.
    return conduct.refusal(of: client, standing) ?? counts.admit(client, standing).refusal
  }

  private func leave(_ client: IPAddress) {
    counts.leave(client)
    if counts.takeEbb() { Heap.trim() }
  }

  /// Says one line and closes.
  ///
  /// It never waits: the kernel takes a line on a new socket. The log hears of a client once a minute,
  /// so that none fills the disk.
  private func refuse(
    _ connection: Connection, _ service: String, _ refusal: String, _ reason: String
  ) async {
    let client = connection.peer.host
    if conduct.takeReport(of: client) {
      Log.record(.clientRefused(service: service, client: "\(client)", reason: reason))
    }
    do throws(ConnectionError) {
      try await connection.write(Array(refusal.utf8), until: .now)
    } catch {}
    await connection.close(until: .now)
  }
}

/// The server's side of TLS, replaced as a whole when the certificate is read again.
@Loop
package final class ServerIdentity {
  /// The context of sessions that begin from now on; nil while there is no certificate that can be used.
  package var context: TLSContext?
  /// The same for clients that may speak TLS 1.0 and 1.1; nil where there are none.
  package var oldContext: TLSContext?

  package init(_ context: TLSContext?, oldContext: TLSContext? = nil) {
    self.context = context
    self.oldContext = oldContext
  }
}
