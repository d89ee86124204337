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
    /// Why it is not believed.
    var doubt: String?
    /// Why it could not be read the last time.
    var readFailure: SystemError?
    /// Why it could not be written the last time.
    var writeFailure: SystemError?
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
  /// One that is not to be believed, another one of ours replaces. One that cannot be read now stays, for it
  /// may be good, and is looked at again the next time; `file.readFailure` says why.
  func refresh() {
    if file.isChanging { return }
    do throws(SystemError) {
      try read()
      file.readFailure = nil
    } catch {
      if error != file.readFailure {
        report(
          "\(Self.fileName) cannot be read: \(error); what has been changed in it does not count until it can"
        )
      }
      file.readFailure = error
    }
  }

  private func read() throws(SystemError) {
    let version = try current()
    // The directory may have been what was not to be believed.
    if version == file.version, file.doubt == nil { return }
    var content: [UInt8] = []
    if case .present(let status) = version {
      let doubt = try doubt(about: status)
      if let doubt { return note(doubt, about: version) }
      content = try directory.open(Self.fileName).readAll(limit: GrantFile.limitBytes)
    }
    take(content, isFirst: file.version == nil)
    file.version = version
    file.doubt = nil
  }

  private func note(_ doubt: String, about version: Version) {
    let stay = file.version == nil ? "" : ", the grants known so far stay"
    if version != file.version || doubt != file.doubt {
      report("\(Self.fileName): \(doubt); it is not read\(stay)")
      note(isUrgent: true)
    }
    file.version = version
    file.doubt = doubt
  }

  /// Why what stands in the file may be anybody's word.
  private func doubt(about status: FileStatus) throws(SystemError) -> String? {
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

  /// - Parameter isFirst: whether nothing of the file is known, so that a grant in memory is the newer one.
  private func take(_ content: [UInt8], isFirst: Bool) {
    let now = facts.now()
    let before = Set(file.lines.split(separator: UInt8(ascii: "\n")))
    let after = Set(content.split(separator: UInt8(ascii: "\n")))
    let gone = parse(before.subtracting(after).joined(separator: [UInt8(ascii: "\n")]), now)
    let come = parse(after.subtracting(before).joined(separator: [UInt8(ascii: "\n")]), now)
    for grant in gone.grants {
      _ = table.remove(at: now) { $0.address == grant.address && $0.user == grant.user }
    }
    for grant in come.grants where !(isFirst && table.has(grant)) {
      table.set(grant)
      // A slip of the hand is told at once, not when somebody tries to send.
      if grant.credential == nil, facts.credential(grant.user) == nil {
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
    refresh()
    let now = facts.now()
    let begun = schedule.begin()
    // What cannot be read now must not be lost.
    if file.readFailure != nil { return schedule.failed(begun, at: now.boot) }
    table.removeForgotten(at: now)
    let text = GrantFile.text(of: table.grants, boot: facts.boot, at: now)
    let version = file.version
    file.isChanging = true
    defer { file.isChanging = false }
    do throws(SystemError) {
      let written = try await disk.run { () throws(SystemError) in
        let written = try replace(with: text, unlessChangedFrom: version)
        // What was revoked must not come back when the power fails.
        if begun.isUrgent, written != nil { try directory.synchronize() }
        return written
      }
      guard let written else { return schedule.failed(begun, at: now.boot) }
      file = FileState(version: written, lines: text)
      schedule.succeeded()
    } catch {
      if error != file.writeFailure {
        report("\(Self.fileName) cannot be written: \(error); the grants are kept in memory")
      }
      file.writeFailure = error
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
