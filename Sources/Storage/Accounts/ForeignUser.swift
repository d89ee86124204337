package import Mail
package import Platform

/// A user of another system: a line of a Dovecot passwd-file or of `/etc/shadow`, which both begin with
/// `name:password`.
///
/// Of the rest of the line nothing is taken: it tells of directories and user numbers that mean nothing here.
package enum ForeignUser: Sendable {
  /// One that can be a user here.
  case user(User)
  /// One that cannot, and why.
  case unusable(name: String, reason: String)

  /// The user that a line describes; nil where it is empty or a comment.
  ///
  /// - Parameter domains: the domains that may follow the name.
  /// - Throws: where there are no random numbers for the verifier of a password in clear.
  package init?(line: Substring, domains: [Domain]) throws(SystemError) {
    let line = line.trimmed
    if line.isEmpty || line.utf8.first == UInt8(ascii: "#") { return nil }
    let fields = line.utf8.split(
      separator: .colon, maxSplits: 2, omittingEmptySubsequences: false
    ).map { Substring($0) }
    let given = String(escaping: fields[0].utf8, limit: 80)
    guard fields.count >= 2 else {
      self = .unusable(name: "a line", reason: "it is not \"name:password:...\"")
      return
    }
    guard let name = Self.name(fields[0], domains) else {
      self = .unusable(
        name: given,
        reason:
          "it is no name for a user here, which takes a-z, 0-9, \".\", \"_\" and \"-\"; or the "
          + "domain is not one of [server] domains")
      return
    }
    let (scheme, secret) = Self.parts(of: fields[1])
    // What stands there is not quoted: it may be a password.
    if secret.isEmpty || "!*".utf8.contains(secret.utf8.first ?? 0) {
      self = .unusable(name: name.text, reason: "there is no password that it could log in with")
    } else if let verifier = try Self.verifier(scheme, secret) {
      if let excess = verifier.excess {
        self = .unusable(
          name: name.text, reason: "the hash of the password costs too much: \(excess)")
        return
      }
      self = .user(User(name: name, verifier: verifier))
    } else {
      let what =
        scheme.isEmpty ? "it is none of crypt(3) that begins with $" : "{\(scheme)} is not known"
      self = .unusable(name: name.text, reason: "the hash of the password cannot be used: \(what)")
    }
  }

  private static func name(_ text: Substring, _ domains: [Domain]) -> UserName? {
    let text = String(text).asciiLowercased
    guard let at = text.utf8.lastIndex(of: .at) else { return UserName(text) }
    guard let domain = Domain(String(text[text.utf8.index(after: at)...])), domains.contains(domain)
    else { return nil }
    return UserName(text[..<at])
  }

  /// Dovecot's `{SCHEME}` before the hash, in capitals, and the hash.
  private static func parts(of password: Substring) -> (scheme: String, secret: Substring) {
    guard password.hasPrefix("{"), let end = password.utf8.firstIndex(of: UInt8(ascii: "}")) else {
      return ("", password)
    }
    let scheme = String(escaping: password[..<end].utf8.dropFirst(), limit: 40)
    return (
      String(
        decoding: scheme.utf8.map { (0x61...0x7A).contains($0) ? $0 - 0x20 : $0 }, as: UTF8.self),
      password[password.utf8.index(after: end)...]
    )
  }

  private static func verifier(
    _ scheme: String, _ secret: Substring
  ) throws(SystemError) -> Verifier? {
    switch scheme {
    case "", "CRYPT", "MD5-CRYPT", "SHA256-CRYPT", "SHA512-CRYPT", "BLF-CRYPT":
      return CryptHash(secret).map { .crypt($0) }
    case "SCRAM-SHA-256":
      return SCRAMVerifier(secret).map { .scram($0) }
    case "PLAIN", "CLEAR", "CLEARTEXT":
      let password = Array(secret.utf8)
      return password.count <= Limits.passwordBytes
        ? .scram(try SCRAMVerifier(password: password)) : nil
    default:
      return nil
    }
  }
}
