package import Platform

/// A Maildir: a directory with one file a message, in `new` until a mail reader has seen it and in
/// `cur` from then on.
///
/// Other programs may move, mark and remove messages at any time. What was read as one name is
/// found again under another: see `MaildirSearch`.
///
/// All calls block, so they belong on a worker.
package final class Maildir: Sendable {
  let root: Directory
  let new: Directory
  let current: Directory
  private let durability: Durability

  private init(
    root: consuming Directory, new: consuming Directory, current: consuming Directory,
    durability: Durability
  ) {
    self.root = root
    self.durability = durability
    self.new = new
    self.current = current
  }

  /// Opens the Maildir `name` in `parent`; nil when there is none, as before the first delivery.
  ///
  /// A folder that is missing in it is made: git, rclone and zip drop those that are empty.
  ///
  /// - Parameter durability: what must be synced on its file system.
  package static func open(
    _ name: String, in parent: borrowing Directory, _ durability: Durability = .separate
  ) throws(SystemError) -> Maildir? {
    let root: Directory
    do throws(SystemError) { root = try parent.subdirectory(name) } catch let error
      where error.isNotFound
    {
      return nil
    }
    // A delivery takes a `new` that is there as a sign that all names above it are durable.
    let hasNew = try root.isDirectoryThere("new")
    if !hasNew { try parent.synchronize() }
    try root.makeDirectory("cur")
    if !hasNew {
      try root.makeDirectory("tmp")
      try root.makeDirectory("new")
      try root.synchronize()
    }
    return Maildir(
      root: root, new: try root.subdirectory("new"), current: try root.subdirectory("cur"),
      durability: durability)
  }

  /// Opens a message for reading, wherever it is by now; nil when it was removed, or cannot be told from its
  /// copies.
  package func open(
    _ index: Int, of contents: MaildirContents
  ) throws(SystemError) -> Descriptor? {
    do throws(SystemError) {
      let name = contents.name(of: index)
      return try contents.isNew(index) ? new.open(name) : current.open(name)
    } catch let error where error.isNotFound {
      if contents.shared.contains(index) { return nil }
      return try reopen(MaildirSearch(for: [contents.base(of: index)], of: contents, in: self))
    }
  }

  /// Removes messages, wherever they are by now; one that was removed already is no failure.
  ///
  /// Durability: none is needed where renames are whole, for a message that a crash brings back can be removed
  /// again. Elsewhere its name could come back for the mail of somebody else that has got its inode: there the
  /// files stay open until their names are gone for good.
  ///
  /// - Returns: how many may still be there, and the last reason.
  package func remove(
    _ indices: [Int], of contents: MaildirContents
  ) -> (failures: Int, reason: SystemError?) {
    guard durability == .separate else { return removeNames(indices, of: contents) }
    var result: (failures: Int, reason: SystemError?) = (0, nil)
    for start in stride(from: 0, to: indices.count, by: Self.filesAtOnce) {
      let piece = Array(indices[start..<min(start + Self.filesAtOnce, indices.count)])
      let open = piece.compactMap { index in try? OpenFile(of: self.open(index, of: contents)) }
      let (failures, reason) = removeNames(piece, of: contents)
      result = (result.failures + failures, reason ?? result.reason)
      _ = try? new.synchronize()
      _ = try? current.synchronize()
      withExtendedLifetime(open) {}
    }
    return result
  }

  /// How many files are open at a time while their names are removed.
  private static let filesAtOnce = 64

  /// Keeps the inode of a file from being given to another.
  private final class OpenFile {
    private let file: Descriptor

    init?(of file: consuming Descriptor?) {
      guard let file else { return nil }
      self.file = file
    }
  }

  private func removeNames(
    _ indices: [Int], of contents: MaildirContents
  ) -> (failures: Int, reason: SystemError?) {
    var failures = 0
    var reason: SystemError?
    /// Messages that are not where they were, by the part of the name that stays.
    var moved: Set<ArraySlice<UInt8>> = []
    for index in indices {
      do throws(SystemError) {
        let name = contents.name(of: index)
        var wasThere = try contents.isNew(index) ? new.remove(name) : current.remove(name)
        for twin in contents.twins[index] ?? [] {
          let isGone = try twin.isNew ? new.remove(twin.name) : current.remove(twin.name)
          wasThere = wasThere && isGone
        }
        if wasThere { continue }
        // Of several messages with one base nobody can tell which one was moved.
        if contents.shared.contains(index) {
          failures += 1
        } else {
          moved.insert(contents.base(of: index))
        }
      } catch {
        failures += 1
        reason = error
      }
    }
    if moved.isEmpty { return (failures, reason) }
    // One look at all names, however many were moved.
    do throws(SystemError) {
      let search = try MaildirSearch(for: moved, of: contents, in: self)
      for name in search.new { try new.remove(name) }
      for name in search.current { try current.remove(name) }
      failures += search.unclear
    } catch {
      failures += moved.count
      reason = error
    }
    return (failures, reason)
  }

  /// Marks messages as read, for the other programs and for their expiry, and moves them to `cur`.
  ///
  /// One that another program has moved or removed meanwhile stays as it is, and so does one that cannot
  /// be marked.
  package func markRead(_ indices: [Int], of contents: MaildirContents) {
    // A power cut must not take the old names and leave no others: one sync for all of them comes between.
    var linked: [Mark] = []
    for index in indices {
      guard let mark = mark(index, of: contents) else { continue }
      do throws(SystemError) {
        let (name, marked) = (mark.name, mark.marked)
        if durability == .separate {
          try mark.isNew
            ? new.link(name, to: current, as: marked) : current.link(name, to: current, as: marked)
          linked.append(mark)
        } else if mark.isNew {
          try new.renameExclusively(name, to: current, as: marked)
        } else {
          try current.renameExclusively(name, to: current, as: marked)
        }
      } catch {
        // It is read again, or has gone.
      }
    }
    if linked.isEmpty { return }
    let isSynced = (try? current.synchronize()) != nil
    for mark in linked {
      if !isSynced {
        _ = try? current.remove(mark.marked)
      } else if mark.isNew {
        _ = try? new.remove(mark.name)
      } else {
        _ = try? current.remove(mark.name)
      }
    }
  }

  private struct Mark {
    var isNew: Bool
    var name: String
    var marked: String
  }

  /// The name of a message, and the one that marks it as read; nil where it is marked already.
  private func mark(_ index: Int, of contents: MaildirContents) -> Mark? {
    let name = contents.name(of: index)
    let base = String(decoding: contents.base(of: index), as: UTF8.self)
    let flags = Set(name.utf8.dropFirst(base.utf8.count + ":2,".utf8.count))
    let isNew = contents.isNew(index)
    if !isNew, flags.contains(UInt8(ascii: "S")) { return nil }
    let marks = flags.union([UInt8(ascii: "S")]).sorted()
    let marked = "\(base):2,\(String(decoding: marks, as: UTF8.self))"
    return Mark(isNew: isNew, name: name, marked: marked)
  }

  private func reopen(_ search: MaildirSearch) throws(SystemError) -> Descriptor? {
    for name in search.current {
      do throws(SystemError) { return try current.open(name) } catch let error
        where error.isNotFound
      {}
    }
    for name in search.new {
      do throws(SystemError) { return try new.open(name) } catch let error where error.isNotFound {}
    }
    return nil
  }
}
