import Platform

/// A file that is being written and is not a message yet.
///
/// `@unchecked Sendable`: it belongs to the session that writes it until it is handed to a worker,
/// which has it to itself until the session is resumed.
final class Draft: @unchecked Sendable {
  /// Where the file goes when it is committed.
  enum Destination: Sendable {
    case queue
    /// The maildrops of these users, as hard links of one file.
    case maildrops([String])
  }

  let id: QueueID
  let destination: Destination
  /// The name in the temporary directory.
  let temporaryName: String
  private(set) var bytes = 0
  /// How large the file is expected to become; used on the loop only.
  var expectedBytes = 0
  private(set) var lines = 0
  private var file: Descriptor?
  private var buffer: [UInt8] = []
  /// Whether it waits for its commit or is in it; then only the commit touches it.
  var isHandedOver = false
  /// In how many directories of its destination it has got its name.
  var namesGiven = 0
  /// Whether its session ended while a worker was at it; used on the loop only.
  var isAbandoned = false
  /// The outcome of the commit; nil until it has been tried.
  var result: Result<Void, SystemError>?

  /// Up to this many bytes stay in memory until the commit.
  static let bufferBytes = 32 << 10

  init(id: QueueID, destination: Destination) {
    self.id = id
    self.destination = destination
    switch destination {
    case .queue: temporaryName = "\(id).queue"
    case .maildrops: temporaryName = "\(id).mail"
    }
  }

  /// Adds bytes with LF line ends; says whether it is time to `spill`.
  func append(_ content: [UInt8]) -> Bool {
    buffer.append(contentsOf: content)
    bytes += content.count
    lines += content.count { $0 == UInt8(ascii: "\n") }
    return buffer.count >= Self.bufferBytes
  }

  /// Writes what is in memory to the file in the temporary directory.
  func spill(in directories: SpoolDirectories) throws(SystemError) {
    if file == nil { file = try directories.temporary.create(temporaryName) }
    if !buffer.isEmpty { try file?.writeAll(buffer) }
    buffer = []
  }

  /// The name the file gets.
  ///
  /// - Throws: `EFBIG` for more than 4 GiB, which no message limit allows.
  var finalName: MessageFileName {
    get throws(SystemError) {
      guard let size = UInt32(exactly: bytes), let wire = UInt32(exactly: bytes + lines) else {
        throw SystemError(code: 27 /* EFBIG */, call: "write")
      }
      return MessageFileName(id: id, bytes: size, wireBytes: wire)
    }
  }

  func startWriteBack() throws(SystemError) { try file?.startWriteBack() }

  func writeBack() throws(SystemError) { try file?.writeBack() }

  func synchronizeData() throws(SystemError) { try file?.synchronizeData() }

  /// Syncs the file with its attributes, of which one is how many names it has.
  func synchronize() throws(SystemError) { try file?.synchronize() }

  /// Closes the file and removes it from the temporary directory.
  func discard(in directories: SpoolDirectories) {
    guard file != nil else { return }
    file = nil
    // What cannot be removed now is removed at the next start.
    _ = try? directories.temporary.remove(temporaryName)
  }

  func close() { file = nil }
}
