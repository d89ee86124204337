package import Platform

/// Why a spool cannot be used, in words for the admin, and as what the services are told.
package struct SpoolObstacle: Error, Equatable, Sendable {
  /// What is wrong, and what to do.
  package let sentence: String
  /// What each operation on the spool fails with meanwhile.
  package let error: SystemError

  /// The directory is there, and it is not the spool.
  init(_ sentence: String, _ error: SystemError = .absentSpool) {
    self.sentence = sentence
    self.error = error
  }
}

extension SystemError {
  /// The disk of the spool is not there.
  static let absentSpool = SystemError(code: 123 /* ENOMEDIUM */, call: "spool")
}

/// The identity of a spool: what tells it from the empty directory that is seen while its disk is not mounted.
///
/// It is a line in the file `identity` of the spool, and in its copy, `spool-identity` in the state directory. A start,
/// and each look for a disk that was missing, compares the two before anything is made or written:
///
///     copy    in the spool  what else is in the spool    what it is                            what is done
///     ------  ------------  ---------------------------  ------------------------------------  ---------------
///     there   the same      anything                     the spool                             opened
///     there   none          anything                     its disk is not mounted; or a backup  put off
///                                                        without this file
///     there   another       anything                     another disk                          put off
///     there   no directory  -                            the disk with the directory is not    put off
///                                                        mounted
///     none    there         anything                     a new state directory, or a spool     copied
///                                                        that has moved here
///     none    none          `queue` or `mail`            the spool of a version without        both are made
///                                                        identities
///     none    none          nothing, but the state has   the same, and its disk is not         put off
///                           grants or verifiers          mounted
///     none    none, or no   nothing                      a fresh installation                  both are made
///             directory
///
/// `adopt`, a command of the admin, opens what is put off here: it copies the identity that is there, or makes one.
/// A file without an identity in it counts as none. A copy that cannot be read is not taken for none: then a spool
/// that has an identity is opened, and any other put off.
///
/// **Durability**: the file in the spool is synced before its copy is written; after a crash between the two the copy is
/// made. On a full or read-only disk the spool is opened all the same, and the file is made at a later start.
///
/// Limitation: a spool and a state directory on one disk are missed together, which looks like a fresh installation.
enum SpoolIdentity {
  /// The name of the file in the spool.
  static let fileName = "identity"
  /// The name of its copy in the state directory.
  static let copyName = "spool-identity"
  /// Files that only a daemon with a spool has left in the state directory.
  private static let signsOfUse = ["whitelist", "verifiers"]
  private static let limitBytes = 4096

  /// What is known of an identity.
  enum Knowledge: Equatable {
    case none
    case text(String)
    /// It cannot be read now.
    case unreadable(SystemError)
  }

  /// What is done with a directory.
  enum Decision: Equatable {
    case open
    /// The spool's identity is copied into the state.
    case copy(String)
    /// A new identity is written to both.
    case make
    case putOff(String)
  }

  /// The table above.
  ///
  /// - Parameters:
  ///   - own: the identity in the spool.
  ///   - hasFolders: whether `queue` or `mail` is in the spool.
  ///   - wasUsed: whether the state has grants or verifiers.
  ///   - adopts: whether the admin says that this is the spool.
  static func decide(
    copy: Knowledge, own: Knowledge, hasFolders: Bool, wasUsed: Bool, adopts: Bool
  ) -> Decision {
    let help = "or take what is there for the spool with: gatepost spool adopt"
    switch (copy, own) {
    case (_, .unreadable(let error)):
      return .putOff("its file \(fileName) cannot be read: \(error)")
    case (.text(let copy), .text(let own)) where copy == own: return .open
    case (.unreadable, .text): return .open
    case (.none, .text(let own)): return .copy(own)
    case (.text, .text(let own)):
      return adopts
        ? .copy(own)
        : .putOff("this is another spool than before: mount the disk that was here, \(help)")
    case (.none, .none) where hasFolders || !wasUsed: return .make
    case (_, .none):
      return adopts
        ? .make
        : .putOff(
          "this is not the spool, as it has no file \(fileName): mount its disk, \(help)")
    }
  }

