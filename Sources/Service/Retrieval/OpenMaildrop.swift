import EventLoop
import Log
import Maildir
import POP3
import Platform

/// A user's maildrop for the time of a session, read by the disk workers.
///
/// A client that sends several commands at once gets several small messages read in one turn of a
/// worker: the way there and back costs more than reading them.
///
/// **Limits**: `chunkBytes` of content are in memory, and none while the session waits for a command.
@Loop
final class OpenMaildrop {
  let user: String
  /// How much is read at a time.
  nonisolated static let chunkBytes = 64 << 10

  private nonisolated let maildir: Maildir?
  private nonisolated let contents: MaildirContents
  private let disk: WorkerPool
  /// The contents of the messages from `firstAhead` on, read before they were asked for.
  private var ahead: ArraySlice<[UInt8]> = []
  private var firstAhead = 0
  /// The messages that were sent whole; none before the first.
  private var read: MessageSet?
  /// Sizes that are not those of the contents, as sending the messages has shown.
  private var corrections: [Int: Int] = [:]

  init(user: String, maildir: Maildir?, contents: MaildirContents, disk: WorkerPool) {
    self.user = user
    self.maildir = maildir
    self.contents = contents
    self.disk = disk
  }

  /// What the session knows of the messages; names and sizes are shared with it, not copied.
  var listing: MaildropListing {
    MaildropListing(
      text: contents.text,
      uniqueIDs: (0..<contents.count).map { index in
        let place = contents.uniqueID(of: index)
        return MaildropListing.Place(offset: place.offset, length: place.length)
      },
      sizes: contents.wireBytes)
  }

  /// Opens a message and reads the beginning of it; nil when another program has removed it.
  ///
  /// - Parameter expectsMore: whether the next messages are likely to be asked for at once.
  func open(_ index: Int, expectsMore: Bool) async throws(SystemError) -> MessageReading? {
    if index == firstAhead, let content = ahead.popFirst() {
      firstAhead += 1
      return MessageReading(beginning: content, rest: nil)
    }
    forgetReadAhead()
    let batch = try await disk.run { () throws(SystemError) in
      try read(index, expectsMore: expectsMore)
    }
    firstAhead = index + 1
    ahead = batch.following[...]
    return batch.reading
  }

  /// The next chunk of a file.
  func read(_ file: OpenFile) async throws(SystemError) -> Chunk {
    try await disk.run { () throws(SystemError) in try file.read(limit: Self.chunkBytes) }
  }

  /// Gives back the memory of messages that nobody has asked for.
  func forgetReadAhead() { ahead = [] }

  /// Notes that the client has got a message.
  func noteRead(_ index: Int) {
    if read == nil { read = MessageSet(messageCount: contents.count) }
    read?.insert(index)
  }

  /// Notes how many octets a message has; returns whether it was listed with another number.
  func noteSize(_ bytes: Int, of index: Int) -> Bool {
    if contents.wireBytes[index] == bytes { return false }
    corrections[index] = bytes
    return true
  }

  /// Has the next session list the sizes that were found.
  func keepSizes() async {
    guard let maildir, !corrections.isEmpty else { return }
    let found = corrections
    corrections = [:]
    await disk.run { maildir.correct(found, of: contents) }
  }

  /// Removes messages, and marks those that the client has got and left here.
  ///
  /// - Returns: how many are still there although they should not be.
  func remove(_ messages: MessageSet) async -> Int {
    let left = read?.filter { !messages.contains($0) } ?? []
    guard let maildir, messages.count > 0 || !left.isEmpty else { return 0 }
    let result = await disk.run {
      let result = maildir.remove(Array(messages), of: contents)
      maildir.markRead(left, of: contents)
      return result
    }
    if result.failures > 0 {
      let reason = result.reason?.description ?? "another program has renamed copies of one"
      Log.say(
        .error, "maildrop of \(user): \(result.failures) messages cannot be removed: \(reason)")
    }
    return result.failures
  }

  private struct Batch: Sendable {
    var reading: MessageReading?
    /// The whole contents of the messages that follow.
    var following: [[UInt8]] = []
  }

  private nonisolated func read(
    _ index: Int, expectsMore: Bool
  ) throws(SystemError) -> Batch {
    var batch = Batch()
    batch.reading = try begin(index)
    guard expectsMore, let first = batch.reading, first.rest == nil else { return batch }
    var room = Self.chunkBytes - first.beginning.count
    var next = index + 1
    while next < contents.count, contents.wireBytes[next] < room {
      // What cannot be read whole here is looked at again, and reported, when it is asked for.
      guard let reading = try? begin(next), reading.rest == nil else { break }
      batch.following.append(reading.beginning)
      room -= reading.beginning.count
      next += 1
    }
    return batch
  }

  private nonisolated func begin(_ index: Int) throws(SystemError) -> MessageReading? {
    guard let descriptor = try maildir?.open(index, of: contents) else { return nil }
    let file = OpenFile(descriptor)
    // One byte more than the size, so that the end of the file is seen. The name may be wrong.
    let chunk = try file.read(limit: min(contents.wireBytes[index] + 1, Self.chunkBytes))
    return MessageReading(beginning: chunk.bytes, rest: chunk.isLast ? nil : file)
  }
}
