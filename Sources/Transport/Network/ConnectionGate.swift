package import EventLoop
import Platform
package import TLS
internal import Log

/// What all listeners of the program share: how many connections there may be, and their end.
///
/// Where there is no place for a new client, the connection makes room that has waited longest for its client,
/// of those that have not logged in: among the lowest class first, and never of a higher class than the new
/// client's. Its session ends as if the program were to stop, with a last line for its client.
@Loop
package final class ConnectionGate {
  /// A connection that has a place.
  private final class Seat {
    let connection: Connection
    let standing: ClientStanding

    init(_ connection: Connection, _ standing: ClientStanding) {
      self.connection = connection
      self.standing = standing
    }
  }

  private var counts: ClientCounts
  private var seats: [ObjectIdentifier: Seat] = [:]
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
        if let reason = reasonToRefuse(connection) {
          await refuse(connection, service, refusal, reason)
          continue
        }
        group.addTask { [self] in
          await session(connection)
          await leave(connection)
        }
      }
      listener.close()
    }
  }

  private func next(_ listener: Listener) async -> Connection? {
    do throws(WaitError) { return try await listener.accept() } catch { return nil }
  }

  /// Counts a new client; returns why it may not stay, or nil.
  private func reasonToRefuse(_ connection: Connection) -> String? {
    let client = connection.peer.host
    let standing = conduct.standing(of: client)
    // Who comes too often is counted even where there is no room, and so gains nothing by it.
    if let reason = conduct.refusal(of: client, standing) { return reason }
    var admission = counts.admit(client, standing)
    if admission == .full, makeRoom(for: standing) { admission = counts.admit(client, standing) }
    switch admission {
    case .admitted:
      seats[ObjectIdentifier(connection)] = Seat(connection, standing)
      return nil
    case .full where standing == .stranger:
      return "too many connections in all; the rest is for known clients"
    case .full: return "too many connections in all"
    case .tooManyFromClient: return "too many connections from this client"
    }
  }

  /// Ends the session of whoever has waited longest, among those that a client of this standing may displace.
  private func makeRoom(for standing: ClientStanding) -> Bool {
    var found: (seat: Seat, since: Instant)?
    for seat in seats.values where seat.standing <= standing && !seat.connection.hasLoggedIn {
      guard let since = seat.connection.idleSince else { continue }
      if let best = found, (best.seat.standing, best.since) <= (seat.standing, since) { continue }
      found = (seat, since)
    }
    guard let seat = found?.seat else { return false }
    giveUpSeat(of: seat.connection)
    seat.connection.dismiss()
    return true
  }

  private func leave(_ connection: Connection) {
    giveUpSeat(of: connection)
    if counts.takeEbb() { Heap.trim() }
  }

  /// Frees the place of a connection, unless it has made room before.
  private func giveUpSeat(of connection: Connection) {
    guard seats.removeValue(forKey: ObjectIdentifier(connection)) != nil else { return }
    counts.leave(connection.peer.host)
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
