internal import Platform

/// The addresses that a file in the form of hosts(5) has for names.
///
/// The file is searched, and not kept: a list against advertisements may have 100,000 names. What was found is
/// remembered until the file changes.
///
/// **Limits**: `Limits.hostsBytes` of the file are read, and a line of more than `Limits.hostsLineBytes` is passed over.
///
/// **Failures**: a file that is not there or cannot be read has no names.
struct HostsFile {
  private let path: String
  /// The version of the file that `found` comes from.
  private var version: FileStatus?
  private var found: [String: [SocketAddress]] = [:]

  init(path: String) { self.path = path }

  /// The addresses of a name in the order of the file, with port 0; none if it is not in the file.
  mutating func addresses(of name: String) -> [SocketAddress] {
    do throws(SystemError) {
      let file = try Descriptor.reading(path: path)
      let status = try file.status()
      if status != version || found.count >= Limits.hostsNames {
        found = [:]
        version = status
      }
      if let known = found[name] { return known }
      let addresses =
        status.isRegular ? try Self.search(file, for: Array(name.lowercased().utf8)) : []
      found[name] = addresses
      return addresses
    } catch {
      (found, version) = ([:], nil)
      return []
    }
  }

  private static func search(
    _ file: borrowing Descriptor, for name: [UInt8]
  ) throws(SystemError) -> [SocketAddress] {
    var search = HostsSearch(name: name)
    var offset = 0
    while offset < Limits.hostsBytes {
      var piece: [UInt8] = []
      if try file.read(upTo: 64 << 10, at: offset, appendingTo: &piece) == 0 { break }
      offset += piece.count
      for byte in piece { search.take(byte) }
    }
    search.endLine()
    return search.addresses
  }
}

/// The search for a name through the text of a hosts file, octet by octet.
struct HostsSearch {
  private let name: [UInt8]
  private(set) var addresses: [SocketAddress] = []
  /// The line up to a comment.
  private var line: [UInt8] = []
  private var isComment = false

  /// - Parameter name: in lower case, without a dot at the end.
  init(name: [UInt8]) { self.name = name }

  mutating func take(_ byte: UInt8) {
    switch byte {
    case UInt8(ascii: "\n"): endLine()
    case UInt8(ascii: "#"): isComment = true
    default: if !isComment, line.count <= Limits.hostsLineBytes { line.append(byte) }
    }
  }

  /// Looks into the line that has ended.
  mutating func endLine() {
    defer {
      line.removeAll(keepingCapacity: true)
      isComment = false
    }
    // Most lines are shorter than what they would have to hold.
    guard line.count > name.count, line.count <= Limits.hostsLineBytes else { return }
    let words = line.split { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }
    guard let first = words.first, words.dropFirst().contains(where: isName),
      let address = SocketAddress(zoned: String(decoding: first, as: UTF8.self), port: 0),
      !addresses.contains(address), addresses.count < Limits.records
    else { return }
    addresses.append(address)
  }

  private func isName(_ word: ArraySlice<UInt8>) -> Bool {
    let word = word.last == UInt8(ascii: ".") ? word.dropLast() : word
    return word.count == name.count
      && zip(word, name).allSatisfy { (0x41...0x5A).contains($0) ? $0 | 0x20 == $1 : $0 == $1 }
  }
}
