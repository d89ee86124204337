import Platform

/// Makes a group of drafts durable with as few flushes of the device as the file system allows.
///
/// **Durability**: for each draft its data is synced first, then the name is made, then each
/// directory that got a name is synced, once for the group. What a sync covers is a promise of the file
/// system (`Durability`), which is told by its line in mountinfo and, for ext, by what its driver says of a
/// journal; where it cannot be told, nothing is taken as promised:
///
///     file system              data of a message      its name               moved or removed later
///     -----------------------  ---------------------  ---------------------  ----------------------------
///     ext3, ext4 with a        written back, covered  fsync of the folder    rename; nothing is synced
///     journal; XFS (ordered)   by the folder's sync
///     btrfs (wholeRenames)     fdatasync              fsync of the folder    rename; nothing is synced
///     ext2, ext4 without a     fdatasync              fsync of the folder,   second name, fsync of its
///     journal or mounted                              of the file, and of    folder, then the first goes;
///     data=writeback, every                           `tmp`                  a removal is synced while the
///     other (separate)                                                       file is open
///
/// So with a journal a group costs one flush for each directory. What comes last for `separate` keeps the
/// number of names of a file true on the device: with too few, the removal of one name frees a file that another
/// user still has. A file system without a journal must be checked after a power cut all the same (`fsck` at
/// boot), as its map of free blocks is synced by nobody.
///
/// **Failures**: a draft that fails leaves no name behind, and does not touch the others of its
/// group, unless it is the sync of the directory they share.
struct Commit {
  private let directories: SpoolDirectories
  private let drafts: [Draft]
  private var failures: [SystemError?]

  init(_ drafts: [Draft], in directories: SpoolDirectories) {
    self.drafts = drafts
    self.directories = directories
    failures = Array(repeating: nil, count: drafts.count)
  }

  /// Runs all steps and leaves each draft with its result; blocks for the length of a sync.
  static func run(_ drafts: [Draft], in directories: SpoolDirectories) {
    var commit = Commit(drafts, in: directories)
    commit.eachDraft { (draft, directories) throws(SystemError) in
      try draft.spill(in: directories)
      if directories.durability == .ordered { try draft.startWriteBack() }
    }
    commit.eachDraft { (draft, directories) throws(SystemError) in
      if directories.durability == .ordered {
        try draft.writeBack()
      } else {
        try draft.synchronizeData()
      }
    }
    commit.place()
    if directories.durability == .separate { commit.synchronizeNumberOfNames() }
    commit.synchronizeQueue()
    commit.synchronizeMaildrops()
    commit.finish()
  }

  private mutating func eachDraft(_ step: (Draft, SpoolDirectories) throws(SystemError) -> Void) {
    for index in drafts.indices where failures[index] == nil {
      do throws(SystemError) { try step(drafts[index], directories) } catch {
        failures[index] = error
      }
    }
  }

  /// Gives each file the name under which it counts.
  private mutating func place() {
    for index in drafts.indices where failures[index] == nil {
      let draft = drafts[index]
      do throws(SystemError) {
        let name = try draft.finalName.description
        switch draft.destination {
        case .queue:
          try directories.temporary.renameExclusively(
            draft.temporaryName, to: directories.new, as: name)
          draft.namesGiven = 1
        case .maildrops(let users):
          for user in users {
            let new = try directories.maildropNew(of: user)
            try directories.temporary.link(draft.temporaryName, to: new, as: name)
            draft.namesGiven += 1
          }
          // One that stays is removed at the next start; the message may have been fetched by now.
          _ = try? directories.temporary.remove(draft.temporaryName)
        }
      } catch {
        failures[index] = error
      }
    }
  }

  /// Has the device know how many names each file has, and that the temporary one is gone.
  private mutating func synchronizeNumberOfNames() {
    eachDraft { (draft, _) throws(SystemError) in try draft.synchronize() }
    do throws(SystemError) { try directories.temporary.synchronize() } catch {
      for index in drafts.indices where failures[index] == nil { failures[index] = error }
    }
  }

  private mutating func synchronizeQueue() {
    let members = drafts.indices.filter { index in
      guard case .queue = drafts[index].destination else { return false }
      return failures[index] == nil
    }
    if members.isEmpty { return }
    do throws(SystemError) { try directories.new.synchronize() } catch {
      for index in members { failures[index] = error }
    }
  }

  private mutating func synchronizeMaildrops() {
    var members: [String: [Int]] = [:]
    for index in drafts.indices where failures[index] == nil {
      guard case .maildrops(let users) = drafts[index].destination else { continue }
      for user in users { members[user, default: []].append(index) }
    }
    for (user, indices) in members {
      do throws(SystemError) { try directories.maildropNew(of: user).synchronize() } catch {
        for index in indices { failures[index] = error }
      }
    }
  }

  private func finish() {
    for (index, draft) in drafts.enumerated() {
      guard let failure = failures[index] else {
        draft.close()
        draft.result = .success(())
        continue
      }
      Self.takeBack(draft, in: directories)
      draft.discard(in: directories)
      draft.result = .failure(failure)
    }
  }

  /// Removes the names of a message that will not be acknowledged; its client will send it again.
  ///
  /// Only the names it has got itself: one that was taken already belongs to an accepted message.
  static func takeBack(_ draft: Draft, in directories: SpoolDirectories) {
    guard draft.namesGiven > 0, let name = try? draft.finalName.description else { return }
    switch draft.destination {
    case .queue: _ = try? directories.new.remove(name)
    case .maildrops(let users):
      for user in users.prefix(draft.namesGiven) {
        _ = try? directories.maildropNew(of: user).remove(name)
      }
    }
    draft.namesGiven = 0
  }
}
