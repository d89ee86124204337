internal import COpenSSL
internal import Platform

/// The certificates that a host makes for itself when nobody has given it any.
///
/// A local authority, made once, signs two certificates: one with an ECDSA key, and one with an RSA key for devices
/// that know nothing else. They last 397 days, as some clients refuse longer ones, and are renewed when a third of
/// that is left. Their keys stay, and so does the authority, which is what a client has to know.
///
/// The authority is bound to the names of this host, and to servers (RFC 5280 §4.2.1.10): a key that leaks from the
/// box must not let its finder play any other server.
///
/// Beside the files `cert.pem` and `key.pem` of the configuration there are `cert-rsa.pem` and `key-rsa.pem`, and
/// `authority.pem` and `authority-key.pem`.
///
/// **Durability**: each file is on the device before it has its name. A certificate is written before its key, and
/// the authority before both: whatever a power cut leaves is known for ours by its certificates, and is completed.
package struct OwnCertificates: Sendable {
  /// What `maintain` has done.
  package enum Change: Equatable, Sendable {
    /// Everything was there and lasts.
    case none
    /// The certificates were made or renewed; the authority is the one that clients know.
    case renewed
    /// All was made, the authority too: clients have to be given it.
    case made
  }

  /// What there is to serve.
  package struct Outcome: Equatable, Sendable {
    /// The certificate with the ECDSA key, and that with the RSA key.
    package let files: [CertificateFiles]
    /// What was done.
    package let change: Change
  }

  let hostName: String
  private let ecdsa: CertificateFiles
  private let rsa: CertificateFiles
  /// The files of the authority; its key signs, and is for nobody else.
  package let authority: CertificateFiles

  /// - Parameters:
  ///   - files: those of the configuration, one pair.
  ///   - hostName: the host's name, of letters, digits, hyphens and dots (RFC 952).
  package init(_ files: CertificateFiles, hostName: String) {
    self.hostName = hostName
    ecdsa = files
    rsa = CertificateFiles(
      certificate: Self.inserting("-rsa", into: files.certificate),
      key: Self.inserting("-rsa", into: files.key))
    authority = CertificateFiles(
      certificate: FilePlace.parent(of: files.certificate) + "/authority.pem",
      key: FilePlace.parent(of: files.key) + "/authority-key.pem")
  }

  /// Makes what is missing, and renews what ends soon; changes nothing that is not ours.
  ///
  /// Where `now`, Unix time in seconds, lies before this program was written, the clock is taken for unset, and the
  /// certificates last from then.
  ///
  /// - Returns: nil where the certificate is the admin's.
  /// - Throws: `TLSError.file`; among them a key without its certificate, because a new pair would silently replace
  ///   what the admin or the clients count on, and a file that is not ours in the place of one.
  package func maintain(now: Int64 = WallClock.now) throws(TLSError) -> Outcome? {
    guard try isOurs() else { return nil }
    let now = max(now, Limits.earliestMaking)
    var change = Change.none
    var signer: Authority
    if let found = try knownAuthority(now: now) {
      signer = found
    } else {
      signer = try makeAuthority(now: now)
      change = .made
    }
    for (files, kind) in pairs {
      let isRenewed = try renew(files, kind, by: signer, now: now)
      if isRenewed && change == .none { change = .renewed }
    }
    return Outcome(files: [ecdsa, rsa], change: change)
  }

  /// The pairs that are served, and the kinds of their keys.
  private var pairs: [(CertificateFiles, KeyKind)] { [(rsa, .rsa), (ecdsa, .ecdsa)] }

  /// What there is to serve, without a change of anything; nil where the certificate is not ours.
  package func found() throws(TLSError) -> [CertificateFiles]? {
    guard let certificate = try ecdsa.readCertificate(), certificate.isMadeHere else { return nil }
    return try rsa.readCertificate() == nil ? [ecdsa] : [ecdsa, rsa]
  }

  /// Whether `maintain` would change something; false where the certificate is not ours.
  package func isDue(now: Int64 = WallClock.now) throws(TLSError) -> Bool {
    guard let files = try found() else { return false }
    let now = max(now, Limits.earliestMaking)
    guard files.count == 2, let signer = try knownAuthority(now: now) else { return true }
    for (files, kind) in pairs {
      guard let key = try files.readKey(), key.kind == kind,
        try lasts(files, key, by: signer, now: now)
      else { return true }
    }
    return false
  }

  // MARK: What there is

  /// Whether the pair of the configuration is ours, or is to be made.
  private func isOurs() throws(TLSError) -> Bool {
    if ecdsa.certificate == ecdsa.key { return false }
    if let certificate = try ecdsa.readCertificate() { return certificate.isMadeHere }
    // A file that holds something else is the admin's, and is told of when it is loaded.
    if try FilePlace(ecdsa.certificate).isTaken() { return false }
    if try !FilePlace(ecdsa.key).isTaken() { return true }
    if let own = try authority.readCertificate(), own.isMadeHere { return true }
    throw .file(
      path: ecdsa.certificate,
      reason: "is missing, but \(ecdsa.key) is there; put it back, or remove the other one too to "
        + "have a new pair made")
  }

  private func knownAuthority(now: Int64) throws(TLSError) -> Authority? {
    guard let certificate = try authority.readCertificate(), let key = try authority.readKey(),
      certificate.isMadeHere, certificate.commonName == authorityName,
      key.belongs(to: certificate), now < certificate.notAfter - Limits.authorityRenewalSeconds
    else { return nil }
    return Authority(certificate: certificate, key: key)
  }

  // MARK: Making

  /// The common name of the authority, which has 64 characters at most and is another one for another host.
  private var authorityName: String {
    let name = "Gatepost at \(hostName)"
    if name.utf8.count <= 64 { return name }
    return "Gatepost " + Fingerprint.text(Array(KeyDerivation.sha256(Array(hostName.utf8))[..<16]))
  }

  /// What clients of the network may call this host: its name, and how it is found without a DNS.
  private var names: [String] {
    let label = hostName.split(separator: ".").first.map(String.init) ?? hostName
    return [hostName] + ["\(label).local", label].filter { $0 != hostName }
  }

  private func makeAuthority(now: Int64) throws(TLSError) -> Authority {
    guard Self.isHostName(hostName) else {
      throw .broken(reason: "no certificate can be made for the host name \"\(hostName)\"")
    }
    try refuseForeign(authority)
    let key = PrivateKey.make(.rsa)
    let constraints =
      names.map { "permitted;DNS:\($0)" }
      + ["excluded;IP:0.0.0.0/0.0.0.0", "excluded;IP:::/::"]
    let certificate = try Certificate.make(
      for: key, subject: authorityName, from: Limits.earliestMaking,
      until: now + Limits.authoritySeconds,
      extensions: [
        (NID_basic_constraints, "critical,CA:TRUE,pathlen:0"),
        (NID_key_usage, "critical,keyCertSign,cRLSign"), (NID_ext_key_usage, "serverAuth"),
        (NID_name_constraints, "critical," + constraints.joined(separator: ",")),
        (NID_subject_key_identifier, "hash"),
      ])
    try authority.write(certificate)
    try authority.write(key)
    return Authority(certificate: certificate, key: key)
  }

  /// Makes a certificate anew that is missing, ends soon, or is not of this authority; says whether it was made.
  private func renew(
    _ files: CertificateFiles, _ kind: KeyKind, by signer: borrowing Authority, now: Int64
  ) throws(TLSError) -> Bool {
    try refuseForeign(files)
    if let key = try files.readKey() {
      try refuseForeign(key, kind, of: files)
      if try lasts(files, key, by: signer, now: now) { return false }
      try files.write(issue(for: key, kind, by: signer, now: now))
    } else {
      let key = PrivateKey.make(kind)
      try files.write(issue(for: key, kind, by: signer, now: now))
      try files.write(key)
    }
    return true
  }

  /// Whether a certificate is for this key, of this authority, and valid for a while yet.
  private func lasts(
    _ files: CertificateFiles, _ key: borrowing PrivateKey, by signer: borrowing Authority,
    now: Int64
  ) throws(TLSError) -> Bool {
    guard let certificate = try files.readCertificate() else { return false }
    return key.belongs(to: certificate) && signer.hasSigned(certificate)
      && certificate.notBefore <= now && now < certificate.notAfter - Limits.renewalSeconds
  }

  private func issue(
    for key: borrowing PrivateKey, _ kind: KeyKind, by signer: borrowing Authority, now: Int64
  ) throws(TLSError) -> Certificate {
    // A day back, for a client whose clock is behind ours.
    let from = now - 86_400
    let usage = kind == .rsa ? "digitalSignature,keyEncipherment" : "digitalSignature"
    return try Certificate.make(
      for: key, subject: hostName.utf8.count <= 64 ? hostName : "mail gateway", from: from,
      until: from + Limits.leafSeconds - 1, by: signer,
      extensions: [
        (NID_basic_constraints, "critical,CA:FALSE"), (NID_key_usage, "critical,\(usage)"),
        (NID_ext_key_usage, "serverAuth"),
        (NID_subject_alt_name, names.map { "DNS:\($0)" }.joined(separator: ",")),
        (NID_subject_key_identifier, "hash"), (NID_authority_key_identifier, "keyid:always"),
      ])
  }

  /// Refuses to write over a certificate that somebody else has made.
  private func refuseForeign(_ files: CertificateFiles) throws(TLSError) {
    if files == ecdsa { return }
    if let certificate = try files.readCertificate() {
      if certificate.isMadeHere { return }
    } else if try !FilePlace(files.certificate).isTaken() {
      return
    }
    throw .file(
      path: files.certificate,
      reason: "stands where gatepost keeps a certificate that it makes itself; move it away")
  }

  /// Refuses a key that somebody has put in the place of ours: neither it nor the certificate is to be lost.
  private func refuseForeign(
    _ key: borrowing PrivateKey, _ kind: KeyKind, of files: CertificateFiles
  ) throws(TLSError) {
    var isOurs = key.kind == kind
    if isOurs, let certificate = try files.readCertificate() {
      isOurs = key.belongs(to: certificate)
    }
    if isOurs { return }
    throw .file(
      path: files.key,
      reason:
        "is not the key of the certificate in \(files.certificate), which gatepost has made; put the "
        + "certificate of this key there, or remove the key to have a new pair made")
  }

  /// The path with `part` before the ending of the file's name.
  private static func inserting(_ part: String, into path: String) -> String {
    let bytes = Array(path.utf8)
    let start = bytes.lastIndex(of: UInt8(ascii: "/")).map { $0 + 1 } ?? 0
    let end = bytes[start...].dropFirst().lastIndex(of: UInt8(ascii: ".")) ?? bytes.count
    return String(decoding: bytes[..<end], as: UTF8.self) + part
      + String(decoding: bytes[end...], as: UTF8.self)
  }

  private static func isHostName(_ name: String) -> Bool {
    (1...Limits.hostNameBytes).contains(name.utf8.count)
      && name.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."):
          true
        default: false
        }
      }
  }
}
