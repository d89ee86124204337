/// One status line, or a short multi-line reply, ready to be sent (RFC 1939 §3).
///
/// Texts come from this module and not from the client, so none can hold a line end.
package struct Reply: Equatable, Sendable {
  /// The octets on the wire.
  package let bytes: [UInt8]

  /// `+OK` and a text.
  static func ok(_ text: String) -> Reply {
    Reply("+OK \(text)\r\n")
  }

  /// `-ERR`, perhaps a code for the machine, and a text.
  static func error(_ text: String, _ code: ResponseCode? = nil) -> Reply {
    guard let code else { return Reply("-ERR \(text)\r\n") }
    return Reply("-ERR [\(code.rawValue)] \(text)\r\n")
  }

  /// The answer to STLS with more behind it, which anybody on the line may have put there; the
  /// connection is closed.
  package static var commandAfterStartTLS: Reply { .error("Nothing may follow STLS in one go") }

  /// `+OK`, a text and a few lines.
  static func lines(_ text: String, _ lines: [String]) -> Reply {
    Reply("+OK \(text)\r\n" + lines.map { $0 + "\r\n" }.joined() + ".\r\n")
  }

  /// A challenge of an authentication exchange (RFC 5034 §4).
  static func challenge(_ encoded: [UInt8]) -> Reply {
    Reply(bytes: Array("+ ".utf8) + encoded + Array("\r\n".utf8))
  }

  private init(bytes: [UInt8]) { self.bytes = bytes }

  private init(_ text: String) { bytes = Array(text.utf8) }
}
