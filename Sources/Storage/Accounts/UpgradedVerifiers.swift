package import EventLoop
import Mail
package import Platform
import TLS

/// Verifiers for SCRAM of users whose hashes of crypt(3) come from another system, each made at a login
/// with the right password.
///
/// A text file in the state directory, for the users file is not the daemon's to write: a line a user, the
/// name, what names the hash in the users file, and the verifier. A line holds only as long as the users file
/// has that hash: with another password, or without the user, it is worth nothing.
///
/// **Failures**: a file that cannot be used is reported and its users are as they are in the users file. One
/// that cannot be written is reported, and the verifier is made again after the next start.
///
/// **Durability**: written by a temporary file and a rename.
@Loop
package final class UpgradedVerifiers {
  private nonisolated let directory: Directory
  private let disk: WorkerPool
  private let report: @Loop (String) -> Void
  private var entries: [UserName: Entry] = [:]

  private struct Entry {
    var credential: String
    var verifier: SCRAMVerifier
  }

  /// The name of the file in the state directory.
  package nonisolated static let fileName = "verifiers"
  private nonisolated static let temporaryName = "verifiers.new"

  /// The verifiers kept in the directory at `path`.
  ///
  /// - Throws: where there is no such directory.
  package init(
    path: String, disk: WorkerPool, report: @escaping @Loop (String) -> Void
  ) throws(SystemError) {
    directory = try Directory(path: path)
    self.disk = disk
    self.report = report
    load()
  }

  private func load() {
    do throws(SystemError) {
      let file = try directory.open(Self.fileName)
      let status = try file.status()
      guard status.isRegular, status.mode & 0o077 == 0,
        [ProcessOwner.effective, ProcessOwner.root].contains(status.owner)
      else {
        report("\(Self.fileName): others have access to this file, so it is ignored: remove it")
        return
      }
      let content = try file.readAll(limit: Limits.fileBytes)
      for line in content.split(separator: UInt8(ascii: "\n")) {
        take(String(decoding: line, as: UTF8.self))
      }
    } catch let error where error.isNotFound {
      // Nobody has got one yet.
    } catch {
      report("\(Self.fileName): \(error); its users cannot use SCRAM before their next login")
    }
  }

  private func take(_ line: String) {
    let fields = line.utf8.split(separator: .space).map { Substring($0) }
    guard fields.count == 3, let name = UserName(fields[0]),
      case .scram(let verifier)? = Verifier(fields[2])
    else { return }
    entries[name] = Entry(credential: String(fields[1]), verifier: verifier)
  }

  /// The verifier that was made for the user's hash; nil if there is none.
  func verifier(of user: User) -> SCRAMVerifier? {
    guard user.login.isUpgradable, let entry = entries[user.name],
      entry.credential == user.credential
    else { return nil }
    return entry.verifier
  }

  /// Keeps a verifier for the user's hash, and forgets those of `users` that hold no more.
  func keep(_ verifier: SCRAMVerifier, of user: User, among users: [UserName: User]) async {
    entries[user.name] = Entry(credential: user.credential, verifier: verifier)
    entries = entries.filter { name, entry in users[name]?.credential == entry.credential }
    let text = entries.sorted { $0.key < $1.key }.map { name, entry in
      "\(name) \(entry.credential) \(Verifier.scram(entry.verifier).text)\n"
    }.joined()
    do throws(SystemError) {
      try await disk.run { () throws(SystemError) in try replace(with: Array(text.utf8)) }
    } catch {
      report("\(Self.fileName): \(error); \(user.name) has to log in with PLAIN after a restart")
    }
  }

  nonisolated func replace(with text: [UInt8]) throws(SystemError) {
    try directory.remove(Self.temporaryName)
    let file = try directory.create(Self.temporaryName, mode: 0o600)
    try file.writeAll(text)
    try file.synchronizeData()
    try directory.rename(Self.temporaryName, to: directory, as: Self.fileName)
  }
}

extension User {
  /// What names the user's verifier in the users file, without telling anything of it: another with each
  /// new password.
  var credential: String {
    KeyDerivation.sha256(Array(verifier.text.utf8)).prefix(8).map {
      ($0 < 16 ? "0" : "") + String($0, radix: 16)
    }.joined()
  }
}
