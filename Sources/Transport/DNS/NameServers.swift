internal import CLDNS
package import Platform

/// The servers that are asked, in their order: those of the settings, or those of `resolv.conf`.
package struct NameServers: Sendable {
  private let path: String?
  private var servers: [SocketAddress]
  /// The version of the file that `servers` come from.
  private var version: FileStatus?
  /// Why the file could not be read at the last look.
  private(set) var problem: SystemError?

  /// Fixed servers; of more than four the first four are asked.
  package init(_ servers: [SocketAddress]) {
    path = nil
    self.servers = Array(servers.prefix(Limits.nameServers))
  }

  /// The servers of a file in the form of resolv.conf(5), which is read again when it changes.
  package init(path: String = "/etc/resolv.conf") {
    self.path = path
    servers = Self.local
  }

  /// What resolv.conf(5) says for a file that names no server, or is not there.
  private static let local = [SocketAddress(IPAddress(v4: 0x7F00_0001), port: 53)]

  /// The servers to ask now; an unreadable file changes nothing.
  mutating func current() -> [SocketAddress] {
    guard let path else { return servers }
    do throws(SystemError) {
      let file = try Descriptor.reading(path: path)
      let status = try file.status()
      if status != version {
        servers = Self.parse(try file.readAll(limit: Limits.configurationBytes))
        version = status
      }
      problem = nil
    } catch let error where error.isNotFound {
      servers = Self.local
      version = nil
      problem = nil
    } catch {
      problem = error
    }
    return servers
  }

  /// The addresses on the `nameserver` lines; a line that cannot be understood is passed over.
  static func parse(_ text: [UInt8]) -> [SocketAddress] {
    let servers = text.split(separator: UInt8(ascii: "\n")).compactMap { line in
      let words = line.split { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }
      return words.count >= 2 && words[0].elementsEqual("nameserver".utf8)
        ? SocketAddress(zoned: String(decoding: words[1], as: UTF8.self), port: 53) : nil
    }
    return servers.isEmpty ? local : Array(servers.prefix(Limits.nameServers))
  }
}

extension SocketAddress {
  /// An address, with the interface where it is link-local: `fe80::1%eth0` (RFC 4007 §11).
  init?(zoned text: String, port: UInt16) {
    let parts = text.split(separator: "%", maxSplits: 1)
    guard let first = parts.first, let host = IPAddress(first) else { return nil }
    guard parts.count == 2 else {
      self.init(host, port: port)
      return
    }
    let zone = String(parts[1])
    let scope = unsafe UInt32(zone) ?? if_nametoindex(zone)
    if scope == 0 { return nil }
    self.init(host, port: port, scope: scope)
  }
}
