import Accounts
import Configuration
import Control
import EventLoop
import Grants
import Log
import Mail
import Network
import Platform
import Relaying
import Spool

/// What the admin's tool finds at the socket `control`: one request and its reply a connection.
///
/// Who may ask is told by the file of the socket, whose mode is 0660: root, the user of the daemon, and the
/// members of the socket's group. What was done is in the log, with the number of the user.
///
/// **Limits**: a few connections, a line of 16 KiB, ten seconds for it, and as long for the tool to
/// take each piece of the reply.
@Loop
final class ControlService {
  private let runtime: String
  private var listener: UnixSocketListener?
  private let relayer: Relayer
  private let troubles: Troubles
  let grants: Grants
  let accounts: Accounts
  private let opening: SpoolOpening
  private let connections: @Loop () -> Int
  private let facts: @Loop () -> [(name: String, text: String)]
  private let start = Instant.now
  private var clients = 0

  private static let clientLimit = 4
  static let patience: Duration = .seconds(10)

  /// A service in the runtime directory, which is made if only it is missing.
  ///
  /// - Parameters:
  ///   - connections: says how many clients the daemon has.
  ///   - facts: what else `status` tells; it brings the troubles up to date too.
  init(
    in runtime: String, relayer: Relayer, troubles: Troubles, grants: Grants, accounts: Accounts,
    opening: SpoolOpening, connections: @escaping @Loop () -> Int,
    facts: @escaping @Loop () -> [(name: String, text: String)]
  ) {
    self.runtime = runtime
    self.relayer = relayer
    self.troubles = troubles
    self.grants = grants
    self.accounts = accounts
    self.opening = opening
    self.connections = connections
    self.facts = facts
  }

  /// Listens; says whether that works now, and if not, stands as a trouble: mail goes on without it.
  @discardableResult
  func attempt() -> Bool {
    if listener != nil { return true }
    let path = "\(runtime)/\(ControlRequest.socketName)"
    do throws(SystemError) {
      try Directory.make(runtime)
      listener = try UnixSocketListener(
        in: runtime, as: ControlRequest.socketName, mode: 0o660)
      troubles.end("control \(path)", "the tool can reach the server")
      return true
    } catch {
      let what =
        error.isAddressInUse
        ? "the socket belongs to another program, perhaps another gatepostd; give this one a directory of its "
          + "own in [server] runtime" : "\(error)"
      troubles.begin("control \(path)", "\(what); the tool cannot reach this server")
      return false
    }
  }

  /// Serves as soon as it can, until the program is to stop.
  func run() async {
    await Attempts.repeatUntilDone { attempt() }
    guard let listener else { return }
    await withDiscardingTaskGroup { group in
      while let client = await next(listener) {
        if clients >= Self.clientLimit {
          await reply([.error("too many commands at once")], to: client.connection)
          await client.connection.close(until: .now)
          continue
        }
        clients += 1
        group.addTask { [self] in
          await serve(client.connection, user: client.user)
          await leave()
        }
      }
      listener.removeName()
    }
  }

  private func next(
    _ listener: UnixSocketListener
  ) async -> (connection: Connection, user: UInt32)? {
    do throws(WaitError) { return try await listener.accept() } catch { return nil }
  }

  private func leave() { clients -= 1 }

  private func serve(_ connection: Connection, user: UInt32) async {
    do throws(ConnectionError) {
      let line = try await connection.readLine(
        limit: ControlRequest.lineBytes, until: .now + Self.patience, isInterruptible: true)
      // A second line was never meant as one: it came by way of an argument with a line feed in it.
      let isAlone = !connection.hasBufferedInput
      await answer(
        isAlone ? line.flatMap { ControlRequest(parsing: $0) } : nil, user: user, over: connection)
    } catch {
      // The tool has gone, or says nothing.
    }
    await connection.close(until: .now + Self.patience)
  }

  private func answer(
    _ request: ControlRequest?, user: UInt32, over connection: Connection
  ) async {
    switch request {
    case nil:
      await reply([.error("this is no request; the tool is of another version")], to: connection)
    case .status:
      await reply(status + [.ok], to: connection)
    case .grants:
      await reply(listGrants(), to: connection)
    case .adoptSpool:
      let failure = await opening.adopt()
      if failure == nil { Log.say(.notice, "the spool was adopted by user \(user)") }
      await reply([failure.map { .error($0) } ?? .ok], to: connection)
    case .whitelist(let change):
      await reply([await changeWhitelist(change, by: user)], to: connection)
    case .act(let action, let patterns, let reason):
      do throws(QueueSelection.Misspelling) {
        let selection = try QueueSelection(patterns)
        let isDone = await relayer.act(action, on: selection, reason: reason) { results in
          // What is tried now is in the log as such.
          for (id, result) in results where result == .done && action != .retry {
            Log.record(.queueChanged(id: "\(id)", action: action.rawValue, user: user))
          }
          let lines = results.map { ControlReply.message($0.id, $0.result) }
          // A program that stops has no time for the rest; it stays as it is.
          return await reply(lines, to: connection) && !Loop.shared.eventLoop.isDraining
        }
        let end: ControlReply =
          if !isDone {
            .error("another command is being carried out")
          } else {
            Loop.shared.eventLoop.isDraining ? .error("the server is stopping") : .ok
          }
        await reply([end], to: connection)
      } catch {
        let word = String(escaping: error.word.utf8)
        await reply([.error("no such pattern: \(word)")], to: connection)
      }
    }
  }

  private var status: [ControlReply] {
    let standing = relayer.standing
    let more = facts()
    let facts = [
      ("version", Version.text), ("uptime", "\((Instant.now - start).wholeSeconds)"),
      ("connections", "\(connections())"), ("queued", "\(standing.queue.all)"),
      ("held", "\(standing.queue.held)"), ("due", "\(standing.queue.due)"),
      ("delivering", "\(standing.delivering)"),
    ]
    return (facts + more).map { ControlReply.status(name: $0.0, text: $0.1) }
      + standing.putOff.map { entry in
        let text = "\(entry.destination): \(entry.reason)"
        return .status(name: "put-off", text: String(escaping: text.utf8, limit: 1000))
      }
      + troubles.standing.map { trouble in
        let text = "\(trouble.subject): \(trouble.sentence)"
        return .status(name: "trouble", text: String(escaping: text.utf8, limit: 1000))
      }
  }

  /// Sends lines; says whether they have left.
  @discardableResult
  private func reply(_ lines: [ControlReply], to connection: Connection) async -> Bool {
    let text = lines.map { "\($0.line)\n" }.joined()
    do throws(ConnectionError) {
      try await connection.write(Array(text.utf8), until: .now + Self.patience)
      try await connection.flush(until: .now + Self.patience)
      return true
    } catch {
      return false
    }
  }
}
