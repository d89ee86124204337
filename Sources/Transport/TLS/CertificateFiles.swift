internal import Platform

/// The file of a certificate with its chain, and the file of its key, both in PEM form; it may be one file.
package struct CertificateFiles: Hashable, Sendable {
  /// The path of the certificate, followed by those that lead to a root.
  package var certificate: String
  /// The path of the private key, not encrypted.
  package var key: String

  package init(certificate: String, key: String) {
    self.certificate = certificate
    self.key = key
  }
}

/// The files as we keep them for ourselves.
extension CertificateFiles {
  /// The first certificate of the file; nil where there is no file, or none in it.
  func readCertificate() throws(TLSError) -> Certificate? {
    guard let text = try Self.read(certificate) else { return nil }
    var pem = PEM(text)
    return pem.nextCertificate()
  }

  /// The key; nil where there is no file, or none in it.
  func readKey() throws(TLSError) -> PrivateKey? {
    guard let text = try Self.read(key) else { return nil }
    var pem = PEM(text)
    return pem.nextPrivateKey()
  }

  func write(_ certificate: borrowing Certificate) throws(TLSError) {
    var text = PEM()
    precondition(text.append(certificate), "out of memory")
    try FilePlace(self.certificate).write(text.text(), mode: 0o644)
  }

  func write(_ key: borrowing PrivateKey) throws(TLSError) {
    var text = PEM()
    precondition(text.append(key), "out of memory")
    try FilePlace(self.key).write(text.text(), mode: 0o600)
  }

  private static func read(_ path: String) throws(TLSError) -> [UInt8]? {
    do throws(SystemError) {
      return try Descriptor.reading(path: path).readAll(limit: Limits.fileBytes)
    } catch let error where error.isNotFound {
      return nil
    } catch {
      throw .file(path: path, reason: "\(error)")
    }
  }
}

/// Where a file is to be: a name in an open directory.
struct FilePlace: ~Copyable {
  private let path: String
  private let directory: Directory
  private let name: String

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

  /// The directory of a path.
  static func parent(of path: String) -> String { split(path).parent }

  private static func split(_ path: String) -> (parent: String, name: String) {
    let bytes = path.utf8
    guard let slash = bytes.lastIndex(of: UInt8(ascii: "/")) else { return (".", path) }
    let parent = slash == bytes.startIndex ? "/" : String(path[..<slash])
    return (parent, String(path[bytes.index(after: slash)...]))
  }

  /// Whether anything has the file's name, a link that leads nowhere included.
  func isTaken() throws(TLSError) -> Bool {
    do throws(SystemError) {
      _ = try directory.status(of: name)
      return true
    } catch let error where error.isNotFound {
      return false
    } catch {
      throw .file(path: path, reason: "\(error)")
    }
  }

  /// Puts a file with this content in the place; it is on the device when the call returns.
  func write(_ content: [UInt8], mode: UInt32) throws(TLSError) {
    do throws(SystemError) {
      try directory.replace(name, with: content, mode: mode)
      try directory.synchronize()
    } catch {
      throw .file(path: path, reason: "cannot be written: \(error)")
    }
  }
}
