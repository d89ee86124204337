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

  private init(
    root: consuming Directory, new: consuming Directory, current: consuming Directory
  ) {
    self.root = root
    self.new = new
    self.current = current
  }

  /// Opens the Maildir `name` in `parent`; nil when there is none, as before the first delivery.
  package static func open(
    _ name: String, in parent: borrowing Directory
  ) throws(SystemError) -> Maildir? {
    do throws(SystemError) {
      let root = try parent.subdirectory(name)
      // A delivery makes this one last.
      let new = try root.subdirectory("new")
      try root.makeDirectory("cur")
      let current = try root.subdirectory("cur")
      return Maildir(root: root, new: new, current: current)
    } catch let error where error.isNotFound {
      return nil
    }
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
      return try reopen(MaildirSearch(for: [contents.base(of: index)], of: contents, in: self))
    }
  }

  /// Removes messages, wherever they are by now; one that was removed already is no failure.
  ///
  /// Durability: none is needed, for a message that a crash brings back can be removed again.
  ///
  /// - Returns: how many may still be there, and the last reason.
  package func remove(
    _ indices: [Int], of contents: MaildirContents
  ) -> (failures: Int, reason: SystemError?) {
    var failures = 0
    var reason: SystemError?
    /// Messages that are not where they were, by the part of the name that stays.
    var moved: Set<ArraySlice<UInt8>> = []
    for index in indices {
      do throws(SystemError) {
        let name = contents.name(of: index)
        let wasThere = try contents.isNew(index) ? new.remove(name) : current.remove(name)
        if !wasThere { moved.insert(contents.base(of: index)) }
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
    for index in indices {
      let name = contents.name(of: index)
      let base = String(decoding: contents.base(of: index), as: UTF8.self)
      let flags = Set(name.utf8.dropFirst(base.utf8.count + ":2,".utf8.count))
      if !contents.isNew(index), flags.contains(UInt8(ascii: "S")) { continue }
      let marks = flags.union([UInt8(ascii: "S")]).sorted()
      let marked = "\(base):2,\(String(decoding: marks, as: UTF8.self))"
      do throws(SystemError) {
        if contents.isNew(index) {
          try new.renameExclusively(name, to: current, as: marked)
        } else {
          try current.renameExclusively(name, to: current, as: marked)
        }
      } catch {
        // It is read again, or has gone.
      }
    }
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
