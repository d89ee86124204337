internal import COpenSSL
internal import Platform

/// One TLS connection on a socket that does not block.
///
/// Every call tries once and says what it waits for; waiting is the caller's. The descriptor stays
/// the caller's too, must outlive the session, and SIGPIPE must be ignored, because OpenSSL writes
/// with `write(2)`.
///
/// **Memory**: 14 KB while idle, for record buffers are given back between records.
@safe
package struct TLSSession: ~Copyable, @unchecked Sendable {
  // Unchecked, because OpenSSL ties a session to no thread, and this value has one owner, whose
  // calls are exclusive.
  let pointer: OpaquePointer

  /// Whether an error has ended the session: OpenSSL forbids every further call on it.
  private var isBroken = false
  private let context: TLSContext

  private init(_ context: TLSContext, on descriptor: Int32) {
    self.context = context
    guard let pointer = unsafe SSL_new(context.pointer) else {
      preconditionFailure("out of memory")
    }
    unsafe self.pointer = pointer
    precondition(unsafe SSL_set_fd(pointer, descriptor) == 1, "out of memory")
  }

  deinit { unsafe SSL_free(pointer) }

  /// The server's side of a connection.
  ///
  /// What the client sent in the clear before must have been thrown away: a command that is already
  /// in a buffer would be taken for one under TLS (CVE-2011-0411).
  ///
  /// - Parameters:
  ///   - kind: the service, of at most 32 octets: a ticket of one kind resumes no session of another, so that nobody
  ///     can lead a client of the one to the other.
  ///   - givesTickets: whether the client gets one, and may come with one.
  package static func accepting(
    on descriptor: Int32, context: TLSContext, as kind: String = "", givesTickets: Bool = true
  ) -> TLSSession {
    let session = TLSSession(context, on: descriptor)
    let isNamed =
      unsafe SSL_set_session_id_context(
        session.pointer, Array(kind.utf8), UInt32(kind.utf8.count)) == 1
    precondition(isNamed, "the name of a service has 32 octets at most")
    if !givesTickets {
      unsafe co_refuse_tickets(session.pointer)
    }
    unsafe SSL_set_accept_state(session.pointer)
    return session
  }

  /// The client's side of a connection.
  ///
  /// `serverName` is a host name or an IP address, without a final dot. The server is told the name
  /// (RFC 6066 §3), and its certificate must be for it (RFC 9525 §6) unless the context trusts
  /// anyone: an alternative name of it counts, and never the common name.
  ///
  /// A ticket of an earlier session with the server, made with the same context, saves it the proof of
  /// its certificate; a server that does not know the ticket any more makes a new session.
  ///
  /// **Failures**: `TLSError.untrusted` for a name that no certificate can hold.
  package static func connecting(
    on descriptor: Int32, context: TLSContext, serverName: String, resuming ticket: TLSTicket? = nil
  ) throws(TLSError) -> TLSSession {
    guard (1...Limits.hostNameBytes).contains(serverName.utf8.count), !serverName.utf8.contains(0)
    else { throw .untrusted(reason: "the server has no name to look for") }
    let session = TLSSession(context, on: descriptor)
    unsafe SSL_set_connect_state(session.pointer)
    unsafe SSL_set_hostflags(
      session.pointer,
      UInt32(X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT))
    // Takes an address as an address; only names may be told to the server.
    precondition(unsafe SSL_set1_host(session.pointer, serverName) == 1, "out of memory")
    if IPAddress(serverName) == nil {
      precondition(unsafe co_set_server_name(session.pointer, serverName) == 1, "out of memory")
    }
    ticket?.use(in: session)
    return session
  }

  /// Goes on with the handshake; `.done` when both sides have agreed.
  package mutating func handshake() -> TLSStep {
    let step = unsafe perform { unsafe SSL_do_handshake($0) }.withoutCount
    guard step == .done, case .fingerprints(let fingerprints) = context.trust else { return step }
    // Also of a session that is resumed: it comes with the certificate of the first one.
    guard let certificate = unsafe SSL_get0_peer_certificate(pointer) else {
      isBroken = true
      return .failed(.untrusted(reason: "the server has no certificate"))
    }
    let hashes = unsafe Fingerprint.of(certificate)
    if hashes.contains(where: fingerprints.contains) { return .done }
    isBroken = true
    return unsafe .failed(
      .untrusted(
        reason:
          "it is none of those that are given; this one is \(Fingerprint.setting(of: certificate))")
    )
  }

  /// Reads at most `buffer.count` bytes, and no more than one record.
  ///
  /// The descriptor may stay silent while the session still holds bytes (`pendingBytes`), so repeat
  /// until `.wantRead` before waiting.
  package mutating func read(into buffer: UnsafeMutableRawBufferPointer) -> TLSStep {
    precondition(buffer.count > 0, "nothing can be read into no space")
    return unsafe perform {
      unsafe SSL_read($0, buffer.baseAddress, Int32(clamping: buffer.count))
    }
  }

  /// Takes a beginning of `bytes`, at most one record of 16 KB, and says how long it is.
  ///
  /// After `.wantRead` or `.wantWrite` the same bytes must come again, at any address and with any
  /// number of bytes after them: a part of the record may be under way.
  package mutating func write(_ bytes: UnsafeRawBufferPointer) -> TLSStep {
    precondition(bytes.count > 0, "an empty record is not written")
    return unsafe perform {
      unsafe SSL_write($0, bytes.baseAddress, Int32(clamping: bytes.count))
    }
  }

  /// Tells the peer that nothing more will be sent, and does not wait for its farewell.
  ///
  /// `.done` at once where there is nobody to tell: before the handshake is over and after an error.
  package mutating func shutdown() -> TLSStep {
    if isBroken { return .done }
    if unsafe SSL_is_init_finished(pointer) == 0 { return .done }
    // 0 says that ours is sent and the peer's has not come.
    return unsafe perform { unsafe SSL_shutdown($0) >= 0 ? 1 : -1 }.withoutCount
  }

  /// How many decrypted bytes can be read although the descriptor may be silent.
  package var pendingBytes: Int { Int(unsafe SSL_pending(pointer)) }

  /// The octets of a client's first message if nothing has come in answer to it; 0 otherwise.
  package var unansweredBytes: Int {
    unsafe co_octets_received(pointer) == 0 ? Int(clamping: co_octets_sent(pointer)) : 0
  }

  /// The version agreed upon, such as `TLSv1.3`.
  package var protocolVersion: String { unsafe String(cString: SSL_get_version(pointer)) }

  /// The cipher suite agreed upon, in OpenSSL's spelling, such as `TLS_AES_256_GCM_SHA384`.
  package var cipherName: String {
    unsafe String(cString: SSL_CIPHER_get_name(SSL_get_current_cipher(pointer)))
  }
}

