internal import EventLoop
package import Platform

/// How the name servers are asked.
extension Resolver {
  /// How long silent servers are waited for.
  struct Patience: Sendable {
    /// How long after each try the question is sent to the same server again; the last one is followed by the end only.
    var tries: [Duration] = [.seconds(2), .seconds(4), .seconds(8)]
    /// The next server is asked, too, when the one before has been silent for so long.
    var turn: Duration = .seconds(2)
    /// A server that is not there is asked again after this time, then after twice as long each time.
    var refusal: Duration = .milliseconds(250)
    /// For all of them together.
    var total: Duration = .seconds(20)
    /// The same for the question that shows whether they answer at all.
    var control: Duration = .seconds(5)
  }

  /// What comes of the exchanges with several servers.
  private enum Event: Sendable {
    case reply(server: Int, Exchange.Reply)
    case failure(server: Int, DNSError)
    /// It is time to ask the server at this place of the order.
    case turn(Int)
  }

  /// Asks the servers until one answers.
  ///
  /// The next one is asked when one fails or is silent for a while, and each that is silent is asked again. All that were
  /// asked are listened to until the end.
  ///
  /// A server that refuses to be asked at all is asked again, as one that is being restarted is back in a moment.
  func ask(
    _ servers: [SocketAddress], _ question: Question, until end: Instant
  ) async throws(DNSError) -> Finding {
    let order = servers.indices.map { (preferred + $0) % servers.count }
    let result = await withTaskGroup(of: Event.self) { group -> Result<Finding, DNSError> in
      defer { group.cancelAll() }
      var next = 0
      var running = 0
      var refusals = 0
      var failure: DNSError?
      func askNext(_ group: inout TaskGroup<Event>) {
        guard next < order.count else { return }
        let server = order[next]
        next += 1
        running += 1
        group.addTask { await self.exchange(question, servers, server, until: end) }
        let place = next
        guard place < order.count else { return }
        group.addTask { await self.turn(place) }
      }
      askNext(&group)
      while running > 0, let event = await group.next() {
        switch event {
        case .turn(let place): if place == next { askNext(&group) }
        case .reply(let server, let reply):
          running -= 1
          note(reply, from: servers[server])
          do throws(DNSError) {
            var finding = try Finding(reply.message, to: question)
            finding.isAuthenticated =
              finding.isAuthenticated && servers[server].host.isLoopback
            if self.servers == servers { preferred = server }
            return .success(finding)
          } catch {
            if error.rank >= failure?.rank ?? 0 { failure = error }
            askNext(&group)
          }
        case .failure(let server, let error):
          running -= 1
          if error == .interrupted { return .failure(error) }
          if error.isAnswer { lastAnswer = .now }
          if error.rank >= failure?.rank ?? 0 { failure = error }
          askNext(&group)
          let pause = patience.refusal * (1 << min(refusals, 3))
          if error.isRefusal, .now + pause < end {
            refusals += 1
            running += 1
            group.addTask {
              await self.exchange(question, servers, server, after: pause, until: end)
            }
          }
        }
      }
      return .failure(failure ?? .timedOut)
    }
    return try result.get()
  }

  private func turn(_ place: Int) async -> Event {
    do throws(WaitError) {
      try await Loop.shared.eventLoop.sleep(until: .now + patience.turn)
    } catch {
      // The exchange that is under way tells of it.
    }
    return .turn(place)
  }

  private func exchange(
    _ question: Question, _ servers: [SocketAddress], _ server: Int, after pause: Duration = .zero,
    until end: Instant
  ) async -> Event {
    if pause > .zero {
      do throws(WaitError) {
        try await Loop.shared.eventLoop.sleep(until: .now + pause)
      } catch { return .failure(server: server, .interrupted) }
    }
    let exchange = Exchange(
      question: question, server: servers[server], waits: patience.tries, deadline: end,
      offersLongReply: plainUntil[servers[server]].map { $0 <= .now } ?? true)
    do throws(DNSError) {
      return .reply(server: server, try await exchange.reply())
    } catch {
      return .failure(server: server, error)
    }
  }

  private func note(_ reply: Exchange.Reply, from server: SocketAddress) {
    lastAnswer = .now
    guard reply.refusesLongReply, servers.contains(server) else { return }
    plainUntil[server] = .now + Limits.plainServer
  }

  /// Whether any name server answers anything, if only that it cannot tell.
  ///
  /// A question that has no answer may have none because of its name. So the servers are asked for those of the root,
  /// which has nothing to do with any mail, unless one has answered another question meanwhile.
  ///
  /// - Parameter start: an answer since then is enough.
  package func isAnswering(since start: Instant) async -> Bool {
    if lastAnswer >= start { return true }
    do throws(DNSError) {
      _ = try await ask(
        nameServers.current(), Question(name: .root, type: .ns), until: .now + patience.control)
    } catch let error where error == .interrupted {
      // The program stops: nobody knows.
      return true
    } catch {}
    return lastAnswer >= start
  }
}

extension DNSError {
  /// What counts of the failures of several servers: that one is there, then that one is silent.
  fileprivate var rank: Int {
    switch self {
    case .failed: 3
    case .cutShort, .malformed: 2
    case .timedOut: 1
    case .network, .invalidName, .interrupted: 0
    }
  }

  /// Whether nobody listens at the server's port.
  fileprivate var isRefusal: Bool {
    if case .network(let error) = self { error.isConnectionRefused } else { false }
  }
}
