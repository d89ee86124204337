/// An open maildrop: what was there at login, and what the client has marked as deleted since.
///
/// Message numbers are the client's, from 1; indices are ours, from 0.
struct Maildrop: Sendable {
  private(set) var listing: MaildropListing
  private(set) var deleted: MessageSet
  private var deletedBytes = 0

  init(_ listing: MaildropListing) {
    self.listing = listing
    deleted = MessageSet(messageCount: listing.count)
  }

  /// Messages that are not marked.
  var count: Int { listing.count - deleted.count }

  /// Octets of the messages that are not marked.
  var bytes: Int { listing.totalBytes - deletedBytes }

  /// `2 messages (320 octets)`.
  var summary: String { "\(count) \(count == 1 ? "message" : "messages") (\(bytes) octets)" }

  /// The index of a message that is there and not marked; otherwise why not.
  func index(of number: Int) -> Result<Int, NoSuchMessage> {
    guard number >= 1, number <= listing.count else {
      return .failure(.notThere(count: listing.count))
    }
    return deleted.contains(number - 1) ? .failure(.deleted(number)) : .success(number - 1)
  }

  /// Acts on the message of that number, or says that there is none.
  func action(on number: Int, _ act: (_ index: Int) -> Action) -> Action {
    switch index(of: number) {
    case .success(let index): act(index)
    case .failure(let missing): .reply(missing.reply)
    }
  }

  mutating func delete(_ index: Int) {
    deleted.insert(index)
    deletedBytes += listing.bytes(of: index)
  }

  mutating func correctSize(of index: Int, to bytes: Int) {
    if deleted.contains(index) { deletedBytes += bytes - listing.bytes(of: index) }
    listing.correctSize(of: index, to: bytes)
  }

  mutating func undeleteAll() {
    deleted = MessageSet(messageCount: listing.count)
    deletedBytes = 0
  }
}

/// Why a message number names no message.
enum NoSuchMessage: Error {
  case notThere(count: Int)
  case deleted(Int)

  var reply: Reply {
    switch self {
    case .notThere(let count): .error("No such message, the maildrop has \(count)")
    case .deleted(let number): .error("Message \(number) is deleted")
    }
  }
}
