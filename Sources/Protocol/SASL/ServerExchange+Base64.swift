/// The exchange in the base 64 lines that SMTP and POP3 share (RFC 4954 §4, RFC 5034 §4).
extension ServerExchange {
  /// Begins with the argument beside the mechanism's name, where `=` is an empty response.
  package mutating func start(encodedInitialResponse text: ArraySlice<UInt8>?) -> Step {
    guard let text else { return start(initialResponse: nil) }
    if text.elementsEqual("=".utf8) { return start(initialResponse: []) }
    guard let response = Base64.decode(text, limit: Limits.messageBytes) else {
      return .invalid(.encoding)
    }
    return start(initialResponse: response)
  }

  /// Takes a line that answers the last challenge; the caller has looked for `*` before.
  package mutating func respond(encoded line: ArraySlice<UInt8>) -> Step {
    guard let response = Base64.decode(line, limit: Limits.messageBytes) else {
      return .invalid(.encoding)
    }
    return respond(response)
  }
}
