import Mail

/// What a line from a client turned out to be.
package enum ParsedLine: Equatable, Sendable {
  case command(Command)
  /// No command; the reply says why.
  case invalid(Reply)
  /// A request of HTTP: a page in somebody's browser is trying to send mail through this port.
  case anotherProtocol
}

extension Command {
  /// Reads a line, which is given without its line end.
  ///
  /// RFC 5321 §4.1.1. White space at the end, and where the path begins, is let pass. The line is
  /// bounded by whoever read it, to `Limits.commandLineBytes`.
  package static func parse(_ line: ArraySlice<UInt8>) -> ParsedLine {
    guard line.allSatisfy({ $0 >= .space && $0 != 0x7F || $0 == .tab }) else {
      return .invalid(.malformedCommand)
    }
    let blanks = line.reversed().prefix { $0 == .space || $0 == .tab }.count
    var cursor = ByteCursor(line.dropLast(blanks))
    let word = cursor.take { $0 != .space && $0 != .tab }
    guard let verb = Verb(word) else {
      return isForeign(word) ? .anotherProtocol : .invalid(.unknownCommand)
    }
    cursor.skipSpaces()
    switch verb.argument {
    case .none where !cursor.isAtEnd, .required where cursor.isAtEnd:
      return .invalid(.syntax(verb.form))
    case .none, .required, .ignored:
      return parse(verb, &cursor)
    }
  }

  private static func parse(_ verb: Verb, _ cursor: inout ByteCursor) -> ParsedLine {
    switch verb {
    case .ehlo, .helo: return parseHello(cursor.rest, isExtended: verb == .ehlo)
    case .mail: return parseMail(&cursor)
    case .rcpt: return parseRecipient(&cursor)
    case .auth: return parseAuthenticate(&cursor)
    case .data: return .command(.data)
    case .rset: return .command(.reset)
    case .noop: return .command(.noop)
    case .quit: return .command(.quit)
    case .help: return .command(.help)
    case .vrfy: return .command(.verify)
    case .expn: return .command(.expand)
    case .startTLS: return .command(.startTLS)
    }
  }

  /// Takes any name: devices put their model there, and nothing is decided by it.
  private static func parseHello(_ name: ArraySlice<UInt8>, isExtended: Bool) -> ParsedLine {
    guard name.count <= Limits.clientNameBytes, name.allSatisfy({ $0 < 0x80 }) else {
      return .invalid(.syntax((isExtended ? Verb.ehlo : .helo).form))
    }
    return .command(.hello(name: String(decoding: name, as: UTF8.self), isExtended: isExtended))
  }

  private static func parseMail(_ cursor: inout ByteCursor) -> ParsedLine {
    guard cursor.take(word: "FROM:") else { return .invalid(.syntax(Verb.mail.form)) }
    let hasOnlyASCII = cursor.rest.allSatisfy { $0 < 0x80 }
    guard let sender = takePath(&cursor, { ReversePath(parsing: &$0) }) else {
      return .invalid(hasOnlyASCII ? .badSender : .addressBeyondASCII)
    }
    var parameters = MailParameters()
    var seen: [String] = []
    while let (keyword, value) = takeParameter(&cursor) {
      guard !seen.contains(keyword) else { return .invalid(.badParameter(keyword)) }
      seen.append(keyword)
      switch keyword {
      case "SIZE":
        guard let size = Self.size(value) else { return .invalid(.badParameter(keyword)) }
        parameters.sizeBytes = size
      case "BODY":
        guard let body = MailParameters.Body(value) else { return .invalid(.badParameter(keyword)) }
        parameters.body = body
      case "AUTH":
        // RFC 4954 §5: who wrote the message is asserted by one server to another that trusts it.
        // No client is trusted that far here, and then the value is to be accepted and ignored.
        guard !value.isEmpty, value.allSatisfy(\.isVisible) else {
          return .invalid(.badParameter(keyword))
        }
      default:
        return .invalid(.unknownParameter(keyword))
      }
    }
    return .command(.mail(from: sender, parameters))
  }

  private static func parseRecipient(_ cursor: inout ByteCursor) -> ParsedLine {
    guard cursor.take(word: "TO:") else { return .invalid(.syntax(Verb.rcpt.form)) }
    let hasOnlyASCII = cursor.rest.allSatisfy { $0 < 0x80 }
    guard let recipient = takePath(&cursor, { ForwardPath(parsing: &$0) }) else {
      return .invalid(hasOnlyASCII ? .badRecipient : .addressBeyondASCII)
    }
    if let (keyword, _) = takeParameter(&cursor) { return .invalid(.unknownParameter(keyword)) }
    return .command(.recipient(recipient))
  }

  private static func parseAuthenticate(_ cursor: inout ByteCursor) -> ParsedLine {
    let mechanism = cursor.take { $0 != .space }
    cursor.skipSpaces()
    let response = cursor.take { $0 != .space }
    guard cursor.isAtEnd else { return .invalid(.syntax(Verb.auth.form)) }
    return .command(
      .authenticate(mechanism: mechanism, initialResponse: response.isEmpty ? nil : response))
  }

  /// Takes a path, and makes sure that it ends where it seems to.
  ///
  /// This is the one place where a path may be taken more loosely than RFC 5321 §4.1.1.2 has it: the
  /// space after the colon is let pass, as so many devices send it.
  private static func takePath<Path>(
    _ cursor: inout ByteCursor, _ parse: (inout ByteCursor) -> Path?
  ) -> Path? {
    cursor.skipSpaces()
    guard let path = parse(&cursor), cursor.isAtEnd || cursor.next == .space else { return nil }
    return path
  }

  /// Takes the next `KEYWORD` or `KEYWORD=value`, the keyword in upper case; nil at the end.
  private static func takeParameter(
    _ cursor: inout ByteCursor
  ) -> (keyword: String, value: ArraySlice<UInt8>)? {
    cursor.skipSpaces()
    guard !cursor.isAtEnd else { return nil }
    let keyword = cursor.take { $0 != UInt8(ascii: "=") && $0 != .space }
    let value = cursor.take(UInt8(ascii: "=")) ? cursor.take { $0 != .space } : []
    let upper = keyword.map { $0.isLetter ? $0 & 0xDF : $0 }
    return (String(escaping: upper, limit: 64), value)
  }

  /// The value of SIZE, at most 20 digits; what is beyond any size counts as the largest.
  private static func size(_ digits: ArraySlice<UInt8>) -> Int? {
    guard (1...20).contains(digits.count), digits.allSatisfy(\.isDigit) else { return nil }
    return Int(String(decoding: digits, as: UTF8.self)) ?? Int.max
  }

  private static func isForeign(_ word: ArraySlice<UInt8>) -> Bool {
    ["GET", "POST", "PUT", "HEAD", "OPTIONS", "CONNECT", "PRI"].contains {
      word.elementsEqual($0.utf8)
    }
  }
}

extension MailParameters.Body {
  fileprivate init?(_ value: ArraySlice<UInt8>) {
    if value.isEqual(ignoringCaseTo: "7BIT") {
      self = .sevenBit
    } else if value.isEqual(ignoringCaseTo: "8BITMIME") {
      self = .eightBit
    } else {
      return nil
    }
  }
}
