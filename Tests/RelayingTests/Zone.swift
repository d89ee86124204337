import EventLoop
import Platform
import TestSupport

/// What a test's name server knows; a name that is not listed does not exist.
@Loop
final class Zone {
  /// What a name has.
  struct Entry {
    var exchangers: [(preference: UInt8, host: String)] = []
    var v4: [[UInt8]] = []
    var v6: [[UInt8]] = []
    /// Types for which the server answers SERVFAIL.
    var failing: Set<UInt8> = []
    /// Whether the server says nothing.
    var isSilent = false
  }

  nonisolated static let a: UInt8 = 1
  nonisolated static let mx: UInt8 = 15
  nonisolated static let aaaa: UInt8 = 28

  var entries: [String: Entry] = [:]
  /// Whether the server says nothing at all.
  var isSilent = false
  /// The questions that were asked, as `far.example MX`.
  private(set) var questions: [String] = []
  private var server: NameServer?

  /// Makes `host` an exchanger of `domain` with these IPv4 addresses.
  func add(_ domain: String, mx host: String, preference: UInt8 = 10, _ v4: [UInt8]...) {
    entries[domain, default: Entry()].exchangers.append((preference, host))
    if entries[host] == nil { entries[host] = Entry(v4: v4) }
  }

  func makeServer() throws -> NameServer {
    if let server { return server }
    let server = try NameServer { [unowned self] query in answer(query) }
    self.server = server
    return server
  }

  private func answer(_ query: [UInt8]) -> [[UInt8]] {
    var labels: [String] = []
    var index = 12
    while query[index] != 0 {
      let end = index + 1 + Int(query[index])
      labels.append(String(decoding: query[index + 1..<end], as: UTF8.self))
      index = end
    }
    let name = labels.joined(separator: ".").lowercased()
    let type = query[index + 2]
    questions.append(
      "\(name) \([Self.a: "A", 2: "NS", Self.mx: "MX", Self.aaaa: "AAAA"][type] ?? "?")")
    if isSilent { return [] }
    guard let entry = entries[name] else { return [reply(to: query, code: 3)] }
    if entry.isSilent { return [] }
    if entry.failing.contains(type) { return [reply(to: query, code: 2)] }
    let records: [[UInt8]] =
      switch type {
      case Self.a: entry.v4.map { record(Self.a, $0) }
      case Self.aaaa: entry.v6.map { record(Self.aaaa, $0) }
      default:
        entry.exchangers.map { record(Self.mx, [0, $0.preference] + wire($0.host)) }
      }
    return [reply(to: query, answer: records)]
  }
}
