import ArgumentParser
import Configuration
import Mail
import Platform
import Spool

/// The command `gatepost queue show`.
struct QueueShowCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "Show a message: what the list says, its envelope and its header.",
    discussion: "What could change the terminal is shown as \\xHH.")

  @OptionGroup var place: ConfigurationPlace
  @Argument(help: "The identifier, as the list and the log have it.") var id: String

  func validate() throws {
    if QueueID(id) == nil { throw ValidationError("\"\(id)\" is no identifier") }
  }

  func run() throws {
    let spool = try place.places().spool + "/queue"
    do throws(SystemError) {
      let queue = try QueueFiles(path: spool)
      for entry in try queue.entries() where entry.name.hasPrefix(id + ".") {
        let found = try queue.with(entry.folder) { directory throws(SystemError) in
          try lines(of: entry.name, in: directory, entry.folder)
        }
        guard let found else { continue }  // it has left, or changed its folder
        found.forEach(Console.say)
        return
      }
    } catch {
      if !error.isNotFound { throw Failure(reading: spool, error) }
    }
    throw Failure(.input, "\(id): there is no such message in the queue")
  }

  private func lines(
    of name: String, in directory: borrowing Directory, _ folder: QueueFolder
  ) throws(SystemError) -> [String]? {
    guard let listing = try MessageListing(name, in: directory, folder) else { return nil }
    let file = try directory.open(name)
    var bytes: [UInt8] = []
    while bytes.count < Self.headerBytes,
      try file.read(upTo: 16 << 10, at: bytes.count, appendingTo: &bytes) > 0
    {}
    let header = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
      .prefix { !$0.isEmpty }
    return listing.lines + ["\(folder.name)/\(String(escaping: name.utf8))", ""]
      + header.map { String(escaping: $0, limit: 2000) }
  }

  /// The envelope at its longest, and as much again of the header.
  private static let headerBytes = 1 << 20
}
