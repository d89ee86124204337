package import DNS
package import EventLoop
package import Mail
import Network
import Platform
package import SMTP

/// Asks the server that stores the mail of a domain whether it would take mail for a recipient.
///
/// A recipient that does not exist is then refused while its sender is still there, instead of by a
/// report to whoever the sender claims to be.
///
/// **Limits**: `Limits.recipientProbe` for all of it.
///
/// **Failures**: what goes wrong on the way is `unknown`, which is no reason to refuse anybody.
@Loop
package struct RecipientProbe {
  /// What the server says.
  package enum Finding: Equatable, Sendable {
    /// It would take mail for the recipient.
    case accepted
    /// It never will, for this reason.
    case rejected(Diagnosis)
    /// It cannot be asked or cannot tell now; the text is for the log.
    case unknown(String)
  }

  private let server: LMTPServer
  private let hostname: Domain
  private let resolver: Resolver

  /// A probe of `server` by the host that is called `hostname`.
  package init(of server: LMTPServer, by hostname: Domain, resolver: Resolver) {
    self.server = server
    self.hostname = hostname
    self.resolver = resolver
  }

  /// Asks about a recipient.
  // Limitation: it asks without TLS, also over the network; what is said there is the address only.
  package func ask(about recipient: Mailbox) async -> Finding {
    let deadline = Instant.now + Limits.recipientProbe
    do throws(ConnectionError) {
      let connection = try await connect(until: deadline)
      let finding: Finding
      do throws(ConnectionError) {
        finding = try await talk(about: .mailbox(recipient), over: connection, until: deadline)
      } catch {
        finding = .unknown("\(server): \(error.reason)")
      }
      await connection.close(until: deadline)
      return finding
    } catch {
      return .unknown("\(server): \(error.reason)")
    }
  }

  private func talk(
    about recipient: ForwardPath, over connection: Connection, until deadline: Instant
  ) async throws(ConnectionError) -> Finding {
    var session = ClientSession(
      settings: ClientSettings(hostname: hostname, tls: .never, dialect: .lmtp))
    var action = ClientAction.awaitReply
    while true {
      switch action {
      case .send(let bytes):
        try await connection.write(bytes, until: deadline)
        action = session.receive(try await reply(over: connection, until: deadline))
      case .awaitReply:
        action = session.receive(try await reply(over: connection, until: deadline))
      case .ready:
        action = session.verify(recipient)
      case .finished(let outcomes):
        try await sayGoodbye(&session, over: connection, until: deadline)
        return Finding(outcomes[0])
      case .unavailable(let diagnosis):
        try await sayGoodbye(&session, over: connection, until: deadline)
        return .unknown("\(server): \(diagnosis.text)")
      case .prepareAuthentication, .compute, .startTLS, .sendContent, .sendChunk, .close:
        preconditionFailure("a probe has no content, no TLS, and an end of its own")
      }
    }
  }

  /// Says QUIT where the session is in a state for it; nobody waits for the reply.
  private func sayGoodbye(
    _ session: inout ClientSession, over connection: Connection, until deadline: Instant
  ) async throws(ConnectionError) {
    guard session.canQuit, case .send(let bytes) = session.quit() else { return }
    try await connection.write(bytes, until: deadline)
  }

  private func reply(
    over connection: Connection, until deadline: Instant
  ) async throws(ConnectionError) -> Reply {
    var parser = ReplyParser()
    while true {
      let line = try await connection.readLine(
        limit: SMTP.Limits.receivedReplyLineBytes, until: deadline)
      guard let line else { throw .endlessLine }
      switch parser.receive(line[...]) {
      case .incomplete: continue
      case .reply(let reply): return reply
      case .malformed: throw .malformed
      }
    }
  }

  // MARK: Connecting

  private func connect(until deadline: Instant) async throws(ConnectionError) -> Connection {
    switch server {
    case .unix(let path):
      return try Connection.connect(toUnixSocket: path)
    case .tcp(let host, let port):
      var failure = ConnectionError.system(.noAddress)
      for address in await addresses(of: host, until: deadline) {
        do throws(ConnectionError) {
          return try await Connection.connect(
            to: SocketAddress(address.host, port: port, scope: address.scope), until: deadline)
        } catch {
          failure = error
        }
      }
      throw failure
    }
  }

  /// The addresses, with port 0.
  private func addresses(of host: String, until deadline: Instant) async -> [SocketAddress] {
    if let address = IPAddress(host) { return [SocketAddress(address, port: 0)] }
    // No name server is to say where that is.
    if host == "localhost" {
      return ["127.0.0.1", "::1"].compactMap { IPAddress($0) }.map { SocketAddress($0, port: 0) }
    }
    var addresses = resolver.localAddresses(of: host)
    for name in resolver.fullNames(of: host) where addresses.isEmpty {
      let v4 = try? await resolver.a(name, until: deadline)
      let v6 = try? await resolver.aaaa(name, until: deadline)
      addresses = ((v4?.records ?? []) + (v6?.records ?? [])).map { SocketAddress($0, port: 0) }
    }
    return addresses
  }
}

extension RecipientProbe.Finding {
  fileprivate init(_ outcome: Outcome) {
    switch outcome {
    case .delivered: self = .accepted
    case .failed(let diagnosis): self = .rejected(diagnosis)
    case .deferred(let diagnosis), .excess(let diagnosis): self = .unknown(diagnosis.text)
    }
  }
}

extension SystemError {
  /// What the kernel would say of a name without an address.
  fileprivate static var noAddress: SystemError {
    SystemError(code: 99 /* EADDRNOTAVAIL */, call: "connect")
  }
}
