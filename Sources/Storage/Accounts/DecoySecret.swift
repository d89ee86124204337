package import Platform
import TLS

/// The secret from which the salts come that SCRAM shows of names without one, and the choice of decoys: a file
/// in the state directory, made once, so that a restart changes none of them.
///
/// Whoever reads it can tell the names that nobody has from the others; no password follows from it.
///
/// **Durability**: the file is on the device when `read` has made it.
package enum DecoySecret {
  /// The name of the file in the state directory.
  package static let name = "decoy-secret"

  /// Reads the secret in the state directory at `path`, or makes it; blocks.
  ///
  /// A file that is not whole, or that others may read or write, is replaced.
  ///
  /// - Throws: why there is none that lasts.
  package static func read(path: String) throws(SystemError) -> [UInt8] {
    let directory = try Directory(path: path)
    if let secret = try found(in: directory) { return secret }
    let secret = try randomBytes(count: KeyDerivation.hashBytes)
    try directory.replace(name, with: secret, mode: 0o600)
    try directory.synchronize()
    return secret
  }

  private static func found(in directory: borrowing Directory) throws(SystemError) -> [UInt8]? {
    do throws(SystemError) {
      let file = try directory.open(name)
      let status = try file.status()
      guard status.isRegular, status.isOwned(orBy: nil), status.mode & 0o077 == 0 else {
        return nil
      }
      let secret = try file.readAll(limit: KeyDerivation.hashBytes + 1)
      return secret.count == KeyDerivation.hashBytes ? secret : nil
    } catch let error where error.isNotFound || error.isWrongKindOfFile {
      return nil
    }
  }
}
