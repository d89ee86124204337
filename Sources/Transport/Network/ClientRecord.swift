import Platform

/// What is remembered of one client: 64 bytes.
struct ClientRecord {
  /// The address, or the first one of its /64.
  let client: IPAddress
  private var windowBegan: Instant
  /// When failed logins, and the ban that they have brought, are forgotten.
  private var failuresLapse = Instant(nanoseconds: 0)
  /// Hashes of the last wrong pairs of a user and a password, the last one first.
  private var wrongPairs = SIMD4<UInt32>.zero
  /// Connections and commands in the window.
  private var connections: UInt32 = 0
  private var commands: UInt32 = 0
  private(set) var failedLogins: UInt16 = 0
  private(set) var isBanned = false
  /// Whether the log has been told in this window that the client was refused.
  private var isReported = false

  init(_ client: IPAddress, at now: Instant) {
    self.client = client
    windowBegan = now
  }

  /// Forgets what is over at `now`.
  mutating func advance(to now: Instant) {
    if !isCounting(at: now) {
      windowBegan = now
      (connections, commands) = (0, 0)
      isReported = false
    }
    if now >= failuresLapse { forgive() }
  }

  /// Counts a connection and returns how many there were.
  mutating func countConnection() -> Int {
    connections += connections == .max ? 0 : 1
    return Int(connections)
  }

  /// Counts a command and returns how many there were.
  mutating func countCommand() -> Int {
    commands += commands == .max ? 0 : 1
    return Int(commands)
  }

  /// Whether a refusal is to be logged: the first in the window is.
  mutating func takeReport() -> Bool {
    defer { isReported = true }
    return !isReported
  }

  /// Counts a failed login, unless it is one of the last four over again.
  ///
  /// - Parameter pair: a hash of the user and the password; nil if the password is not known.
  /// - Returns: whether it was counted.
  mutating func countFailure(_ pair: UInt32?, until lapse: Instant) -> Bool {
    // Zero stands for none.
    if let pair = pair.map({ max($0, 1) }) {
      if any(wrongPairs .== pair) { return false }
      wrongPairs = SIMD4(pair, wrongPairs.x, wrongPairs.y, wrongPairs.z)
    }
    failedLogins += failedLogins == .max ? 0 : 1
    failuresLapse = lapse
    return true
  }

  /// Bans the client until its failed logins are forgotten.
  mutating func ban() { isBanned = true }

  /// Whether it is banned still.
  func isBanned(at now: Instant) -> Bool { isBanned && now < failuresLapse }

  /// Forgets the failed logins.
  mutating func forgive() {
    failedLogins = 0
    wrongPairs = .zero
    isBanned = false
  }

  /// Whether the record still says anything.
  func isOfUse(at now: Instant) -> Bool { isCounting(at: now) || now < failuresLapse }

  /// What has to be kept more than another record has: bans, then failed logins, then the newest.
  func weight(at now: Instant) -> (failures: UInt32, newest: Instant) {
    guard now < failuresLapse else { return (0, windowBegan) }
    return (isBanned ? .max : UInt32(failedLogins), windowBegan)
  }

  private func isCounting(at now: Instant) -> Bool { now < windowBegan + Limits.window }
}
