/// The certificates that are served with a configuration, as they stand on disk: the admin's, or ours.
package struct ServedCertificates: Equatable, Sendable {
  /// The files, at least one pair.
  package let files: [CertificateFiles]
  /// The certificate of our authority; nil where the certificates are the admin's.
  package let authority: String?
  private let trusts: [TLSTrust]

  /// Looks at the files, and changes none.
  ///
  /// - Parameters:
  ///   - configured: the pairs of the configuration, at least one.
  ///   - hostName: the host's name.
  ///   - authorities: the file or directory of private authorities that clients know beside the system's; nil for
  ///     none.
  package init(
    _ configured: [CertificateFiles], hostName: String, authorities: String? = nil
  ) throws(TLSError) {
    trusts = [.systemAuthorities] + (authorities.map { [.authorities(path: $0)] } ?? [])
    if let own = Self.own(configured, hostName: hostName), let found = try own.found() {
      files = found
      // There is none beside the certificate of an earlier version.
      authority =
        try own.authority.readCertificate() == nil ? nil : own.authority.certificate
    } else {
      files = configured
      authority = nil
    }
  }

  /// The certificates that we make for ourselves; nil where the admin has named several.
  package static func own(
    _ configured: [CertificateFiles], hostName: String
  ) -> OwnCertificates? {
    configured.count == 1 ? OwnCertificates(configured[0], hostName: hostName) : nil
  }

  /// The certificate of our authority in PEM form, without a last line end; nil where the certificates are the admin's.
  package func authorityText() throws(TLSError) -> String? {
    guard let authority,
      let certificate = try CertificateFiles(certificate: authority, key: "").readCertificate()
    else { return nil }
    // Written anew, so that nothing else that stands in the file is printed.
    var text = PEM()
    precondition(text.append(certificate), "out of memory")
    return String(decoding: text.text().dropLast(), as: UTF8.self)
  }

  /// What there is to say of each.
  package func facts() throws(TLSError) -> [CertificateFacts] {
    let trusts = authority.map { [.authorities(path: $0)] } ?? trusts
    var facts: [CertificateFacts] = []
    for files in files {
      facts.append(try CertificateFacts.read(path: files.certificate, trusts: trusts))
    }
    return facts
  }

  /// What clients will not like, a sentence a certificate with its path; empty where all is well.
  ///
  /// - Parameters:
  ///   - hostName: the host's name.
  ///   - now: Unix time in seconds.
  package func warnings(hostName: String, now: Int64) throws(TLSError) -> [(
    path: String, text: String
  )] {
    var warnings: [(path: String, text: String)] = []
    for facts in try facts() {
      let sentences = facts.warnings(hostName: hostName, now: now)
      if !sentences.isEmpty { warnings.append((facts.path, sentences.joined(separator: "; it "))) }
    }
    return warnings
  }
}
