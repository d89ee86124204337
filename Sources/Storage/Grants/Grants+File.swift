import EventLoop
import Platform

/// The file of the grants: it has one writer here, and an admin with an editor.
extension Grants {
  /// The name of the file in the state directory.
  package nonisolated static let fileName = "whitelist"

  /// The file as it was read or written last.
  struct FileState {
    /// What tells this state of the file from another; nil before the first look.
    var version: Version?
    /// The lines that the table has taken in.
    var lines: [UInt8] = []
    /// Whether the file is being replaced at this moment.
    var isChanging = false
    /// Why it could not be read or written the last time.
    var problem: SystemError?
  }

  /// What tells one state of the file from another.
  enum Version: Equatable, Sendable {
    case absent
    case present(FileStatus)

    init(_ status: FileStatus) {
      var status = status
      // Another name of the file changes nothing in it.
      status.links = 1
      status.changed = 0
      self = .present(status)
    }
  }

  // MARK: Reading

  /// Takes in what an admin has changed in the file.
  ///
  /// Only the lines that are new or gone since the file was last read or written are looked at: what has
  /// come to be in memory since then, and is not written yet, stays.
  ///
  /// - Returns: whether the table has all that stands in the file.
  @discardableResult
  func refresh() -> Bool {
    if file.isChanging { return false }
    do throws(SystemError) {
      try read()
      return true
    } catch {
      failed(error)
      return false
    }
  }

  /// Takes in the file where it is another one than before.
  ///
  /// One that is not to be believed, another one of ours replaces. One that cannot be read now stays, for it
  /// may be good, and is looked at again the next time.
  private func read() throws(SystemError) {
    let version = try current()
    if version == file.version { return }
    guard case .present(let status) = version else {
      file.version = version
      return take([])
    }
    if let reason = try distrust(status) {
      let isFirst = file.version == nil
      file.version = version
      report(
        "\(Self.fileName): \(reason); it is not read\(isFirst ? "" : ", the grants known so far stay")"
      )
      return note(isUrgent: true)
    }
    let content = try directory.open(Self.fileName).readAll(limit: GrantFile.limitBytes)
    file.version = version
    file.problem = nil
    take(content)
  }

  private func failed(_ error: SystemError) {
    if error != file.problem {
      report("\(Self.fileName): \(error); the grants are kept in memory")
    }
    file.problem = error
  }

  /// Why what stands in the file may be anybody's word.
  private func distrust(_ status: FileStatus) throws(SystemError) -> String? {
    let holder = try directory.descriptor.status()
    if !status.isRegular { return "it is no ordinary file" }
    if status.bytes > GrantFile.limitBytes {
      return "it is longer than \(GrantFile.limitBytes) octets"
    }
    if status.isWritableByOthers { return "others may write it: chmod go-w" }
    if holder.isWritableByOthers { return "others may write its directory: chmod go-w" }
    if !status.isOwned() { return "it belongs to user \(status.owner)" }
    if !holder.isOwned() { return "its directory is user \(holder.owner)'s" }
    return nil
  }

  private func take(_ content: [UInt8]) {
    let now = facts.now()
    let before = Set(file.lines.split(separator: UInt8(ascii: "\n")))
    let after = Set(content.split(separator: UInt8(ascii: "\n")))
    let gone = parse(before.subtracting(after).joined(separator: [UInt8(ascii: "\n")]), now)
    let come = parse(after.subtracting(before).joined(separator: [UInt8(ascii: "\n")]), now)
    for grant in gone.grants {
      _ = table.remove(at: now) { $0.address == grant.address && $0.user == grant.user }
    }
    for grant in come.grants {
      // A slip of the hand is told at once, not when somebody tries to send.
      if grant.credential != nil || facts.credential(grant.user) != nil {
        table.set(grant)
      } else {
        report("\(Self.fileName): \(grant.address): there is no user \(grant.user) who can log in")
      }
    }
    file.lines = content
    if come.hasShortLines { note(isUrgent: true) }
    if !come.badLines.isEmpty {
      let numbers = parse(content, now).badLines
      report(
        "\(Self.fileName): line \(numbers[0]) is not a grant; \(numbers.count) such lines ignored")
    }
  }

  private func parse(_ lines: some Sequence<UInt8>, _ now: GrantTime) -> GrantFile.Content {
    GrantFile.parse(Array(lines), boot: facts.boot, window: rules.window, at: now)
  }

  // MARK: Writing

  /// Writes the file when it has to be written, until the program is to stop; then a last time.
  package func keepFile() async {
    do throws(WaitError) {
      while true {
        while let due = schedule.due, due <= facts.now().boot { await write() }
        try await waitForChange(until: schedule.due ?? .distantFuture)
      }
    } catch {
      if schedule.isDirty { await write() }
    }
  }

  private func waitForChange(until deadline: Instant) async throws(WaitError) {
    do throws(WaitError) { try await changed.wait(until: deadline) } catch let error
      where error == .timedOut
    {}
  }

  func write() async {
    let isCurrent = refresh()
    let now = facts.now()
    let begun = schedule.begin()
    // What cannot be read now must not be lost.
    guard isCurrent else { return schedule.failed(begun, at: now.boot) }
    table.removeForgotten(at: now)
    let text = GrantFile.text(of: table.grants, boot: facts.boot, at: now)
    let version = file.version
    file.isChanging = true
    defer { file.isChanging = false }
    do throws(SystemError) {
      let written = try await disk.run { () throws(SystemError) in
        try replace(with: text, unlessChangedFrom: version)
      }
      guard let written else { return schedule.failed(begun, at: now.boot) }
      file = FileState(version: written, lines: text)
    } catch {
      failed(error)
      schedule.failed(begun, at: now.boot)
    }
  }

  /// Puts a new file in the place of the old one; nil if an admin has changed that in the meantime.
  nonisolated func replace(
    with text: [UInt8], unlessChangedFrom version: Version?
  ) throws(SystemError) -> Version? {
    try directory.replace(Self.fileName, with: text, mode: 0o640) { () throws(SystemError) in
      try current() != version
    }.map(Version.init)
  }

  private nonisolated func current() throws(SystemError) -> Version {
    do throws(SystemError) {
      return Version(try directory.status(of: Self.fileName))
    } catch let error where error.isNotFound {
      return .absent
    }
  }
}
