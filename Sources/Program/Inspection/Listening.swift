import Configuration
import Control
import Glibc
import Platform

/// The ports of the configuration: free, held by the running server, or taken.
struct Listening {
  static var socketName: String { ControlRequest.socketName }

  /// The places where the running server listens, as in `smtp 0.0.0.0:25`; nil where none answers.
  private let held: [String]?

  /// How long the server may take to answer.
  private static let patience: Int32 = 5000

  /// Asks the running server, if there is one.
  init(runtime: String) {
    held = try? Self.ask("\(runtime)/\(Self.socketName)")
  }

  func findings(_ listen: Configuration.Listen) -> [Finding] {
    listen.services.flatMap { service in
      service.endpoints.flatMap { endpoint in
        endpoint.addresses.compactMap { finding(service.name, $0, isAny: endpoint.address == nil) }
      }
    }
  }

  private func finding(_ service: String, _ address: SocketAddress, isAny: Bool) -> Finding? {
    // A socket of systemd for all addresses is one of IPv6.
    let names = ["\(service) \(address)", "\(service) [::]:\(address.port)"]
    if let held, held.contains(where: names.contains) { return nil }
    do throws(SystemError) {
      do throws(SystemError) { _ = try Descriptor.listening(on: address) } catch let error
        where error.isAddressMissing && !isAny
      {
        return Finding(
          .trouble,
          "[listen] \(service) = \(address): no interface of this machine has the address; it is served when one has it"
        )
      }
      return nil
    } catch let error where isAny && error.isAddressFamilyMissing {
      return nil
    } catch let error where error.isPermissionDenied {
      // The unit gives the server the right, and this process has it not.
      return Finding(
        .warning, "[listen] \(service) = \(address): not tried, for want of the right: \(error)")
    } catch {
      let who =
        error.isAddressInUse
        ? ": another program has the port, or systemd for gatepost.socket; see: ss -ltnp" : ""
      return Finding(.trouble, "[listen] \(service) = \(address): \(error)\(who)")
    }
  }

  private static func ask(_ path: String) throws(SystemError) -> [String] {
    let socket = try Descriptor.connecting(toUnixSocket: path)
    _ = try socket.send(Array("\(ControlRequest.status.line)\n".utf8))
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 16 << 10, alignment: 1)
    defer { unsafe buffer.deallocate() }
    var text: [UInt8] = []
    while text.count < 1 << 20 {
      var wait = pollfd(fd: socket.number, events: Int16(POLLIN), revents: 0)
      guard unsafe poll(&wait, 1, patience) > 0 else { break }
      let count = try unsafe socket.receive(into: buffer)
      if count == 0 { break }
      unsafe text += Array(buffer[..<count])
    }
    return text.split(separator: UInt8(ascii: "\n")).compactMap { line in
      guard
        case .status(ControlReply.listening, let place)? = ControlReply(
          parsing: String(decoding: line, as: UTF8.self))
      else { return nil }
      return place
    }
  }
}
