import Configuration
import EventLoop
import Log
import Network
import Platform
import Receiving

/// A kind of POP3 listener.
enum RetrievalService: String, Sendable {
  /// With STLS (RFC 2595).
  case pop3
  /// TLS from the start (RFC 8314 §3.3).
  case pop3s
}

/// What a listener serves.
enum ListenerService: Equatable, Sendable {
  case receiving(ReceivingService)
  case retrieval(RetrievalService)

  /// The name of its key in `[listen]`, and of its socket where systemd hands it over.
  var name: String {
    switch self {
    case .receiving(let kind): kind.rawValue
    case .retrieval(let kind): kind.rawValue
    }
  }
}

/// The listening sockets: handed over by systemd, or bound here.
@Loop
struct Listeners {
  private(set) var all: [(service: ListenerService, listener: Listener)] = []

  /// Each service and its address, as in `smtp 0.0.0.0:25`.
  var description: String {
    all.map { "\($0.service.name) \($0.listener.address)" }.joined(separator: ", ")
  }

  /// Takes what systemd hands over and binds the rest of what is configured.
  ///
  /// An inherited socket is for the service whose name it has, or else for the one that is configured
  /// for its port; an address that systemd has bound is not bound again.
  init(_ listen: Configuration.Listen) throws(StartError) {
    let configured: [(service: ListenerService, endpoints: [Endpoint])] = [
      (.receiving(.smtp), listen.smtp), (.receiving(.submission), listen.submission),
      (.receiving(.submissions), listen.submissions), (.retrieval(.pop3), listen.pop3),
      (.retrieval(.pop3s), listen.pop3s),
    ]
    var inherited: [ListenerService] = []
    for socket in ServiceManager.takeInheritedSockets() {
      let listener = try StartError.about("socket from systemd") { () throws(SystemError) in
        try Listener(Descriptor(owning: socket.number))
      }
      let port = listener.address.port
      guard
        let service = configured.first(where: { $0.service.name == socket.name })
          ?? configured.first(where: { $0.endpoints.contains { $0.port == port } })
      else {
        throw StartError(
          "systemd hands over port \(port), which no key of [listen] names: give it to a service "
            + "there, or take it out of gatepost.socket")
      }
      all.append((service.service, listener))
      if !inherited.contains(service.service) { inherited.append(service.service) }
    }
    for (service, endpoints) in configured where !inherited.contains(service) {
      for endpoint in endpoints { try bind(endpoint, for: service) }
    }
    if all.isEmpty { throw StartError("[listen]: every service is off; leave one on") }
  }

  private mutating func bind(_ endpoint: Endpoint, for service: ListenerService) throws(StartError)
  {
    if let address = endpoint.address {
      try bind(SocketAddress(address, port: endpoint.port), for: service, isOptional: false)
    } else {
      try bind(
        SocketAddress(IPAddress(v4: 0), port: endpoint.port), for: service, isOptional: false)
      guard let anyV6 = IPAddress("::") else { return }
      try bind(SocketAddress(anyV6, port: endpoint.port), for: service, isOptional: true)
    }
  }

  /// - Parameter isOptional: whether a machine without IPv6 may do without it.
  private mutating func bind(
    _ address: SocketAddress, for service: ListenerService, isOptional: Bool
  ) throws(StartError) {
    do throws(SystemError) {
      all.append((service, try Listener(on: address)))
    } catch let error where isOptional && error.isAddressFamilyMissing {
      Log.say(.notice, "no IPv6 on this machine: \(service.name) listens on IPv4 only")
    } catch {
      throw StartError("[listen] \(service.name) = \(address): \(error)\(advice(on: error))")
    }
  }

  private func advice(on error: SystemError) -> String {
    if error.isAddressInUse { return "; see who has it with: ss -ltnp" }
    if error.isPermissionDenied {
      return "; ports below 1024 need CAP_NET_BIND_SERVICE or gatepost.socket"
    }
    return ""
  }
}
