package import EventLoop
import Mail
package import Platform

/// The queue of outgoing mail and the way into the maildrops: plain files below one directory.
///
/// What a message is, is told by which files exist (ID stands for `SECONDS.UNIQUE`):
///
///     queue/tmp/ID.queue    queue/{new,cur}/ID...   what it is                  start-up
///     --------------------  ----------------------  --------------------------  ------------------
///     there                 -                       being received; never       removed
///                                                   acknowledged
///     -                     in new                  accepted, not tried yet     tried at once
///     -                     in cur                  accepted, tried before      tried at its mtime
///     -                     in hold                 accepted, kept back by an   stays there
///                                                   admin
///     -                     in aside                no message, or a damaged    stays there
///                                                   one: never tried
///     -                     -                       delivered, bounced or       -
///                                                   never accepted
///     queue/tmp/ID.mail     mail/NAME/new/ID...     what it is                  start-up
///     there                 in none                 being received              removed
///     there                 in some                 being committed; not        the first removed,
///                                                   acknowledged yet            the others stay
///     -                     there                   delivered into the drop     -
///
/// **The instant of acceptance** is the end of the sync of the directory that holds the new name.
/// Before it the client has no reply and sends again; after it the message survives any crash. A
/// crash between the two leaves a whole message that the client repeats: the duplicate that
/// RFC 5321 §4.1.1.4 leaves room for, and the only one.
///
/// A file's mtime is the time of the next attempt. A recipient that is done or has failed is marked
/// by one byte in place; when none is left to do, the file is removed. The removal is not synced where the
/// file system has a journal: a power cut in the few seconds until it writes it out repeats a delivery.
///
/// A message that is found in two directories of the queue was being moved when the power went; the name in
/// `new` is removed at the start.
///
/// Whatever changes or removes a file has its message to itself: it has taken it out of the index,
/// or never put it there.
///
/// **Limits**: 100,000 messages in the queue, at 32 bytes of memory each.
///
/// **Failures**: a foreign or damaged file in the queue is logged, moved into `aside` and never tried; one
/// that cannot be read for now stays.
@Loop
package final class Spool {
  /// A file that does not belong into the queue, or cannot be read, and why.
  package struct Stranger: Error, Equatable, Sendable {
    /// The name of the file.
    package let file: String
    /// What is wrong with it.
    package let reason: String
    /// Whether a later attempt may succeed: the disk failed or descriptors ran out.
    package var isTemporary = false
    /// Whether it was moved into `aside`; else it is where it was.
    package var isAside = false
  }

  let path: String
  /// The directory with the copy of the spool's identity; nil where the spool is taken as it is.
  let statePath: String?
  /// The directories while the spool is open.
  var opened: SpoolDirectories?
  /// Why the spool cannot be used; nil when it can.
  package internal(set) var obstacle: SpoolObstacle?
  /// Signalled when a spool that was open is not at its path any more.
  package let lost = Condition()
  /// The threads for syncs and scans.
  package nonisolated let disk: WorkerPool
  var index = QueueIndex()
  /// Whether messages are being made due.
  var isMakingDue = false
  /// What lay in maildrops at the last look.
  var knownUsage: [String: KnownUsage] = [:]
  /// The messages that are being received, for the room that they still need.
  var openDrafts: [OpenDraft] = []
  /// Measures the file system; tests have one of their own.
  var measureSpace: (SpoolDirectories) throws(SystemError) -> FileSystemSpace = {
    (directories) throws(SystemError) in try directories.temporary.descriptor.fileSystemSpace()
  }
  private var counter: UInt32 = 0
  private var pending: [Draft] = []
  private var isCommitting = false
  private let committed = Condition()
  /// Signalled when a message has come into the queue.
  package let arrival = Condition()

  /// How many drafts are committed together at most.
  private static let groupSize = 64

  /// The spool at `path`, which `open` opens: until then everything that needs it fails.
  ///
  /// - Parameter state: the directory with the copy of its identity; nil to take the spool as it is.
  package init(unopened path: String, state: String? = nil, disk: WorkerPool) {
    self.path = path
    statePath = state
    self.disk = disk
    obstacle = SpoolObstacle("nobody has opened it yet")
  }

  /// Opens the spool at `path`, an existing directory, as it is; makes what is missing in it.
  package convenience init(path: String, disk: WorkerPool) throws(SystemError) {
    self.init(unopened: path, disk: disk)
    opened = try SpoolDirectories(path: path)
    obstacle = nil
  }

  /// The maildrops, for the workers.
  ///
  /// - Throws: why the spool is not open.
  package var maildrops: MaildropFolder {
    get throws(SystemError) { MaildropFolder(directories: try directories) }
  }

  /// How many messages the index holds at most; those that were there at the start are all taken.
  var capacity = 100_000

  /// Whether no message should be accepted for the queue until others have left it.
  package var isFull: Bool { index.count >= capacity }

  /// Whether one in so many of the messages that it may hold are there.
  package func isFull(toOneIn share: Int) -> Bool { index.count >= capacity / share }

  /// How many messages wait, besides those that are being delivered.
  package var count: Int { index.count }

  /// How many messages wait, are held and are due; one pass over all of them.
  package var counts: QueueCounts { index.counts(at: .now) }

  /// What is free on the file system of the spool.
  package var space: FileSystemSpace {
    get throws(SystemError) { try measureSpace(directories) }
  }

  /// The file system and how it is synced, in one line for the log; empty while the spool is not open.
  package var syncing: String { opened?.syncing ?? "" }

  // MARK: Accepting

  /// Starts a message for the queue, for maildrops, or for both; while the spool is not open it fails.
  ///
  /// - Parameters:
  ///   - envelope: its recipients are those for the queue.
  ///   - users: names from the users file whose maildrops get the message.
  ///   - trace: the Received field, with LF line ends; it comes first in either file.
  ///   - queueTrace: the field for the queue, where it tells less; nil for the same.
  ///   - room: the room on the disk that it keeps from others while it comes; nil where it always has some.
  package func begin(
    _ envelope: SubmittedEnvelope, users: [String], id: QueueID, trace: String,
    queueTrace: String? = nil, room: Reservation? = nil
  ) -> Delivery {
    var drafts: [Draft] = []
    if !envelope.recipients.isEmpty {
      let draft = Draft(id: id, destination: .queue)
      _ = draft.append(QueueEnvelope.header(envelope, arrived: Int64(id.seconds)))
      _ = draft.append(Array((queueTrace ?? trace).utf8))
      drafts.append(draft)
    }
    if !users.isEmpty {
      let draft = Draft(id: id, destination: .maildrops(users))
      // RFC 5321 §4.4: the server that makes the final delivery inserts the return path.
      let sender = Mailbox(envelope.reversePath, allowsUTF8: true)?.headerText
      let returnPath = "Return-Path: <\(QueueEnvelope.safe(sender ?? envelope.reversePath))>\n"
      _ = draft.append(Array((returnPath + trace).utf8))
      drafts.append(draft)
    }
    return Delivery(
      id: id, drafts: drafts, spool: self, directories: opened, floorBytes: room?.floorBytes,
      lack: room.flatMap { reserve($0, for: drafts) })
  }

  /// A new identifier.
  package func makeID() -> QueueID {
    counter &+= 1
    return QueueID(microseconds: WallClock.microseconds, counter: counter)
  }

  /// Commits the drafts of one message together with those of other sessions.
  ///
  /// Whoever finds no commit under way does one for all that wait, itself included; those that come
  /// meanwhile form the next group. So a lone message waits for nobody, and a burst shares its syncs.
  func commit(_ drafts: [Draft]) async throws(SystemError) {
    _ = try directories
    pending += drafts
    for draft in drafts { draft.isHandedOver = true }
    while let waiting = drafts.first(where: { $0.result == nil }) {
      if isCommitting {
        do throws(WaitError) { try await committed.wait(isInterruptible: false) } catch {
          await withdraw(drafts)
          throw SystemError(code: 125 /* ECANCELED */, call: "fsync")
        }
        continue
      }
      precondition(pending.contains { $0 === waiting }, "a draft waits or is being committed")
      await commitGroup()
    }
    if let failure = drafts.lazy.compactMap({ $0.failure }).first {
      // The other half of a message for the queue and for maildrops must not stay alone.
      await takeBack(drafts)
      throw failure
    }
    for draft in drafts {
      guard case .queue = draft.destination else { continue }
      let message = QueuedMessage(name: try draft.finalName, in: .new)
      index.insert(message, due: .now)
      arrival.signal()
    }
  }

  private func commitGroup() async {
    isCommitting = true
    let group = Array(pending.prefix(Self.groupSize))
    pending.removeFirst(group.count)
    if let opened {
      await disk.run { Commit.run(group, in: opened) }
    } else {
      // The disk has gone while they waited for the group before.
      for draft in group { draft.result = .failure(.absentSpool) }
    }
    await takeBack(group.filter(\.isAbandoned))
    isCommitting = false
    committed.signal()
  }

  /// Gives up a message whose session ends without a reply, so that no part of it stays.
  private func withdraw(_ drafts: [Draft]) async {
    for draft in drafts where draft.result == nil {
      if let place = pending.firstIndex(where: { $0 === draft }) {
        pending.remove(at: place)
        draft.isHandedOver = false
      } else {
        draft.isAbandoned = true  // a worker is at it, and it is taken back after that
      }
    }
    await takeBack(drafts.filter { $0.result != nil })
  }

  private func takeBack(_ drafts: [Draft]) async {
    let done = drafts.filter { $0.namesGiven > 0 }
    guard !done.isEmpty, let opened else { return }
    await disk.run { for draft in done { Commit.takeBack(draft, in: opened) } }
  }

  // MARK: Delivering

  /// When the first message is due; nil for an empty queue.
  package var firstDue: Instant? { index.firstDue }

  /// Takes a message that is due; it comes back with `postpone` or ends with `remove`.
  package func takeDue(at now: Instant) -> QueuedMessage? { index.takeDue(at: now) }

  /// Puts a message back until `due`, and writes the time and the reason into its file.
  package func postpone(
    _ message: QueuedMessage, until due: Instant, open: OpenMessage?, reason: String
  ) async {
    var message = message
    if !message.isAhead, message.attempts < .max { message.attempts += 1 }
    message.isAhead = false
    let folder = message.folder
    message.folder = .current
    let name = message.name.description
    let wallTime = WallClock.now + (due - .now).wholeSeconds
    let directories = opened
    let isMoved = await disk.run { () -> Bool in
      guard let directories else { return false }
      // None of this must be durable: the message is tried early at worst.
      if let open { try? open.setStatus(reason) }
      if folder != .current {
        do throws(SystemError) {
          try directories.move(name, from: folder, to: .current)
        } catch { return false }
      }
      try? directories.current.setModified(name, wallTime)
      return true
    }
    if !isMoved { message.folder = folder }
    index.insert(message, due: due)
  }

  /// Opens a message that was taken and reads its envelope.
  ///
  /// - Throws: `Stranger` if the file has gone, is damaged or cannot be read now; a damaged one is set
  ///   aside.
  package func open(_ message: QueuedMessage) async throws(Stranger) -> OpenMessage {
    let directories: SpoolDirectories
    do throws(SystemError) { directories = try self.directories } catch {
      throw Stranger(
        file: message.name.description, reason: "\(error)", isTemporary: true)
    }
    return try await disk.run { () throws(Stranger) -> OpenMessage in
      do throws(Stranger) {
        return try OpenMessage(message, in: directories)
      } catch let stranger where !stranger.isTemporary {
        throw directories.setAside(message, reason: stranger.reason)
      }
    }
  }

  /// Removes a message that has no recipient left to do; one that has gone already is no failure.
  package func remove(_ message: QueuedMessage) async throws(SystemError) {
    let directories = try self.directories
    _ = try await disk.run { () throws(SystemError) in
      try directories.remove(message)
    }
  }
}

extension Draft {
  fileprivate var failure: SystemError? {
    if case .failure(let error) = result { error } else { nil }
  }
}
