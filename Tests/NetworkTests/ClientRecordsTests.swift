import Platform
import Testing

@testable import Network

@Suite struct ClientRecordsTests {
  private let start = Instant(nanoseconds: 1_000_000_000_000)
  private let client = IPAddress(v4: 0xCB00_7105)
  private let rules = ClientRules(
    connectionsPerMinute: 3, commandsPerMinute: 5, failedLogins: 3, ban: .seconds(900))

  private func fail(
    _ records: inout ClientRecords, _ pair: UInt32?, of client: IPAddress? = nil,
    mayBan: Bool = true, after: Duration = .zero
  ) -> ClientRecords.Penalty {
    records.noteFailedLogin(
      of: client ?? self.client, pair, mayBan: mayBan, rules, at: start + after)
  }

  private func connect(
    _ records: inout ClientRecords, of client: IPAddress? = nil, after: Duration = .zero
  ) -> ClientRecords.Refusal? {
    records.noteConnection(of: client ?? self.client, rules, at: start + after)
  }

  private func command(_ records: inout ClientRecords, after: Duration = .zero) -> Bool {
    records.noteCommand(of: client, rules, at: start + after)
  }

  private func report(_ records: inout ClientRecords, after: Duration = .zero) -> Bool {
    records.takeReport(of: client, at: start + after)
  }

