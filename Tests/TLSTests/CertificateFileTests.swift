import Foundation
import Testing

@testable import TLS

@Suite struct CertificateFileTests {
  /// Expects that a context is refused because of `path`, with a reason that begins like this.
  private func expectRefusal(
    _ credentials: Credentials, path: String, reason: String,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    do throws(TLSError) {
      _ = try TLSContext.server([credentials.files])
      Issue.record("the files were taken", sourceLocation: sourceLocation)
    } catch {
      #expect(
        error.description.hasPrefix("\(path): \(reason)"), "\(error)",
        sourceLocation: sourceLocation)
    }
  }

  @Test("A certificate says when it ends, and a client has none")
  func expiry() throws {
    let credentials = try Credentials(until: 4_102_444_800)
    #expect(try credentials.serverContext().certificateExpiry == 4_102_444_800)
    #expect(try TLSContext.client(trust: .anyone).certificateExpiry == nil)
  }

  @Test("A missing file is named, with the system's reason")
  func missing() throws {
    let credentials = try Credentials()
    try FileManager.default.removeItem(atPath: credentials.keyPath)
    expectRefusal(credentials, path: credentials.keyPath, reason: "No such file or directory")
    try FileManager.default.removeItem(atPath: credentials.certificatePath)
    expectRefusal(
      credentials, path: credentials.certificatePath, reason: "No such file or directory")
  }

  @Test("The key of another certificate is refused")
  func mismatch() throws {
    let credentials = try Credentials()
    let other = try Credentials()
    try FileManager.default.removeItem(atPath: credentials.keyPath)
    try FileManager.default.copyItem(atPath: other.keyPath, toPath: credentials.keyPath)
    expectRefusal(
      credentials, path: credentials.keyPath,
      reason: "is not the key of the certificate in \(credentials.certificatePath)")
  }

  @Test("A key that wants a passphrase is refused without asking for it")
  func passphrase() throws {
    let credentials = try Credentials()
    // A key of the form of RFC 7468 §11; its content does not matter, since nothing can open it.
    let text = """
      -----BEGIN ENCRYPTED PRIVATE KEY-----
      MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAgY1hOZ0hJxCwICCAAw
      -----END ENCRYPTED PRIVATE KEY-----

      """
    try credentials.write(Array(text.utf8), to: credentials.keyPath)
    expectRefusal(credentials, path: credentials.keyPath, reason: "wants a passphrase")
  }

  @Test("Text that is no PEM, and the wrong kind of PEM, are refused")
  func wrongContent() throws {
    let credentials = try Credentials()
    let key = try credentials.text(of: credentials.keyPath)
    let certificate = try credentials.text(of: credentials.certificatePath)
    for text in ["", "hello\n", certificate] {
      try credentials.write(Array(text.utf8), to: credentials.keyPath)
      expectRefusal(
        credentials, path: credentials.keyPath, reason: "holds no private key in PEM form")
    }
    for text in ["", "hello\n", key, String(certificate.dropLast(200))] {
      try credentials.write(Array(text.utf8), to: credentials.certificatePath)
      expectRefusal(
        credentials, path: credentials.certificatePath,
        reason: "holds no certificate in PEM form")
    }
  }

  @Test("Certificate and key may stand in one file, in either order")
  func oneFile() throws {
    let credentials = try Credentials()
    let key = try credentials.text(of: credentials.keyPath)
    let certificate = try credentials.text(of: credentials.certificatePath)
    for text in [key + certificate, certificate + key] {
      try credentials.write(Array(text.utf8), to: credentials.certificatePath)
      let path = credentials.certificatePath
      _ = try TLSContext.server([CertificateFiles(certificate: path, key: path)])
    }
  }

  @Test("A chain is read to its end, and a malformed or endless one is refused")
  func chain() throws {
    let credentials = try Credentials()
    let own = try credentials.text(of: credentials.certificatePath)
    let other = try Credentials()
    let link = try other.text(of: other.certificatePath)
    try credentials.write(Array((own + link + link).utf8), to: credentials.certificatePath)
    _ = try credentials.serverContext()
    let broken = own + link + link.replacingOccurrences(of: "A", with: "?")
    try credentials.write(Array(broken.utf8), to: credentials.certificatePath)
    expectRefusal(
      credentials, path: credentials.certificatePath, reason: "certificate 3 is malformed")
    let endless = own + String(repeating: link, count: Limits.chainLength)
    try credentials.write(Array(endless.utf8), to: credentials.certificatePath)
    expectRefusal(
      credentials, path: credentials.certificatePath, reason: "holds more than 10 certificates")
  }

  @Test("A file that is far too long is not read")
  func tooLong() throws {
    let credentials = try Credentials()
    try credentials.write(
      [UInt8](repeating: 0x0A, count: Limits.fileBytes + 1), to: credentials.certificatePath)
    expectRefusal(credentials, path: credentials.certificatePath, reason: "File too large")
  }

  @Test("Two keys of one kind are refused, as only one could be served")
  func sameKind() throws {
    let (one, other) = (try Credentials(), try Credentials())
    do throws(TLSError) {
      _ = try TLSContext.server([one.files, other.files])
      Issue.record("both were taken")
    } catch {
      #expect(
        error.description
          == "\(other.certificatePath): has a key of the same kind (ECDSA) as \(one.certificatePath): "
          + "only one of both can be served")
    }
  }
}
