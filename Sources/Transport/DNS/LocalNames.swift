internal import Platform

/// The names that this machine has for hosts besides the DNS, and short for names in the DNS: hosts(5), and `search`,
/// `domain` and `ndots` of resolv.conf(5).
///
/// They hold for hosts that the admin has named, as they do for every other program of the machine. They never hold for
/// mail domains and exchangers, which are always complete.
package struct LocalNames: Sendable {
  private var hosts: HostsFile
  private let path: String
  private var version: FileStatus?
  private var search = SearchList()

  /// The names in two files, each of which is read again when it has changed.
  package init(hosts: String = "/etc/hosts", configuration path: String = "/etc/resolv.conf") {
    self.hosts = HostsFile(path: hosts)
    self.path = path
  }

  /// The addresses of a host in the hosts file, with port 0.
  mutating func addresses(of host: String) -> [SocketAddress] {
    hosts.addresses(of: host.hasSuffix(".") ? String(host.dropLast()) : host)
  }

  /// The names under which a host is looked for in the DNS, the first one first.
  mutating func fullNames(of host: String) -> [String] {
    do throws(SystemError) {
      let file = try Descriptor.reading(path: path)
      let status = try file.status()
      if status != version {
        search = SearchList(try file.readAll(limit: Limits.configurationBytes))
        version = status
      }
    } catch let error where error.isNotFound {
      (search, version) = (SearchList(), nil)
    } catch {}
    return search.fullNames(of: host)
  }
}

/// The domains in which a name that is not complete is looked for.
struct SearchList: Equatable {
  /// In their order.
  private(set) var domains: [String] = []
  /// A name with as many dots is complete.
  private(set) var dots = 1

  init() {}

  /// What the text of a resolv.conf says; the last `search` or `domain` counts.
  init(_ text: [UInt8]) {
    for line in text.split(separator: UInt8(ascii: "\n")) {
      let words = line.split { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }.map {
        String(decoding: $0, as: UTF8.self)
      }
      switch words.first {
      case "search": domains = Self.domains(words.dropFirst())
      case "domain": domains = Self.domains(words.dropFirst().prefix(1))
      case "options":
        for word in words where word.hasPrefix("ndots:") {
          if let number = UInt8(word.dropFirst(6)) { dots = min(Int(number), Limits.searchDots) }
        }
      default: break
      }
    }
  }

  private static func domains(_ words: ArraySlice<String>) -> [String] {
    words.compactMap { DomainName($0)?.text }.prefix(Limits.searchDomains).map { $0 }
  }

  /// The names for one that may be incomplete: that in each domain, and the name itself.
  // Limitation: a complete name that is not there is not looked for in the domains (RFC 1535 §2).
  func fullNames(of host: String) -> [String] {
    if host.hasSuffix(".") || host.utf8.count(where: { $0 == UInt8(ascii: ".") }) >= dots {
      return [host]
    }
    return domains.map { "\(host).\($0)" } + [host]
  }
}