  /// Opens the directory of a spool if it is the spool; blocks.
  ///
  /// - Parameters:
  ///   - state: the state directory; nil for a spool without a copy elsewhere, which is opened as it is.
  ///   - adopts: whether the admin says that this is the spool.
  static func root(
    of path: String, state: String?, adopts: Bool
  ) throws(SpoolObstacle) -> Directory {
    let copy = state.map { read(copyName, in: $0) } ?? .none
    let wasUsed = state.map(wasUsed) ?? false
    let root = try directory(path, mayMake: copy == .none && (!wasUsed || adopts))
    guard let state else { return root }
    let hasFolders = try explained { () throws(SystemError) in
      if try root.isDirectoryThere("queue") { return true }
      return try root.isDirectoryThere("mail")
    }
    let own = read(fileName, in: root)
    switch decide(
      copy: copy, own: own, hasFolders: hasFolders, wasUsed: wasUsed, adopts: adopts)
    {
    case .open: break
    case .copy(let identity): keep(identity, at: state)
    case .make:
      let identity = try explained { () throws(SystemError) in try make() }
      do throws(SystemError) {
        try root.replace(fileName, with: text(of: identity), mode: 0o644)
        try root.synchronize()
        keep(identity, at: state)
      } catch {
        // A disk that takes nothing now is still the spool.
      }
    case .putOff(let sentence): throw SpoolObstacle(sentence)
    }
    return root
  }

  private static func directory(
    _ path: String, mayMake: Bool
  ) throws(SpoolObstacle) -> Directory {
    do throws(SystemError) {
      return try Directory(path: path)
    } catch let error where error.isNotFound && mayMake {
      return try explained { () throws(SystemError) in
        try Directory.make(path)
        return try Directory(path: path)
      }
    } catch let error where error.isNotFound {
      throw SpoolObstacle(
        "the directory is not there: mount its disk, or make the directory and take it for the spool with: "
          + "gatepost spool adopt")
    } catch {
      throw SpoolObstacle("\(error)", error)
    }
  }

  private static func explained<Result: ~Copyable>(
    _ body: () throws(SystemError) -> Result
  ) throws(SpoolObstacle) -> Result {
    do throws(SystemError) { return try body() } catch { throw SpoolObstacle("\(error)", error) }
  }

  private static func wasUsed(_ state: String) -> Bool {
    do throws(SystemError) {
      let directory = try Directory(path: state)
      for name in signsOfUse {
        do throws(SystemError) {
          _ = try directory.status(of: name)
          return true
        } catch let error where error.isNotFound {}
      }
    } catch {
      // A state that cannot be read says nothing.
    }
    return false
  }

  private static func read(_ name: String, in path: String) -> Knowledge {
    do throws(SystemError) {
      return read(name, in: try Directory(path: path))
    } catch {
      return error.isNotFound ? .none : .unreadable(error)
    }
  }

  private static func read(_ name: String, in directory: borrowing Directory) -> Knowledge {
    do throws(SystemError) {
      let text = String(
        decoding: try directory.open(name).readAll(limit: limitBytes), as: UTF8.self)
      let line = text.split(whereSeparator: \.isNewline).first { !$0.hasPrefix("#") }
      return line.map { .text(String($0)) } ?? .none
    } catch {
      return error.isNotFound ? .none : .unreadable(error)
    }
  }

  private static func make() throws(SystemError) -> String {
    try randomBytes(count: 16).map { byte in
      let digits = String(byte, radix: 16)
      return digits.count == 1 ? "0\(digits)" : digits
    }.joined()
  }

  /// Writes the copy; where that fails, a later start does it.
  private static func keep(_ identity: String, at state: String) {
    do throws(SystemError) {
      let directory = try Directory(path: state)
      try directory.replace(copyName, with: text(of: identity), mode: 0o644)
      try directory.synchronize()
    } catch {
      // The state has a trouble of its own then.
    }
  }

  private static func text(of identity: String) -> [UInt8] {
    Array(
      """
      # The identity of a spool of gatepost. The files "\(fileName)" in the spool and "\(copyName)" in the state
      # directory say the same: it tells the spool from an empty directory whose disk is not mounted.
      \(identity)

      """.utf8)
  }
}
