import Foundation

/// A certificate that signs itself, made by openssl(1).
///
/// It skips most of what is looked at in a chain: where that matters, `TestAuthority` makes one.
package struct SelfSignedCertificate: Sendable {
  /// The certificate, for a P-256 key.
  package let certificatePEM: [UInt8]
  /// The key, not encrypted.
  package let keyPEM: [UInt8]

  /// Makes a certificate for a DNS name.
  ///
  /// - Parameters:
  ///   - from: the begin of its validity, Unix time in seconds; nil for a day ago.
  ///   - until: its end; nil for a day from now.
  package static func make(
    hostName: String, from: Int64? = nil, until: Int64? = nil
  ) throws -> SelfSignedCertificate {
    let scratch = try ScratchDirectory()
    let now = Int64(Date.now.timeIntervalSince1970)
    let script = """
      cd "$1"
      : >index
      cat >conf <<END
      [ca]
      default_ca = own
      [own]
      database = index
      new_certs_dir = .
      rand_serial = yes
      policy = any
      default_md = sha256
      x509_extensions = extensions
      [any]
      commonName = supplied
      [extensions]
      subjectAltName = DNS:$2
      basicConstraints = critical,CA:FALSE
      keyUsage = critical,digitalSignature
      extendedKeyUsage = serverAuth
      subjectKeyIdentifier = hash
      END
      openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out key &&
      openssl req -new -key key -subj "/CN=$2" -out request &&
      openssl ca -batch -notext -config conf -selfsign -keyfile key -in request -out cert \\
        -startdate "$3" -enddate "$4"
      """
    let output = Pipe()
    let dates = [from ?? now - 86_400, until ?? now + 86_400].map(TestAuthority.date)
    let process = try ChildProcess(
      "/bin/sh", ["-c", script, "sh", scratch.path, hostName] + dates,
      output: output.fileHandleForWriting)
    let said = try output.readToEnd()
    guard process.wait() == 0 else {
      throw TestAuthority.Failure(description: String(decoding: said, as: UTF8.self))
    }
    let files = try ["cert", "key"].map {
      try [UInt8](Data(contentsOf: URL(filePath: "\(scratch.path)/\($0)")))
    }
    return SelfSignedCertificate(certificatePEM: files[0], keyPEM: files[1])
  }
}
