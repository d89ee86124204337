/// What came of one call on a session that does not block.
package enum TLSStep: Equatable, Sendable {
  /// The handshake or the farewell is complete.
  case done
  /// So many bytes were read or taken, at least one.
  case count(Int)
  /// Nothing can be done before the descriptor is readable; then repeat the call.
  case wantRead
  /// Nothing can be done before the descriptor is writable; then repeat the call, with the same bytes.
  case wantWrite
  /// The peer has said that it sends no more (`close_notify`, RFC 8446 §6.1).
  case closed
  /// The session is of no more use.
  case failed(TLSError)
}
