import EventLoop
import Platform

/// What a file holds, read again whenever the file is another than the one that was read last.
///
/// Each look costs an open and a stat; so a change holds at once and without a signal.
///
/// **Failures**: while the file cannot be read or holds an error, the last good content goes on, at the start an
/// empty one, and `problem` says why it may be wrong. Each such state, and the end of it, is told once.
@Loop
final class FollowedFile<Content> {
  /// What was read last without an error.
  private(set) var content: Content
  /// Why the file cannot be used now.
  private(set) var problem: UsersFileError?

  private let source: Source
  private let tell: @Loop (FileChange) -> Void
  private var state: State?
  /// Whether nothing was ever read without an error.
  private var isEmpty: Bool

  /// Which file is followed, and how it is read.
  struct Source {
    var path: String
    /// What the file holds, as a word for reports.
    var word: String
    /// Octets that are read at most.
    var limit: Int
    /// Whether a file that is not there is an empty one.
    var mayBeMissing = false
    /// The content that the octets mean.
    var parse: ([UInt8]) throws(UsersFileError) -> Content
  }

  /// What tells one state of a file from another.
  private enum State: Equatable {
    case version(modified: Int64, nanoseconds: Int64, bytes: Int, inode: UInt64)
    case failing(Int32)

    init(_ status: FileStatus) {
      self = .version(
        modified: status.modified, nanoseconds: status.modifiedNanoseconds, bytes: status.bytes,
        inode: status.inode)
    }
  }

  /// Reads the file for the first time.
  ///
  /// - Parameters:
  ///   - empty: stands for the content of a file that cannot be used from the start.
  ///   - tell: hears of each problem that the file comes to have, and of the end of it.
  init(_ source: Source, empty: Content, tell: @escaping @Loop (FileChange) -> Void) {
    self.source = source
    self.tell = tell
    content = empty
    isEmpty = true
    refresh()
  }

  /// Reads the file again if it has changed; returns whether there is new content.
  @discardableResult
  func refresh() -> Bool {
    let before = problem
    do throws(UsersFileError) {
      guard let new = try Self.read(source, after: &state) else { return false }
      content = new
      isEmpty = false
      problem = nil
      if before != nil { tell(.usable("\(source.path): is in use again")) }
      return true
    } catch {
      problem = error
      let consequence =
        isEmpty
        ? "until it can be used, what needs the \(source.word) is put off"
        : "the \(source.word) known so far stay"
      if before != error { tell(.failing("\(error); \(consequence)")) }
      return false
    }
  }

  /// The content of the file, unless it is in the state that it was in before; nil then.
  private static func read(
    _ source: Source, after state: inout State?
  ) throws(UsersFileError) -> Content? {
    var content: [UInt8] = []
    do throws(SystemError) {
      let file = try Descriptor.reading(path: source.path)
      // Taken before the content: if the file changes in between, the next look reads it again.
      let found = State(try file.status())
      if found == state { return nil }
      content = try file.readAll(limit: source.limit)
      state = found
    } catch {
      // Not the version that could not be read: the next look tries again.
      let failing = State.failing(error.code)
      if failing == state { return nil }
      state = failing
      guard source.mayBeMissing && error.isNotFound else {
        throw UsersFileError(.unreadable, reason: "\(source.path): cannot be read: \(error)")
      }
    }
    return try source.parse(content)
  }
}

/// A change in what can be known from a file.
enum FileChange {
  /// The file cannot be used; the sentence says why, and what holds meanwhile.
  case failing(String)
  /// The file is in use again; the sentence names it.
  case usable(String)

  /// A function that hands changes to `trouble`, or as sentences to `report` where there is none.
  @Loop
  static func teller(
    _ trouble: (@Loop (String?) -> Void)?, or report: @escaping @Loop (String) -> Void
  ) -> @Loop (FileChange) -> Void {
    { change in
      switch change {
      case .failing(let sentence):
        if let trouble { trouble(sentence) } else { report(sentence) }
      case .usable(let sentence):
        if let trouble { trouble(nil) } else { report(sentence) }
      }
    }
  }
}
