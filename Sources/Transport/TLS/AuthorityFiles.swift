internal import COpenSSL
internal import Platform

/// The files that hold the authorities of an admin: one file, or a directory whose files hold some each.
///
/// The files of a directory need no links by their hash, unlike those of the system's store.
///
/// **Limits**: `Limits.authorityFiles` files of `Limits.authorityBytes` octets.
struct AuthorityFiles {
  /// The file; or the directory and what is in it, in the order of the names.
  let paths: [String]
  private let isDirectory: Bool

  init(at path: String) {
    var names: [String]?
    do throws(SystemError) { names = try Directory(path: path).entryNames() } catch {
      // A file, or nothing that can be read, which shows when it is.
    }
    isDirectory = names != nil
    let files = (names ?? []).sorted().prefix(Limits.authorityFiles).map { "\(path)/\($0)" }
    paths = [path] + files
  }

  /// Adds all of them to a context.
  ///
  /// - Throws: `TLSError.file` for a file that cannot be read or is malformed, and where there is no certificate. What
  ///   is no certificate in a directory, such as a text or another directory, is passed over.
  func add(to context: TLSContext) throws(TLSError) {
    var count = 0
    for path in isDirectory ? Array(paths.dropFirst()) : paths {
      guard let text = try text(of: path) else { continue }
      var certificates = PEM(text)
      var place = 1
      while let authority = certificates.nextCertificate() {
        let store = unsafe SSL_CTX_get_cert_store(context.pointer)
        let isAdded = unsafe X509_STORE_add_cert(store, authority.pointer) == 1
        precondition(isAdded, "out of memory")
        place += 1
      }
      guard certificates.isAtEnd else {
        throw .file(path: path, reason: "certificate \(place) is malformed")
      }
      count += place - 1
    }
    if count == 0 { throw .file(path: paths[0], reason: "holds no certificate in PEM form") }
  }

  /// The content of a file; nil for what is none in a directory.
  private func text(of path: String) throws(TLSError) -> [UInt8]? {
    do throws(SystemError) {
      let file = try Descriptor.reading(path: path)
      if isDirectory, try !file.status().isRegular { return nil }
      return try file.readAll(limit: Limits.authorityBytes)
    } catch {
      throw .file(path: path, reason: "\(error)")
    }
  }
}

/// What tells one state of the authorities that a client trusts from another: an authority that has been removed, or
/// added, counts with the next connection.
///
/// Of the system's store it is the directory, in which each authority is a name.
// Limitation: there a file that is changed in place, under its old name, is not seen; update-ca-certificates makes links.
struct AuthorityState: Equatable, Sendable {
  private enum File: Equatable {
    case version(inode: UInt64, changed: Int64, modified: Int64, nanoseconds: Int64, bytes: Int)
    case failing(Int32)

    init(_ path: String) {
      do throws(SystemError) {
        let status = try Descriptor.reading(path: path).status()
        self = .version(
          inode: status.inode, changed: status.changed, modified: status.modified,
          nanoseconds: status.modifiedNanoseconds, bytes: status.bytes)
      } catch {
        self = .failing(error.code)
      }
    }
  }

  private let files: [File]

  init(_ trust: TLSTrust) {
    switch trust {
    case .anyone, .fingerprints: files = []
    case .systemAuthorities: files = SystemAuthorities.places.map(File.init)
    case .authorities(let path): files = AuthorityFiles(at: path).paths.map(File.init)
    }
  }
}
