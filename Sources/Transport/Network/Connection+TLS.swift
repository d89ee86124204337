package import Platform
package import TLS

/// The connection under TLS.
extension Connection {
  /// Whether TLS is in use.
  package var isEncrypted: Bool { session != nil }

  /// Whether TLS has begun and its handshake is not over.
  package var isShakingHands: Bool { session?.isEstablished() == false }

  /// The version and the cipher, such as `TLSv1.3` and `TLS_AES_256_GCM_SHA384`; nil without TLS.
  package var encryption: (version: String, cipher: String)? {
    guard let version = session?.protocolVersion, let cipher = session?.cipherName else {
      return nil
    }
    return (version, cipher)
  }

  /// What names this connection to both ends, of the kind with this registered name; nil without TLS, and
  /// where the session has none of this kind.
  package func channelBinding(named name: String) -> [UInt8]? {
    guard let kind = ChannelBinding(rawValue: name) else { return nil }
    return session?.channelBinding(kind)
  }

  /// Makes the connection a TLS one, as the server.
  ///
  /// - Parameters:
  ///   - kind: the service, whose tickets no other takes.
  ///   - givesTickets: whether there are any.
  /// - Throws: `.plaintextAfterStartTLS` if anything had arrived in clear that was not read.
  package func acceptTLS(
    _ context: TLSContext, as kind: String = "", givesTickets: Bool = true, until deadline: Instant
  ) async throws(ConnectionError) {
    if hasBufferedInput { throw .plaintextAfterStartTLS }
    session = TLSSession.accepting(
      on: descriptor.number, context: context, as: kind, givesTickets: givesTickets)
    try await shakeHands(until: deadline)
  }

  /// Makes the connection a TLS one, as the client of a server with that name.
  ///
  /// - Parameter ticket: that of an earlier connection with the same context and name.
  /// - Throws: `.plaintextAfterStartTLS` if anything had arrived in clear that was not read.
  package func connectTLS(
    _ context: TLSContext, serverName: String, resuming ticket: TLSTicket? = nil,
    until deadline: Instant
  ) async throws(ConnectionError) {
    if hasBufferedInput { throw .plaintextAfterStartTLS }
    do throws(TLSError) {
      session = try TLSSession.connecting(
        on: descriptor.number, context: context, serverName: serverName, resuming: ticket)
    } catch {
      throw .tls(error)
    }
    try await shakeHands(until: deadline)
  }

  private func shakeHands(until deadline: Instant) async throws(ConnectionError) {
    while true {
      switch session?.handshake() {
      case .wantRead: try await waitUntilReadable(until: deadline, isInterruptible: false)
      case .wantWrite: try await waitUntilWritable(until: deadline)
      case .failed(let error): throw .tls(error)
      case .closed, nil: throw .closed
      case .done, .count: return
      }
    }
  }

  /// The octets of the client's first message of TLS if nothing has come in answer to it; 0 otherwise.
  package var unansweredBytes: Int { session?.unansweredBytes ?? 0 }

  /// What a later connection to the same server can resume this one with; nil without TLS, and where the
  /// server has given nothing for it.
  package var ticket: TLSTicket? { session?.ticket() }

  /// Whether the TLS session goes on from that of an earlier connection.
  package var isResumed: Bool { session?.isResumed ?? false }
}
