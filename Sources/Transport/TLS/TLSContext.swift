internal import COpenSSL

/// The settings that many sessions share: one for the server side, one a policy for the client side.
///
/// A context is never changed. To reload a certificate make a new one; sessions that were started
/// from the old one keep its library part alive for as long as they need it.
@safe
package final class TLSContext: @unchecked Sendable {
  // Unchecked, because OpenSSL counts the references to a context atomically, and sessions only
  // read it; nothing here writes it once the static functions have returned it.
  let pointer: OpaquePointer
  /// Whom a client believes to be the server; nil on the server side.
  let trust: TLSTrust?
  /// The oldest version that we ask for; `openssl.cnf` may ask for a newer one.
  let minimum: TLSVersion
  private let authorities: AuthorityState?

  /// - Throws: `TLSError.broken` where `openssl.cnf` leaves no version.
  init(
    _ method: OpaquePointer, minimum: TLSVersion, trust: TLSTrust? = nil
  ) throws(TLSError) {
    self.trust = trust
    self.minimum = minimum
    OpenSSL.start()
    // Before the files are read: what changes in between makes the context old.
    authorities = trust.map(AuthorityState.init)
    guard let pointer = unsafe SSL_CTX_new(method) else { preconditionFailure("out of memory") }
    unsafe self.pointer = pointer
    unsafe co_configure(pointer)
    // Of two policies, the machine's in openssl.cnf and ours, the stricter one counts. Only TLS 1.0 is asked for by
    // name, for devices that are named too: there the general policy gives way.
    let version =
      unsafe minimum == .tls10
      ? minimum.number : max(minimum.number, co_minimum_version(pointer))
    let isSet = unsafe co_set_minimum_version(pointer, version) == 1
    precondition(isSet, "OpenSSL knows TLS 1.0 to 1.3")
    let maximum = unsafe co_maximum_version(pointer)
    if maximum != 0 && maximum < version {
      throw .broken(
        reason: "MaxProtocol in openssl.cnf leaves no TLS version: \(minimum) is the oldest here")
    }
    if minimum == .tls10 {
      // Without authentication or encryption there is none, however old the device.
      let ciphers = "DEFAULT:!aNULL:!eNULL:@SECLEVEL=0"
      let isKnown = unsafe SSL_CTX_set_cipher_list(pointer, ciphers) == 1
      precondition(isKnown, "OpenSSL has ciphers by default")
    }
  }

  deinit { unsafe SSL_CTX_free(pointer) }

  /// Whether the authorities are those that it was made with.
  ///
  /// Otherwise make another one, and forget the tickets that came with this one. Looks at the directory of the system's
  /// authorities, or at each of the admin's files.
  package var isCurrent: Bool { trust.map(AuthorityState.init) == authorities }
}
