import EventLoop
import Platform

/// What a file holds, read again whenever the file is another than the one that was read last.
///
/// Each look costs an open and a stat; so a change holds at once and without a signal.
///
/// **Failures**: while the file cannot be read or holds an error, the last good content goes on and
/// `problem` says why it may be wrong. Each such state, and the end of it, is reported once.
@Loop
final class FollowedFile<Content> {
  /// What was read last without an error.
  private(set) var content: Content
  /// Why the file cannot be used now.
  private(set) var problem: UsersFileError?

  private let source: Source
  private let report: @Loop (String) -> Void
  private var state: State?

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
  /// - Throws: why there is no content to begin with.
  init(_ source: Source, report: @escaping @Loop (String) -> Void) throws(UsersFileError) {
    self.source = source
    self.report = report
    var state: State?
    guard let content = try Self.read(source, after: &state) else {
      preconditionFailure("a file that was never read is another than before")
    }
    self.content = content
    self.state = state
  }

  /// Reads the file again if it has changed; returns whether there is new content.
  @discardableResult
  func refresh() -> Bool {
    let before = problem
    do throws(UsersFileError) {
      guard let new = try Self.read(source, after: &state) else { return false }
      content = new
      problem = nil
      if before != nil { report("\(source.path): is in use again") }
      return true
    } catch {
      problem = error
      if before != error { report("\(error); the \(source.word) known so far stay") }
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
