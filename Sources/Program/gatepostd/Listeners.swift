import Configuration
import EventLoop
import Log
import Network
import Platform

/// The listening sockets: handed over by systemd, or bound here.
///
/// **Failures**: a port that cannot be had is tried again until it can. An address that no interface has yet is bound
/// all the same (`IP_FREEBIND`), and served from the moment it is there; each is a standing trouble meanwhile.
@Loop
final class Listeners {
  /// A socket that listens, or is to listen as soon as it can.
  @Loop
  private final class Place {
    let service: ListenerService
    let address: SocketAddress
    /// Whether a machine without IPv6 may do without it.
    let isOptional: Bool
    var listener: Listener?
    /// Whether the interface with its address is still to come.
    var isEarly = false
    /// Whether the configuration still has it.
    var isWanted = true
    /// Whether its task runs.
    var isStarted = false

    init(_ service: ListenerService, _ address: SocketAddress, isOptional: Bool = false) {
      self.service = service
      self.address = address
      self.isOptional = isOptional
    }

    var subject: String { "listen \(service.name) \(address)" }

    func isSame(as other: Place) -> Bool {
      service == other.service && address == other.address
    }
  }

  private var places: [Place] = []
  /// The services that systemd has bound: they have no socket of ours.
  private var inherited: [ListenerService] = []
  private let troubles: Troubles
  private let changed = Condition()

  /// Takes what systemd hands over and binds the rest of what is configured, as far as that works now.
  ///
  /// An inherited socket is for the service whose name it has, or else for the one that is configured
  /// for its port; an address that systemd has bound is not bound again.
  init(_ listen: Configuration.Listen, troubles: Troubles) {
    self.troubles = troubles
    for socket in ServiceManager.takeInheritedSockets() { inherit(socket, listen) }
    take(listen)
  }

  /// Each service and its address, as in `smtp 0.0.0.0:25`.
  var description: String {
    names.isEmpty ? "nothing listens" : names.joined(separator: ", ")
  }

  /// The services and addresses that listen, each as in `smtp 0.0.0.0:25`.
  var names: [String] {
    places.filter { $0.listener != nil }.map { "\($0.service.name) \($0.address)" }
  }

  /// The names of the services whose sockets systemd has bound.
  var inheritedNames: [String] { inherited.map(\.name) }

  // MARK: Inherited

  private func inherit(_ socket: ServiceManager.InheritedSocket, _ listen: Configuration.Listen) {
    let descriptor = Descriptor(owning: socket.number)
    do throws(SystemError) {
      let listener = try Listener(descriptor)
      let port = listener.address.port
      guard
        let service = listen.listeners.first(where: { $0.service.name == socket.name })
          ?? listen.listeners.first(where: { $0.endpoints.contains { $0.port == port } })
      else {
        troubles.begin(
          "socket \(listener.address)",
          "systemd hands it over, and no key of [listen] names its port: nobody is served there; give the port "
            + "to a service in [listen], or take it out of gatepost.socket")
        return
      }
      let place = Place(service.service, listener.address)
      place.listener = listener
      places.append(place)
      if !inherited.contains(service.service) { inherited.append(service.service) }
    } catch {
      troubles.begin(
        "socket \(socket.name.isEmpty ? "\(socket.number)" : socket.name)",
        "systemd hands it over, and it cannot be used: \(error); nobody is served there")
    }
  }

  // MARK: Bound

  /// Listens where the configuration says, and nowhere else; what systemd has bound stays.
  func take(_ listen: Configuration.Listen) {
    var wanted: [Place] = []
    for (service, endpoints) in listen.listeners where !inherited.contains(service) {
      for endpoint in endpoints { wanted += Self.places(for: endpoint, of: service) }
    }
    for place in places where !inherited.contains(place.service) {
      if !wanted.contains(where: place.isSame) { giveUp(place) }
    }
    places.removeAll { !$0.isWanted }
    for place in wanted where !places.contains(where: place.isSame) {
      places.append(place)
      attempt(place)
    }
    if places.isEmpty {
      troubles.begin("listen", "every service is off in [listen]: nobody is served")
    } else {
      troubles.end("listen", "a service is on")
    }
    changed.signal()
  }

  private static func places(for endpoint: Endpoint, of service: ListenerService) -> [Place] {
    endpoint.addresses.map { address in
      Place(service, address, isOptional: endpoint.address == nil && !address.host.isV4)
    }
  }

  private func giveUp(_ place: Place) {
    place.isWanted = false
    place.listener?.stop()
    troubles.end(place.subject, "is not in the configuration any more")
  }

  /// Binds a place; says whether there is nothing left to do about it.
  @discardableResult
  private func attempt(_ place: Place) -> Bool {
    if place.listener != nil || !place.isWanted { return true }
    do throws(SystemError) {
      do throws(SystemError) {
        place.listener = try Listener(on: place.address)
      } catch let error where error.isAddressMissing && !place.isOptional {
        place.listener = try Listener(on: place.address, mayBeMissing: true)
        place.isEarly = true
      }
    } catch let error where place.isOptional && error.isAddressFamilyMissing {
      Log.say(.notice, "no IPv6 on this machine: \(place.service.name) listens on IPv4 only")
      place.isWanted = false
      return true
    } catch {
      troubles.begin(place.subject, "\(error)\(Self.advice(on: error)); it is tried again")
      return false
    }
    if place.isEarly {
      troubles.begin(
        place.subject,
        "no interface of this machine has the address; it is served when one has it")
    } else {
      troubles.end(place.subject, "is served")
    }
    return true
  }

  private static func advice(on error: SystemError) -> String {
    if error.isAddressInUse { return "; see who has it with: ss -ltnp" }
    if error.isPermissionDenied {
      return "; ports below 1024 need CAP_NET_BIND_SERVICE or gatepost.socket"
    }
    return ""
  }

  // MARK: Running

  /// Serves all places until the program is to stop.
  ///
  /// - Parameter serve: serves the clients of one listener until that is closed.
  func run(_ serve: @escaping @Loop @Sendable (ListenerService, Listener) async -> Void) async {
    await withDiscardingTaskGroup { group in
      do throws(WaitError) {
        while true {
          for place in places where !place.isStarted {
            place.isStarted = true
            group.addTask { [self] in await run(place, serve) }
          }
          try await changed.wait()
        }
      } catch {
        // The program stops.
      }
    }
  }

  private func run(
    _ place: Place, _ serve: @escaping @Loop @Sendable (ListenerService, Listener) async -> Void
  ) async {
    await Attempts.repeatUntilDone { attempt(place) }
    guard let listener = place.listener, place.isWanted else { return }
    await withDiscardingTaskGroup { group in
      if place.isEarly { group.addTask { [self] in await awaitAddress(of: place) } }
      await serve(place.service, listener)
    }
  }

  /// Looks until an interface has the address, for the log and the status alone.
  private func awaitAddress(of place: Place) async {
    await Attempts.repeatUntilDone {
      guard place.isWanted else { return true }
      guard (try? Surroundings.hold(place.address.host)) == true else { return false }
      troubles.end(place.subject, "an interface has the address now")
      return true
    }
  }
}
