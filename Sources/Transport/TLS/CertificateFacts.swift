internal import COpenSSL

/// What can be said of a certificate of ours without a client: its names, its time, its purpose, its chain.
///
/// `warnings` is a pure function of these facts, the host's name and the time.
package struct CertificateFacts: Equatable, Sendable {
  /// The file.
  package let path: String
  /// The DNS names it is for, in lower case, `*.` before one that stands for all of its level.
  package let names: [String]
  /// The common name of the subject, which no client compares (RFC 9525 §2); nil where there is none.
  package let commonName: String?
  /// The begin of its validity, Unix time in seconds.
  package let begins: Int64
  /// The end of its validity, Unix time in seconds.
  package let ends: Int64
  /// Whether servers may prove themselves with it.
  package let isForServers: Bool
  /// The issuer at the end of the chain, where neither the file nor the machine's store has it.
  package let missingIssuer: String?
  /// The kind of its key, such as `ECDSA` or `RSA`.
  package let keyKind: String
  /// The SHA-256 hash of the certificate, in hexadecimal digits.
  package let fingerprint: String

  package init(
    path: String, names: [String], commonName: String? = nil, begins: Int64, ends: Int64,
    isForServers: Bool = true, missingIssuer: String? = nil, keyKind: String = "ECDSA",
    fingerprint: String = ""
  ) {
    self.path = path
    self.names = names
    self.commonName = commonName
    self.begins = begins
    self.ends = ends
    self.isForServers = isForServers
    self.missingIssuer = missingIssuer
    self.keyKind = keyKind
    self.fingerprint = fingerprint
  }

  /// How long before its end a certificate is told of.
  private static let notice: Int64 = 14 * 86_400

  /// What clients will not like, each a sentence about the file; empty where all is well.
  ///
  /// - Parameters:
  ///   - hostName: the host's name, which clients look for.
  ///   - now: Unix time in seconds; before the time of this program nothing is said of dates.
  package func warnings(hostName: String, now: Int64) -> [String] {
    var sentences: [String] = []
    if now >= Limits.earliestMaking {
      if ends <= now {
        sentences.append("has expired on \(Self.date(ends)): renew it")
      } else if ends - now < Self.notice {
        sentences.append("expires on \(Self.date(ends)): renew it")
      }
      if begins > now {
        sentences.append("is not valid before \(Self.date(begins)): is the clock right?")
      }
    }
    if let missingIssuer {
      sentences.append(
        "has an incomplete chain: append the certificate of its issuer, \(missingIssuer), to the file"
      )
    }
    if !names.contains(where: { Self.covers($0, hostName.lowercased()) }) {
      if names.isEmpty {
        let commonName = commonName.map { " (the common name \($0) does not count)" } ?? ""
        sentences.append(
          "has no DNS name among its alternative names\(commonName): clients refuse it")
      } else {
        let shown = names.prefix(4).joined(separator: ", ") + (names.count > 4 ? " ..." : "")
        sentences.append(
          "is for \(shown), not for \(hostName): clients that look for hostname refuse it")
      }
    }
    if !isForServers {
      sentences.append("is not for servers (extended key usage serverAuth): clients refuse it")
    }
    return sentences
  }

  /// Whether a name of a certificate is that of the host (RFC 9525 §6.3).
  private static func covers(_ name: String, _ host: String) -> Bool {
    guard name.hasPrefix("*.") else { return name == host }
    let rest = host.drop { $0 != "." }
    return rest.count > 1 && name.dropFirst() == rest
  }

  /// A day of Unix time, as 2026-12-31 in Greenwich.
  package static func date(_ seconds: Int64) -> String {
    var text = [CChar](repeating: 0, count: 32)
    unsafe co_date(seconds, &text, text.count)
    return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }
}

extension CertificateFacts {
  /// Reads what there is to say of the certificate in a file.
  ///
  /// - Parameter trusts: the authorities that clients know; it is enough if one of them has the issuer.
  /// - Throws: `TLSError.file` for one that cannot be read.
  package static func read(
    path: String, trusts: [TLSTrust] = [.systemAuthorities]
  ) throws(TLSError) -> CertificateFacts {
    let text = try CertificatePair.read(path)
    var pem = PEM(text)
    guard let certificate = pem.nextCertificate() else {
      throw .file(path: path, reason: "holds no certificate in PEM form")
    }
    var missing: String?
    for trust in trusts {
      // The walk consumes what follows in the file.
      var chain = PEM(text)
      _ = chain.nextCertificate()
      missing = certificate.missingIssuer(
        chain: chain, context: try TLSContext.client(trust: trust))
      if missing == nil { break }
    }
    return CertificateFacts(
      path: path, names: certificate.names, commonName: certificate.commonName?.printable,
      begins: certificate.notBefore, ends: certificate.notAfter,
      isForServers: certificate.isForServers, missingIssuer: missing,
      keyKind: certificate.keyKind, fingerprint: certificate.fingerprint)
  }
}