  @Test("A record is 64 bytes")
  func size() { #expect(MemoryLayout<ClientRecord>.stride == 64) }

  // MARK: Rates

  @Test("A client has so many connections in a minute, and as many in the next")
  func connections() {
    var records = ClientRecords()
    for _ in 0..<3 { #expect(connect(&records) == nil) }
    #expect(connect(&records) == .tooManyConnections(3))
    #expect(connect(&records, of: IPAddress(v4: 0xCB00_7106)) == nil, "another client")
    #expect(connect(&records, after: .milliseconds(59_999)) == .tooManyConnections(3))
    for _ in 0..<3 { #expect(connect(&records, after: .seconds(60)) == nil) }
    #expect(connect(&records, after: .seconds(61)) == .tooManyConnections(3))
  }

  @Test("A client has so many commands in a minute, over all its connections")
  func commands() {
    var records = ClientRecords()
    for _ in 0..<5 { #expect(command(&records)) }
    #expect(!command(&records))
    #expect(!command(&records, after: .milliseconds(59_999)))
    #expect(command(&records, after: .seconds(60)))
  }

  @Test("Where there is no limit nothing is refused, and commands leave no record")
  func unlimited() {
    var records = ClientRecords()
    let rules = ClientRules(
      connectionsPerMinute: nil, commandsPerMinute: nil, failedLogins: 3, ban: .seconds(900))
    for _ in 0..<1000 { #expect(records.noteCommand(of: client, rules, at: start) == true) }
    #expect(records.count == 0)
    for _ in 0..<1000 { #expect(records.noteConnection(of: client, rules, at: start) == nil) }
  }

  @Test("The addresses of one IPv6 /64 are one client")
  func v6() throws {
    var records = ClientRecords()
    for host in 1...3 {
      let address = try #require(IPAddress("2001:db8::\(host)"))
      #expect(connect(&records, of: address) == nil)
    }
    let fourth = try #require(IPAddress("2001:db8::ffff:0:0:4"))
    #expect(connect(&records, of: fourth) == .tooManyConnections(3))
    let other = try #require(IPAddress("2001:db8:0:1::1"))
    #expect(connect(&records, of: other) == nil)
  }

  @Test("A refusal is reported once a minute")
  func reports() {
    var records = ClientRecords()
    #expect(report(&records))
    #expect(!report(&records, after: .milliseconds(59_999)))
    #expect(report(&records, after: .seconds(60)))
  }

  // MARK: Failed logins

  @Test("Each failed login is answered later than the one before, up to half a minute")
  func delays() {
    var records = ClientRecords()
    let delays = (1...8).map { fail(&records, UInt32($0), mayBan: false).delay }
    #expect(delays == [1, 2, 4, 8, 16, 30, 30, 30].map { .seconds($0) })
  }

  @Test("So many failed logins bring a ban, which is served to its end")
  func ban() {
    var records = ClientRecords()
    for pair: UInt32 in 1...2 {
      let penalty = fail(&records, pair)
      #expect(penalty.delay != nil && !penalty.beginsBan)
      #expect(connect(&records, after: .seconds(Int64(pair) * 100)) == nil)
    }
    let last = fail(&records, 3, after: .seconds(200))
    #expect(last.delay == nil && last.beginsBan && last.failedLogins == 3)
    // A session that was open already.
    let late = fail(&records, 4, after: .seconds(201))
    #expect(late.delay == nil && !late.beginsBan)
    records.noteLogin(of: client)
    #expect(connect(&records, after: .seconds(202)) == .banned(failedLogins: 4))
    #expect(connect(&records, of: IPAddress(v4: 1), after: .seconds(202)) == nil)
    #expect(connect(&records, after: .seconds(1100)) == .banned(failedLogins: 4))
    #expect(connect(&records, after: .seconds(1101)) == nil)
    #expect(fail(&records, 5, after: .seconds(1101)).failedLogins == 1)
  }

  @Test("Failed logins are forgotten when none has followed for the time of a ban")
  func lapse() {
    var records = ClientRecords()
    #expect(fail(&records, 1).failedLogins == 1)
    #expect(fail(&records, 2, after: .seconds(899)).failedLogins == 2)
    #expect(fail(&records, 3, after: .seconds(899 + 900)).failedLogins == 1)
  }

  @Test("A login forgives the failed ones, and one of a client nobody knows does nothing")
  func forgiveness() {
    var records = ClientRecords()
    _ = fail(&records, 1)
    _ = fail(&records, 2)
    records.noteLogin(of: IPAddress(v4: 1))
    #expect(records.count == 1)
    records.noteLogin(of: client)
    #expect(fail(&records, 3).failedLogins == 1)
  }

  @Test("The same wrong password again and again never bans, other ones do")
  func repetition() {
    var records = ClientRecords()
    for round in 0..<1000 {
      let penalty = fail(&records, 7, after: .seconds(Int64(round) * 300))
      #expect(penalty.delay == .seconds(1) && penalty.failedLogins == 1)
    }
    let end = Duration.seconds(301_000)
    #expect(fail(&records, 8, after: end).failedLogins == 1)
    #expect(fail(&records, 9, after: end).failedLogins == 2)
    #expect(fail(&records, 8, after: end).isRepeated)
    #expect(fail(&records, 10, after: end).beginsBan)
  }

  @Test("Four wrong pairs are known again, a fifth puts the first out of mind")
  func fourPairs() {
    var records = ClientRecords()
    for pair: UInt32 in 1...4 { #expect(!fail(&records, pair, mayBan: false).isRepeated) }
    for pair: UInt32 in 1...4 { #expect(fail(&records, pair, mayBan: false).isRepeated) }
    #expect(!fail(&records, 5, mayBan: false).isRepeated)
    #expect(!fail(&records, 1, mayBan: false).isRepeated)
  }

  @Test("A password that stays unknown, or whose hash is zero, is a new one the first time")
  func unknownPasswords() {
    var records = ClientRecords()
    #expect(!fail(&records, 0).isRepeated)
    #expect(!fail(&records, nil).isRepeated)
    #expect(fail(&records, nil).beginsBan)
  }

  @Test("A client that may not be banned is only answered late, however often it fails")
  func noBan() {
    var records = ClientRecords()
    var penalty = fail(&records, nil, mayBan: false)
    for _ in 0..<70_000 { penalty = fail(&records, nil, mayBan: false) }
    #expect(penalty.delay == .seconds(30) && !penalty.beginsBan)
    #expect(connect(&records) == nil)
  }

  // MARK: The table

  private func stranger(_ number: Int) -> IPAddress { IPAddress(v4: 0x0100_0000 + UInt32(number)) }

  @Test("A flood of clients puts the harmless out of mind, and the banned stay banned")
  func flood() {
    var records = ClientRecords()
    for pair: UInt32 in 1...3 { _ = fail(&records, pair) }
    _ = fail(&records, 1, of: IPAddress(v4: 9))
    for number in 0..<(Limits.clientRecords + 500) {
      #expect(connect(&records, of: stranger(number)) == nil)
    }
    #expect(records.count == Limits.clientRecords)
    #expect(connect(&records) == .banned(failedLogins: 3))
    #expect(fail(&records, 2, of: IPAddress(v4: 9)).failedLogins == 2)
  }

  @Test("When all are banned a new client is remembered all the same")
  func allBanned() {
    var records = ClientRecords()
    for number in 0..<(Limits.clientRecords + 10) {
      for pair: UInt32 in 1...3 { _ = fail(&records, pair, of: stranger(number)) }
    }
    #expect(records.count == Limits.clientRecords)
    for _ in 0..<3 { #expect(connect(&records) == nil) }
    #expect(connect(&records) == .tooManyConnections(3))
  }

  @Test("A minute after a flood the next new client sweeps its records away")
  func sweep() {
    var records = ClientRecords()
    for pair: UInt32 in 1...3 { _ = fail(&records, pair) }
    for number in 0..<1000 { _ = connect(&records, of: stranger(number)) }
    #expect(records.count == 1001)
    _ = connect(&records, of: IPAddress(v4: 9), after: .seconds(60))
    #expect(records.count == 2, "the banned one, and the new one")
    _ = connect(&records, of: IPAddress(v4: 8), after: .seconds(900))
    #expect(records.count == 1)
  }
}
