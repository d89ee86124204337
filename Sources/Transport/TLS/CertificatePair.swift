internal import COpenSSL
internal import Platform

/// The host's certificate, its chain and its key, as they stand in the admin's files.
struct CertificatePair: ~Copyable {
  private let files: CertificateFiles
  private let certificate: Certificate
  private var chain: PEM
  private let key: PrivateKey

  /// Reads both files.
  ///
  /// **Failures**: `TLSError.file` for a file that cannot be read, is too long, holds nothing of the
  /// kind or wants a passphrase, and for a key that does not belong to the certificate.
  init(_ files: CertificateFiles) throws(TLSError) {
    self.files = files
    var text = PEM(try Self.read(files.certificate))
    guard let certificate = text.nextCertificate() else {
      throw .file(path: files.certificate, reason: "holds no certificate in PEM form")
    }
    let key = try Self.readKey(files.key)
    guard key.belongs(to: certificate) else {
      throw .file(
        path: files.key, reason: "is not the key of the certificate in \(files.certificate)")
    }
    self.certificate = certificate
    self.chain = text
    self.key = key
  }

  /// The kind of the key, of which a server can have one certificate each.
  var keyKind: String { certificate.keyKind }

  /// Makes `context` serve the certificate.
  consuming func install(in context: TLSContext) throws(TLSError) {
    ERR_clear_error()
    guard unsafe SSL_CTX_use_certificate(context.pointer, certificate.pointer) == 1 else {
      throw .file(path: files.certificate, reason: "cannot be used: \(OpenSSL.takeError())")
    }
    guard unsafe SSL_CTX_use_PrivateKey(context.pointer, key.pointer) == 1 else {
      throw .file(path: files.key, reason: "cannot be used: \(OpenSSL.takeError())")
    }
    var length = 1
    while let link = chain.nextCertificate() {
      length += 1
      if length > Limits.chainLength {
        throw .file(
          path: files.certificate, reason: "holds more than \(Limits.chainLength) certificates")
      }
      let added = unsafe co_add1_chain_certificate(context.pointer, link.pointer)
      if added != 1 {
        throw .file(path: files.certificate, reason: "cannot be used: \(OpenSSL.takeError())")
      }
    }
    guard chain.isAtEnd else {
      throw .file(path: files.certificate, reason: "certificate \(length + 1) is malformed")
    }
  }

  private static func readKey(_ path: String) throws(TLSError) -> PrivateKey {
    let text = try read(path)
    var pem = PEM(text)
    if let key = pem.nextPrivateKey() { return key }
    // Both the form of RFC 7468 §11 and the older one with "Proc-Type: 4,ENCRYPTED" hold the word.
    if text.indices.contains(where: { text[$0...].starts(with: "ENCRYPTED".utf8) }) {
      throw .file(
        path: path,
        reason: "wants a passphrase, and nobody is there to type it; "
          + "`openssl pkey -in OLD -out NEW` writes the key without one")
    }
    throw .file(path: path, reason: "holds no private key in PEM form")
  }

  static func read(_ path: String) throws(TLSError) -> [UInt8] {
    do {
      return try Descriptor.reading(path: path).readAll(limit: Limits.fileBytes)
    } catch {
      throw .file(path: path, reason: "\(error)")
    }
  }
}
