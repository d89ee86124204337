import EventLoop
import Foundation
import Platform
import TestSupport
import Testing

@testable import Grants

/// The whitelist in a directory of its own, with a clock, users and neighbours that a test moves.
@Loop
final class Bed {
  nonisolated let scratch: ScratchDirectory
  let world = World()
  let disk = WorkerPool(threads: 1)
  var rules = GrantRules(window: .seconds(900))
  private(set) var grants: Grants

  nonisolated static let phone = IPAddress(v4: 0xC0A8_0105)
  nonisolated static let pc = IPAddress(v4: 0xC0A8_0106)

  /// What the grants ask.
  @Loop
  final class World {
    var time = GrantTime(boot: Instant(nanoseconds: 1_000_000_000_000), wall: 1_800_000_000)
    var boot = "boot-1"
    var credentials = ["alice": "a1", "bob": "b1"]
    var mayEarn: (IPAddress) -> Bool = { _ in true }
    var devices: [IPAddress: HardwareAddress] = [:]
    var links: [IPNetwork] = []
    var sentences: [String] = []
    nonisolated init() {}

    /// Lets time pass on both clocks.
    func pass(_ duration: Duration) {
      time.boot = time.boot + duration
      time.wall += duration.wholeSeconds
    }
  }

  init() throws {
    scratch = try ScratchDirectory()
    grants = try Self.open(scratch.path, disk, rules, world)
  }

  private static func open(
    _ path: String, _ disk: WorkerPool, _ rules: GrantRules, _ world: World
  ) throws -> Grants {
    var facts = try GrantFacts(
      credential: { world.credentials[$0] }, mayEarn: { world.mayEarn($0) })
    facts.boot = world.boot
    facts.now = { world.time }
    facts.neighbours = {
      Neighbours(world.devices.map { Neighbours.Neighbour(address: $0.key, hardware: $0.value) })
    }
    facts.isOnLink = { address in world.links.contains { $0.contains(address) } }
    return Grants(path: path, disk: disk, rules: rules, facts: facts) {
      world.sentences.append($0)
    }
  }

  /// Ends the daemon without a last word, and starts another one.
  func restart() throws { grants = try Self.open(scratch.path, disk, rules, world) }

  @discardableResult
  func logIn(_ user: String = "alice", at address: IPAddress = phone) -> Bool {
    grants.grant(
      address, user: user, credential: world.credentials[user] ?? "", how: "USER",
      isEncrypted: false)
  }

  func user(at address: IPAddress = phone) -> String? { grants.grant(of: address)?.user }

  func users(at address: IPAddress = phone) -> [String] { grants.grants(of: address).map(\.user) }

  func pastUser(at address: IPAddress = phone) -> String? {
    grants.pastUsers(of: address).first
  }

  /// Counts a recipient for the first grant of an address, as a session does.
  func take(_ address: IPAddress, isFirstOfMessage isFirst: Bool) -> GrantExcess? {
    guard let grant = grants.grant(of: address) else { return nil }
    if let excess = grants.excess(of: grant, isFirstOfMessage: isFirst) { return excess }
    grants.count(grant, isFirstOfMessage: isFirst)
    return nil
  }

  /// Writes the file if it is due.
  func keepFile() async {
    while let due = grants.schedule.due, due <= world.time.boot { await grants.write() }
  }

  nonisolated var path: String { "\(scratch.path)/whitelist" }

  nonisolated func text() throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

  /// The lines of the file that are grants.
  nonisolated func lines() throws -> [String] {
    try text().split(separator: "\n").map(String.init).filter { !$0.hasPrefix("#") }
  }

  /// Puts another file in its place, as an editor does.
  nonisolated func edit(_ change: ([String]) -> [String]) throws {
    let lines = (try? lines()) ?? []
    try change(lines).map { $0 + "\n" }.joined()
      .write(toFile: path, atomically: true, encoding: .utf8)
  }
}
