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
    /// The lines that the table has taken in; nil where it has taken in nothing yet.
    var lines: [UInt8]?
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
      if file.readFailure == nil { return }
      file.readFailure = nil
      tellOfTrouble(new: nil)
      // What has waited for that.
      schedule.resume()
      changed.signal()
    } catch {
      let before = file.readFailure
      file.readFailure = error
      if error != before { tellOfTrouble(new: readTrouble) }
    }
  }

  private var readTrouble: String? {
    file.readFailure.map {
      "\(Self.fileName) cannot be read: \($0); what has been changed in it does not count until it can"
    }
  }

  private var writeTrouble: String? {
    file.writeFailure.map {
      "\(Self.fileName) cannot be written: \($0); the grants are kept in memory"
    }
  }

  /// Tells of what stands, or, where nobody follows that, of what is new.
  func tellOfTrouble(new sentence: String?) {
    if let trouble {
      trouble(readTrouble ?? writeTrouble)
    } else if let sentence {
      report(sentence)
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
      content = try directory().open(Self.fileName).readAll(limit: GrantFile.limitBytes)
    }
    take(content)
    file.version = version
    file.doubt = nil
  }

  private func note(_ doubt: String, about version: Version) {
    let stay = file.lines == nil ? "" : ", the grants known so far stay"
    if version != file.version || doubt != file.doubt {
      report("\(Self.fileName): \(doubt); it is not read\(stay)")
      note(isUrgent: true)
    }
    file.version = version
    file.doubt = doubt
  }

  /// Why what stands in the file may be anybody's word.
  private func doubt(about status: FileStatus) throws(SystemError) -> String? {
    let holder = try directory().descriptor.status()
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
    let before = file.lines ?? []
    for grant in parse(Self.lines(of: before, notIn: content), now).grants {
      _ = table.remove(at: now) { $0.address == grant.address && $0.user == grant.user }
    }
    // Where nothing of the file was known, what is alive by now is of a newer login.
    let newer = file.lines == nil ? table.grants.filter { $0.isAlive(at: now) } : []
    let come = parse(Self.lines(of: content, notIn: before), now)
    for grant in come.grants {
      if newer.contains(where: { $0.address == grant.address && $0.user == grant.user }) {
        continue
      }
      note(table.set(grant, at: now).map { [$0] } ?? [])
      // A slip of the hand is told at once, not when somebody tries to send.
      if grant.credential == nil, facts.credential(grant.user) == nil, facts.areUsersKnown() {
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

  /// The lines, in their order, that the other content does not have.
  private static func lines(of content: [UInt8], notIn other: [UInt8]) -> [UInt8] {
    let newline = UInt8(ascii: "\n")
    let known = Set(other.split(separator: newline))
    let lines = content.split(separator: newline).filter { !known.contains($0) }
    return Array(lines.joined(separator: [newline]))
  }

  private func parse(_ content: [UInt8], _ now: GrantTime) -> GrantFile.Content {
    GrantFile.parse(content, boot: facts.boot, window: rules.window, at: now)
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

  /// Waits until all that was changed up to now is in the file; returns why it is not, if it is not.
  ///
  /// Needs `keepFile`, which does it at once, be the last failure a moment ago. What changes meanwhile is
  /// not waited for.
  package func settle(within patience: Duration) async -> String? {
    let own = changes
    let end = Instant.now + patience
    if writtenChanges < own {
      schedule.resume()
      schedule.note(isUrgent: true, at: facts.now().boot)
      changed.signal()
    }
    while writtenChanges < own {
      do throws(WaitError) { try await written.wait(until: end) } catch {
        return error == .draining ? "the server is stopping" : "it takes long"
      }
      if writtenChanges >= own { break }
      if let failure = file.readFailure ?? file.writeFailure { return "\(failure)" }
    }
    return nil
  }

  func write() async {
    defer { written.signal() }
    refresh()
    let now = facts.now()
    let begun = schedule.begin()
    // What cannot be read now must not be lost.
    if file.readFailure != nil { return schedule.failed(begun, at: now.boot) }
    table.removeForgotten(at: now)
    let text = GrantFile.text(of: table.grants, boot: facts.boot, at: now)
    let version = file.version
    let contained = changes
    file.isChanging = true
    let (written, failure) = await disk.run {
      put(text, unlessChangedFrom: version, isUrgent: begun.isUrgent)
    }
    file.isChanging = false
    if let written {
      file.version = written
      file.lines = text
      file.doubt = nil
    }
    let before = file.writeFailure
    file.writeFailure = failure
    if failure != before { tellOfTrouble(new: writeTrouble) }
    if failure != nil {
      schedule.failed(begun, at: now.boot)
    } else if written == nil {
      schedule.overtaken(begun, at: now.boot)
    } else {
      writtenChanges = contained
      schedule.resume()
    }
  }

  /// Replaces the file; returns what it is then, if it is ours, and what has failed.
  private nonisolated func put(
    _ text: [UInt8], unlessChangedFrom version: Version?, isUrgent: Bool
  ) -> (written: Version?, failure: SystemError?) {
    var written: Version?
    do throws(SystemError) {
      written = try replace(with: text, unlessChangedFrom: version)
      // What was revoked must not come back when the power fails.
      if isUrgent, written != nil { try directory().synchronize() }
      return (written, nil)
    } catch {
      return (written, error)
    }
  }

  /// Puts a new file in the place of the old one; nil if an admin has changed that in the meantime.
  nonisolated func replace(
    with text: [UInt8], unlessChangedFrom version: Version?
  ) throws(SystemError) -> Version? {
    try directory().replace(Self.fileName, with: text, mode: 0o640) { () throws(SystemError) in
      try current() != version
    }.map(Version.init)
  }

  private nonisolated func current() throws(SystemError) -> Version {
    // A directory that is missing is a failure: it does not mean that there are no grants.
    let directory = try directory()
    do throws(SystemError) {
      return Version(try directory.status(of: Self.fileName))
    } catch let error where error.isNotFound {
      return .absent
    }
  }
}
