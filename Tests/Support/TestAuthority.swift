import Foundation
import Synchronization

/// A certificate authority made by openssl(1): a root, two intermediates and the leaves that a test asks for.
///
/// As with a public authority the root signs intermediates only; leaves with an RSA key are signed by one with an
/// RSA key, the others by one with a P-384 key. Everything is made once a process, when it is first used.
package final class TestAuthority: Sendable {
  /// A key pair of a leaf.
  package enum KeyKind: String, Sendable, CaseIterable {
    case rsa2048, p256, p384
    /// A key below what security level 2 of OpenSSL takes.
    case rsa1024

    fileprivate var isRSA: Bool { self == .rsa2048 || self == .rsa1024 }

    /// The options of `openssl genpkey`.
    fileprivate var options: [String] {
      switch self {
      case .rsa2048: ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"]
      case .rsa1024: ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"]
      case .p256: ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"]
      case .p384: ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"]
      }
    }
  }

  /// What a leaf is for.
  package enum Purpose: String, Sendable {
    case server = "serverAuth"
    case client = "clientAuth"
  }

  /// A certificate as a test wants it; by default one that is right in all points.
  package struct Leaf: Hashable, Sendable {
    /// The name in the subject; nil for the first of `names`.
    package var commonName: String?
    /// DNS names; empty for a certificate without alternative names.
    package var names: [String]
    package var key = KeyKind.p256
    /// Days from now at which the validity begins.
    package var begins = -1
    /// Days from now at which it ends.
    package var ends = 90
    package var purpose = Purpose.server
    /// The hash of the signature, such as `sha1`.
    package var hash = "sha256"
    /// Whether the file holds the intermediate too.
    package var hasIntermediate = true

    package init(
      _ names: String..., commonName: String? = nil, key: KeyKind = .p256, begins: Int = -1,
      ends: Int = 90, purpose: Purpose = .server, hash: String = "sha256",
      hasIntermediate: Bool = true
    ) {
      self.names = names
      self.commonName = commonName
      self.key = key
      self.begins = begins
      self.ends = ends
      self.purpose = purpose
      self.hash = hash
      self.hasIntermediate = hasIntermediate
    }
  }

  /// The files of a leaf, in PEM form.
  package struct Files: Sendable {
    /// The leaf, then its intermediate unless that is left out.
    package let certificate: String
    /// The key, not encrypted; 0600.
    package let key: String

    package init(certificate: String, key: String) {
      self.certificate = certificate
      self.key = key
    }
  }

  package struct Failure: Error, CustomStringConvertible {
    package let description: String
  }

  /// The one authority of the process; the files are removed with it.
  package static let shared: Result<TestAuthority, any Error> = Result {
    let authority = try TestAuthority()
    atexit {
      if case .success(let authority) = TestAuthority.shared {
        try? FileManager.default.removeItem(atPath: authority.path)
      }
    }
    return authority
  }

  /// The root's certificate, as clients have it.
  package var root: String { "\(path)/root.pem" }
  /// A directory as `/etc/ssl/certs` is: the root by its hash, and the bundle `ca-certificates.crt`.
  package var store: String { "\(path)/store" }

  /// A command before a command: runs it where the system's store of authorities holds this root and no other.
  ///
  /// The command keeps its process id. The mount is seen by the command alone, and only root can make it.
  package var trusting: [String] { Self.command(mounting: store) }

  /// A command before a command: runs it where the system's store is `folder`.
  package static func command(mounting folder: String) -> [String] {
    [
      "/usr/bin/unshare", "--mount", "/bin/sh", "-ec",
      "mount --bind \"$1\" /etc/ssl/certs; shift; exec \"$@\"", "sh", folder,
    ]
  }

  private let scratch: ScratchDirectory
  private var path: String { scratch.path }
  private let issued = Mutex<[Leaf: Files]>([:])

  private init() throws {
    scratch = try ScratchDirectory()
    try Self.configuration.write(
      toFile: "\(path)/ca.conf", atomically: true, encoding: .utf8)
    try FileManager.default.createDirectory(atPath: store, withIntermediateDirectories: false)
    try Data().write(to: URL(filePath: "\(path)/index.txt"))
    try makeKey("root", .rsa2048)
    try sign(
      "root", by: nil, subject: "/CN=Test Root/O=Example", extensions: "authority", ends: 3650)
    for (name, key) in [("rsa", KeyKind.rsa2048), ("ec", .p384)] {
      try makeKey(name, key)
      try sign(
        name, by: "root", subject: "/CN=Test Intermediate \(name)/O=Example",
        extensions: "intermediate", ends: 1825)
    }
    for name in ["root.pem", "ca-certificates.crt"] {
      try FileManager.default.copyItem(atPath: root, toPath: "\(store)/\(name)")
    }
    try openssl("rehash", store)
  }

  /// The files of a leaf; the same ones for the same leaf.
  package func issue(_ leaf: Leaf) throws -> Files {
    try issued.withLock { issued in
      if let files = issued[leaf] { return files }
      let name = "leaf\(issued.count)"
      let issuer = leaf.key.isRSA ? "rsa" : "ec"
      let names = leaf.names.map { "DNS:\($0)" }.joined(separator: ",")
      let extensions = """
        [\(name)]
        basicConstraints = critical,CA:FALSE
        keyUsage = critical,digitalSignature\(leaf.key.isRSA ? ",keyEncipherment" : "")
        extendedKeyUsage = \(leaf.purpose.rawValue)
        subjectKeyIdentifier = hash
        authorityKeyIdentifier = keyid
        \(names.isEmpty ? "" : "subjectAltName = \(names)")
        """
      try (Self.configuration + extensions).write(
        toFile: "\(path)/ca.conf", atomically: true, encoding: .utf8)
      try makeKey(name, leaf.key)
      try sign(
        name, by: issuer, subject: "/CN=\(leaf.commonName ?? leaf.names.first ?? name)",
        extensions: name, begins: leaf.begins, ends: leaf.ends, hash: leaf.hash)
      if leaf.hasIntermediate {
        let chain = try [name, issuer].map {
          try String(contentsOfFile: "\(path)/\($0).pem", encoding: .utf8)
        }
        try chain.joined().write(
          toFile: "\(path)/\(name).pem", atomically: true, encoding: .utf8)
      }
      let files = Files(certificate: "\(path)/\(name).pem", key: "\(path)/\(name).key")
      issued[leaf] = files
      return files
    }
  }

  /// What every certificate has in common.
  private static let configuration = """
    [ca]
    default_ca = any
    [any]
    database = index.txt
    new_certs_dir = .
    rand_serial = yes
    unique_subject = no
    policy = subject
    [subject]
    organizationName = optional
    commonName = optional
    [request]
    distinguished_name = none
    [none]
    [authority]
    basicConstraints = critical,CA:TRUE
    keyUsage = critical,keyCertSign,cRLSign
    subjectKeyIdentifier = hash
    [intermediate]
    basicConstraints = critical,CA:TRUE,pathlen:0
    keyUsage = critical,keyCertSign,cRLSign
    extendedKeyUsage = serverAuth,clientAuth
    subjectKeyIdentifier = hash
    authorityKeyIdentifier = keyid

    """

  private func makeKey(_ name: String, _ key: KeyKind) throws {
    try openssl(["genpkey", "-out", "\(name).key"] + key.options)
  }

  private func sign(
    _ name: String, by issuer: String?, subject: String, extensions: String, begins: Int = -1,
    ends: Int, hash: String = "sha256"
  ) throws {
    let now = Int64(Date.now.timeIntervalSince1970)
    let dates = [begins, ends].map { Self.date(now + Int64($0) * 86_400) }
    try openssl(
      "req", "-new", "-config", "ca.conf", "-section", "request", "-key", "\(name).key",
      "-subj", subject, "-out", "\(name).csr")
    let signer = issuer.map { ["-cert", "\($0).pem", "-keyfile", "\($0).key"] }
    try openssl(
      [
        "ca", "-batch", "-notext", "-config", "ca.conf", "-in", "\(name).csr", "-out",
        "\(name).pem", "-extensions", extensions, "-startdate", dates[0], "-enddate", dates[1],
        "-md", hash,
      ] + (signer ?? ["-selfsign", "-keyfile", "\(name).key"]))
  }

  /// Unix time in seconds, in the form of a certificate.
  static func date(_ seconds: Int64) -> String {
    let format = DateFormatter()
    format.locale = Locale(identifier: "en_US_POSIX")
    format.timeZone = TimeZone(secondsFromGMT: 0)
    format.dateFormat = "yyyyMMddHHmmss'Z'"
    return format.string(from: Date(timeIntervalSince1970: Double(seconds)))
  }

  private func openssl(_ arguments: String...) throws { try openssl(arguments) }

  private func openssl(_ arguments: [String]) throws {
    let output = Pipe()
    let process = try ChildProcess(
      "/bin/sh", ["-c", "cd \"$1\"; shift; exec openssl \"$@\"", "sh", path] + arguments,
      output: output.fileHandleForWriting)
    let said = try output.readToEnd()
    guard process.wait() == 0 else {
      throw Failure(
        description: "openssl \(arguments): " + String(decoding: said, as: UTF8.self))
    }
  }
}
