internal import Platform

extension SelfSignedCertificate {
  /// What stood at the paths, or does now.
  package enum Presence: Equatable, Sendable {
    /// Both files were there.
    case found
    /// Neither was there, and both have been made.
    case made
  }

  /// Makes the two files on the first start, when neither is there, and leaves them alone ever after.
  ///
  /// Whether found files are any good is for `TLSContext.server` to say.
  ///
  /// **Durability**: both files are complete and synced under names that start with a dot before
  /// either gets its own name, the key first. A start that finds only the key, and the certificate
  /// still under its dotted name, finishes what a power cut broke off.
  ///
  /// **Failures**: `TLSError.file`; among them one file without the other, because a new key would
  /// silently replace what the admin or the clients count on.
  package static func ensure(
    certificatePath: String, keyPath: String, hostName: String
  ) throws(TLSError) -> Presence {
    let certificate = try Place(certificatePath)
    let key = try Place(keyPath)
    switch (try certificate.isTaken(), try key.isTaken()) {
    case (true, true): return .found
    case (true, false): throw missing(keyPath, but: certificatePath)
    case (false, true):
      guard isPair(certificate.draftPath, keyPath) else {
        throw missing(certificatePath, but: keyPath)
      }
      try certificate.publishDraft()
    case (false, false):
      let pair = try make(hostName: hostName)
      try key.draft(pair.keyPEM, mode: 0o600)
      try certificate.draft(pair.certificatePEM, mode: 0o644)
      try key.publishDraft()
      try certificate.publishDraft()
    }
    return .made
  }

  private static func isPair(_ certificatePath: String, _ keyPath: String) -> Bool {
    do throws(TLSError) {
      _ = try CertificatePair(certificatePath: certificatePath, keyPath: keyPath)
      return true
    } catch {
      return false
    }
  }

  private static func missing(_ path: String, but other: String) -> TLSError {
    .file(
      path: path,
      reason: "is missing, but \(other) is there; put it back, or remove the other one too to have "
        + "a new pair made")
  }
}

/// Where one file is to be: a name in an open directory.
private struct Place: ~Copyable {
  private let path: String
  private let directory: Directory
  private let name: String
  private let parent: String
  private var draftName: String { ".\(name).new" }

  /// The path of the dotted name.
  var draftPath: String { "\(parent)/\(draftName)" }

  /// Opens the directory, which is made if it is not there.
  init(_ path: String) throws(TLSError) {
    let (parent, name) = Self.split(path)
    let directory: Directory
    do throws(SystemError) {
      directory = try Self.open(parent)
    } catch {
      throw .file(path: path, reason: "\(error)")
    }
    // All at the end: Swift 6.2.3 does not compile a value of this kind that is left half made.
    self.path = path
    self.parent = parent
    self.name = name
    self.directory = directory
  }

  private static func open(_ path: String) throws(SystemError) -> Directory {
    do throws(SystemError) {
      return try Directory(path: path)
    } catch let error where error.isNotFound {
      let (parent, name) = split(path)
      let directory = try Directory(path: parent)
      try directory.makeDirectory(name, mode: 0o755)
      try directory.synchronize()
      return try Directory(path: path)
    }
  }

  private static func split(_ path: String) -> (parent: String, name: String) {
    let bytes = path.utf8
    guard let slash = bytes.lastIndex(of: UInt8(ascii: "/")) else { return (".", path) }
    let parent = slash == bytes.startIndex ? "/" : String(path[..<slash])
    return (parent, String(path[bytes.index(after: slash)...]))
  }

  /// Whether anything has the file's name, a link that leads nowhere included.
  func isTaken() throws(TLSError) -> Bool {
    do {
      _ = try directory.status(of: name)
      return true
    } catch let error where error.isNotFound {
      return false
    } catch {
      throw .file(path: path, reason: "\(error)")
    }
  }

  /// Writes the content under the dotted name, over what an earlier start may have left there.
  func draft(_ content: [UInt8], mode: UInt32) throws(TLSError) {
    do {
      try directory.remove(draftName)
      let file = try directory.create(draftName, mode: 0o600)
      try file.writeAll(content)
      try file.setMode(mode)
      try file.synchronize()
      try directory.synchronize()
    } catch {
      throw .file(path: path, reason: "cannot be written: \(error)")
    }
  }

  /// Gives the draft the file's own name, which nothing may have taken meanwhile.
  func publishDraft() throws(TLSError) {
    do {
      try directory.renameExclusively(draftName, to: directory, as: name)
      try directory.synchronize()
    } catch {
      throw .file(path: path, reason: "cannot be written: \(error)")
    }
  }
}