extension TLSSession {
  /// Makes one call that returns more than 0 when it succeeds, and finds out what else it means.
  private mutating func perform(_ call: (OpaquePointer) -> Int32) -> TLSStep {
    if isBroken { return .failed(.broken(reason: "the session has failed before")) }
    co_clear_errors()
    let result = unsafe call(pointer)
    let systemCode = co_errno()
    if result > 0 { return .count(Int(result)) }
    switch unsafe SSL_get_error(pointer, result) {
    case SSL_ERROR_WANT_READ: return .wantRead
    case SSL_ERROR_WANT_WRITE: return .wantWrite
    case SSL_ERROR_ZERO_RETURN: return .closed
    case SSL_ERROR_SYSCALL:
      isBroken = true
      if systemCode == 0 { return .failed(.truncated) }
      return .failed(.system(SystemError(code: systemCode, call: "TLS")))
    default:
      isBroken = true
      return .failed(failure())
    }
  }

  private borrowing func failure() -> TLSError {
    if let trust = context.trust { return clientFailure(minimum: context.minimum, trust: trust) }
    let code = ERR_peek_error()
    if ERR_GET_LIB(code) == ERR_LIB_SSL, let advice = adviceOnClient(ERR_GET_REASON(code)) {
      ERR_clear_error()
      return .broken(reason: advice)
    }
    return OpenSSL.takeError()
  }
}

extension TLSStep {
  fileprivate var withoutCount: TLSStep { if case .count = self { .done } else { self } }
}
