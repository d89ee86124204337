internal import COpenSSL
internal import Platform

/// What an admin is told of a server with which TLS fails: what it is, and what to do.
///
/// What the server says of itself is shown in visible ASCII, and shortened.
extension TLSSession {
  /// Why a client's call on the session has failed.
  borrowing func clientFailure(minimum: TLSVersion, trust: TLSTrust) -> TLSError {
    let verification = unsafe Int32(SSL_get_verify_result(pointer))
    let isChecked = unsafe SSL_get_verify_mode(pointer) != SSL_VERIFY_NONE
    if isChecked, verification != X509_V_OK {
      ERR_clear_error()
      return .untrusted(reason: reason(verification, trust))
    }
    let code = ERR_peek_error()
    let error = OpenSSL.takeError()
    guard ERR_GET_LIB(code) == ERR_LIB_SSL else { return error }
    switch ERR_GET_REASON(code) {
    case SSL_R_UNSUPPORTED_PROTOCOL, SSL_R_VERSION_TOO_LOW, SSL_R_WRONG_SSL_VERSION,
      SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
      let hint = minimum == .tls13 ? ", which your tls-minimum asks for" : ""
      return .broken(reason: "the server speaks no \(minimum) or later\(hint)")
    case SSL_R_UNSAFE_LEGACY_RENEGOTIATION_DISABLED:
      return .broken(
        reason: "the server does not know RFC 5746, so that its sessions can be taken over: "
          + "it has to be updated")
    default: break
    }
    guard case .refused(let alert) = error, unsafe co_was_asked(pointer) == 1 else { return error }
    return .broken(
      reason: "this server wants a client certificate, which there is none of here "
        + "(it says: \(alert))")
  }

  private borrowing func reason(_ verification: Int32, _ trust: TLSTrust) -> String {
    let count = unsafe co_sent_count(pointer)
    guard count > 0, let own = unsafe co_sent_certificate(pointer, 0),
      let last = unsafe co_sent_certificate(pointer, count - 1)
    else { return unsafe String(cString: X509_verify_cert_error_string(Int(verification))) }
    let text: String
    switch verification {
    case X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH:
      text = unsafe Self.names(of: own)
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
      text = "the server has signed it itself"
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT,
      X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      let issuer = unsafe Self.commonName(last, ofIssuer: true) ?? "one without a name"
      text =
        count > 1
        ? "its authority, \(issuer), is not among those in \(trust.place)"
        : "the server does not send its intermediate: \(issuer) has signed it, and is neither sent"
          + " nor in \(trust.place)"
    case X509_V_ERR_CERT_NOT_YET_VALID, X509_V_ERR_CERT_HAS_EXPIRED:
      text =
        unsafe String(cString: X509_verify_cert_error_string(Int(verification)))
        + " (is the clock of this machine right?)"
    default:
      text = unsafe String(cString: X509_verify_cert_error_string(Int(verification)))
    }
    return unsafe "\(text); to trust it all the same: tls = \(Fingerprint.setting(of: own))"
  }

  /// The names that a certificate has, as the first half of a reason.
  private static func names(of certificate: OpaquePointer) -> String {
    var names: [String] = []
    var place: Int32 = 0
    var count = 0
    while place < Limits.searchedNames {
      var isAddress: Int32 = 0
      let name = unsafe [UInt8](unsafeUninitializedCapacity: Limits.hostNameBytes) {
        count = unsafe Int(
          co_alternative_name(certificate, place, $0.baseAddress, Int32($0.count), &isAddress))
        $1 = max(0, count)
      }
      if count < 0 { break }
      place += 1
      if count > 0 { names.append(isAddress == 1 ? address(name) : visible(name)) }
    }
    if names.isEmpty {
      let common = unsafe commonName(certificate, ofIssuer: false)
      return "it has no subjectAltName with a name"
        + (common.map { ", and its common name, \($0), does not count (RFC 9525 §6.3)" } ?? "")
    }
    let rest = names.count - Limits.shownNames
    return "it is for " + names.prefix(Limits.shownNames).joined(separator: ", ")
      + (rest > 0 ? " and \(rest) more" : "") + ", and not for this name"
  }

  private static func commonName(_ certificate: OpaquePointer, ofIssuer: Bool) -> String? {
    var count = -1
    let name = unsafe [UInt8](unsafeUninitializedCapacity: Limits.hostNameBytes) { buffer, used in
      // One octet is for the zero at the end.
      count = unsafe buffer.withMemoryRebound(to: CChar.self) {
        unsafe Int(co_common_name(certificate, ofIssuer ? 1 : 0, $0.baseAddress, Int32($0.count)))
      }
      used = max(0, min(count, buffer.count - 1))
    }
    return count < 0 ? nil : visible(name)
  }

  private static func address(_ octets: [UInt8]) -> String {
    let text =
      octets.count == 4
      ? octets.map(String.init).joined(separator: ".")
      : stride(from: 0, to: octets.count - 1, by: 2).map { place in
        String(Int(octets[place]) << 8 | Int(octets[place + 1]), radix: 16)
      }.joined(separator: ":")
    return IPAddress(text).map { "\($0)" } ?? "an address that is none"
  }

  /// What a server has written, in visible ASCII without quotes.
  private static func visible(_ octets: [UInt8]) -> String {
    let limit = 80
    let shown = octets.prefix(limit).map { octet in
      (0x20..<0x7F).contains(octet) && octet != 0x22 ? octet : UInt8(ascii: "?")
    }
    return String(decoding: shown, as: UTF8.self) + (octets.count > limit ? "..." : "")
  }
}

extension Fingerprint {
  /// The hash of a certificate as the setting `tls` takes it.
  static func setting(of certificate: OpaquePointer) -> String {
    unsafe "fingerprint=sha256:\(text(of(certificate)[0]))"
  }
}

extension TLSTrust {
  /// Where its authorities are, for messages.
  fileprivate var place: String {
    switch self {
    case .authorities(let path): path
    case .anyone, .systemAuthorities, .fingerprints: "the system's store"
    }
  }
}
