import ArgumentParser
import Configuration
import Log
import Platform
import Spool

/// The command `gatepost queue list`.
struct QueueListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "List the messages that wait to be delivered, the oldest first.",
    discussion: """
      For each message: its identifier, size, age and sender, and when it is tried next; then what \
      happened at the last attempt; then the recipients, after "-" those still to do, after "+" those \
      that have it, after "!" those that cannot have it.
      """)

  @OptionGroup var place: ConfigurationPlace

  func run() throws {
    let spool = try place.places().spool + "/queue"
    var bytes = 0
    var count = 0
    var aside = 0
    do throws(SystemError) {
      let queue = try QueueFiles(path: spool)
      var output: [UInt8] = []
      for entry in try queue.entries() {
        guard let message = try queue.listing(of: entry) else { continue }
        for line in message.lines { output += line.safeForTerminal.utf8 + [UInt8(ascii: "\n")] }
        bytes += message.bytes
        count += 1
        if output.count >= Self.outputBytes {
          Console.say(lines: output)
          output.removeAll(keepingCapacity: true)
        }
      }
      Console.say(lines: output)
      aside = try queue.asideCount()
    } catch {
      // The server makes the queue when it starts for the first time.
      if !error.isNotFound { throw Failure(reading: spool, error) }
    }
    Console.say(
      count == 0
        ? "the queue is empty"
        : "\(count) \(count == 1 ? "message" : "messages"), \(ByteCount(bytes: bytes).rounded)")
    if aside > 0 {
      Console.say(
        "\(aside) \(aside == 1 ? "file is" : "files are") set aside in \(spool)/\(QueueFolder.aside)"
      )
    }
  }

  /// How much is written at once: a queue may be long.
  private static let outputBytes = 64 << 10
}

/// The files of the queue as they are on disk; the server need not run.
struct QueueFiles {
  /// A folder, opened once for all its files.
  private final class Folder {
    let directory: Directory

    init(_ directory: consuming Directory) { self.directory = directory }
  }

  private let queue: Folder
  private let folders: [QueueFolder: Folder]

  init(path: String) throws(SystemError) {
    queue = Folder(try Directory(path: path))
    var folders: [QueueFolder: Folder] = [:]
    for folder in QueueFolder.allCases {
      do throws(SystemError) {
        folders[folder] = Folder(try queue.directory.subdirectory(folder.name))
      } catch let error where error.isNotFound {
        // As before the first start.
      }
    }
    self.folders = folders
  }

  /// What the list says of a file; nil if it is gone meanwhile.
  func listing(of entry: (name: String, folder: QueueFolder)) throws(SystemError) -> MessageListing?
  {
    try with(entry.folder) { directory throws(SystemError) in
      try MessageListing(entry.name, in: directory, entry.folder)
    }
  }

  /// The names in all folders, the oldest first.
  func entries() throws(SystemError) -> [(name: String, folder: QueueFolder)] {
    var entries: [(name: String, folder: QueueFolder)] = []
    for folder in QueueFolder.allCases {
      try with(folder) { directory throws(SystemError) in
        entries += try directory.entryNames().map { ($0, folder) }
      }
    }
    return entries.sorted { $0.name < $1.name }
  }

  /// How many files are no messages.
  func asideCount() throws(SystemError) -> Int {
    try count(in: QueueFolder.aside)
  }

  /// Calls `body` with a folder; nil where there is none, as before the first start.
  @discardableResult
  func with<Result>(
    _ folder: QueueFolder, _ body: (borrowing Directory) throws(SystemError) -> Result?
  ) throws(SystemError) -> Result? {
    guard let folder = folders[folder] else { return nil }
    return try body(folder.directory)
  }

  private func count(in name: String) throws(SystemError) -> Int {
    do throws(SystemError) {
      return try queue.directory.subdirectory(name).entryNames().count
    } catch let error where error.isNotFound {
      return 0
    }
  }
}
