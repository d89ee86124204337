package import Mail

/// What a line from a client turned out to be.
package enum ParsedLine: Equatable, Sendable {
  case command(Command)
  /// No command; the reply says why.
  case invalid(Reply)
  /// A BDAT that does not tell where its content ends: what follows can be taken for nothing.
  case unframed(Reply)
  /// The first line of HTTP or SSH.
  case anotherProtocol
}

extension Command {
  /// Reads a line, which is given without its line end.
  ///
  /// RFC 5321 §4.1.1, and what `leniency` lets pass beside it. White space at the end is let pass, and
  /// so is white space before a path, which every other server takes. The line is bounded by whoever
  /// read it, to `Limits.commandLineBytes`.
  ///
  /// - Parameter localDomain: the domain of a path without one; nil where none may lack it.
  package static func parse(
    _ line: ArraySlice<UInt8>, leniency: Leniency = [], localDomain: Domain? = nil
  ) -> ParsedLine {
    guard line.allSatisfy({ $0 >= .space && $0 != 0x7F || $0 == .tab }) else {
      let isChunk = Verb(line: line) == .bdat
      return isChunk ? .unframed(.malformedCommand) : .invalid(.malformedCommand)
    }
    let blanks = line.reversed().prefix { $0 == .space || $0 == .tab }.count
    var cursor = ByteCursor(line.dropLast(blanks))
    let word = cursor.take { $0 != .space && $0 != .tab }
    guard let verb = Verb(word) else {
      return ForeignProtocol.begins(with: word) ? .anotherProtocol : .invalid(.unknownCommand)
    }
    cursor.skipSpaces()
    switch verb.argument {
    case .none where !cursor.isAtEnd, .required where cursor.isAtEnd:
      return verb == .bdat ? .unframed(.syntax(verb.form)) : .invalid(.syntax(verb.form))
    case .none, .required, .ignored:
      return parse(verb, &cursor, leniency, localDomain)
    }
  }

  private static func parse(
    _ verb: Verb, _ cursor: inout ByteCursor, _ leniency: Leniency, _ localDomain: Domain?
  ) -> ParsedLine {
    switch verb {
    case .ehlo, .helo: return parseHello(cursor.rest, verb, leniency)
    case .mail: return parseMail(&cursor, leniency, localDomain)
    case .rcpt: return parseRecipient(&cursor, leniency, localDomain)
    case .auth: return parseAuthenticate(&cursor)
    case .bdat: return parseChunk(&cursor)
    case .etrn: return parseFlush(cursor.rest)
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

  /// Takes one word, which RFC 5321 §4.1.1.1 wants to be a host name or an address literal.
  ///
  /// Nothing is decided by it, and what is no name is told as such in the trace field (RFC 5321 §4.1.4
  /// forbids to refuse mail for it). Some devices may say what they like, or nothing.
  private static func parseHello(
    _ name: ArraySlice<UInt8>, _ verb: Verb, _ leniency: Leniency
  ) -> ParsedLine {
    guard
      name.count <= Limits.clientNameBytes,
      leniency.contains(.oddGreeting)
        || !name.isEmpty && name.allSatisfy({ $0 != .space && $0 != .tab })
    else { return .invalid(.syntax(verb.form)) }
    return .command(
      .hello(
        name: String(escaping: name, limit: 4 * Limits.clientNameBytes), isExtended: verb == .ehlo))
  }

  private static func parseMail(
    _ cursor: inout ByteCursor, _ leniency: Leniency, _ localDomain: Domain?
  ) -> ParsedLine {
    guard cursor.take(word: "FROM:") else { return .invalid(.syntax(Verb.mail.form)) }
    let path = takePath(&cursor, leniency) { cursor, isLoose in
      isLoose
        ? ReversePath(looselyParsing: &cursor, allowsUTF8: true, localDomain: localDomain)
        : ReversePath(parsing: &cursor, allowsUTF8: true, localDomain: localDomain)
    }
    guard let path else { return .invalid(.badSender) }
    var parameters = MailParameters()
    if let reply = takeParameters(&cursor, { parameters.take($0) }) { return .invalid(reply) }
    // RFC 6531 §3.5: an address beyond ASCII is one only where SMTPUTF8 says so.
    guard path.mailbox?.isASCII != false || parameters.isInternational else {
      return .invalid(.addressBeyondASCII)
    }
    return .command(.mail(from: path, parameters))
  }

  private static func parseRecipient(
    _ cursor: inout ByteCursor, _ leniency: Leniency, _ localDomain: Domain?
  ) -> ParsedLine {
    guard cursor.take(word: "TO:") else { return .invalid(.syntax(Verb.rcpt.form)) }
    let path = takePath(&cursor, leniency) { cursor, isLoose in
      isLoose
        ? ForwardPath(looselyParsing: &cursor, allowsUTF8: true, localDomain: localDomain)
        : ForwardPath(parsing: &cursor, allowsUTF8: true, localDomain: localDomain)
    }
    guard let path else { return .invalid(.badRecipient) }
    var notification = NotificationRequest()
    if let reply = takeParameters(&cursor, { notification.take($0) }) { return .invalid(reply) }
    return .command(.recipient(path, notification))
  }

  private static func parseAuthenticate(_ cursor: inout ByteCursor) -> ParsedLine {
    let mechanism = cursor.take { $0 != .space }
    cursor.skipSpaces()
    let response = cursor.take { $0 != .space }
    guard cursor.isAtEnd else { return .invalid(.syntax(Verb.auth.form)) }
    return .command(
      .authenticate(mechanism: mechanism, initialResponse: response.isEmpty ? nil : response))
  }

  /// Takes the size of a chunk, RFC 3030 §2, which must leave no doubt.
  private static func parseChunk(_ cursor: inout ByteCursor) -> ParsedLine {
    let digits = cursor.take(while: \.isDigit)
    let size = Int(String(decoding: digits, as: UTF8.self))
    cursor.skipSpaces()
    let isLast = !cursor.isAtEnd
    guard
      let size, digits.count <= Limits.chunkSizeDigits,
      !isLast || cursor.take(word: "LAST") && cursor.isAtEnd
    else { return .unframed(.syntax(Verb.bdat.form)) }
    return .command(.chunk(bytes: size, isLast: isLast))
  }

  /// Takes the name of a host, or of a domain with all below it after an at sign (RFC 1985 §4).
  // Limitation: `#` and the name of a queue is not understood, for there are no named queues.
  private static func parseFlush(_ name: ArraySlice<UInt8>) -> ParsedLine {
    let withSubdomains = name.first == .at
    guard let domain = Domain(withSubdomains ? name.dropFirst() : name) else {
      return .invalid(.syntax(Verb.etrn.form))
    }
    return .command(.flush(domain, withSubdomains: withSubdomains))
  }

  /// Takes a path, and makes sure that it ends where it seems to.
  ///
  /// This is the one place where a path may be taken more loosely than RFC 5321 §4.1.1.2 has it.
  private static func takePath<Path>(
    _ cursor: inout ByteCursor, _ leniency: Leniency,
    _ parse: (inout ByteCursor, _ isLoose: Bool) -> Path?
  ) -> Path? {
    cursor.skipSpaces()
    let isLoose = leniency.contains(.loosePaths)
    guard let path = parse(&cursor, isLoose), cursor.isAtEnd || cursor.next == .space else {
      return nil
    }
    return path
  }

  /// Hands all parameters to `take`; returns the reply to the first that is wrong.
  private static func takeParameters(
    _ cursor: inout ByteCursor, _ take: (Parameter) -> Parameter.Acceptance
  ) -> Reply? {
    var seen: [String] = []
    while let parameter = Parameter(parsing: &cursor) {
      if seen.contains(parameter.keyword) { return .badParameter(parameter.keyword) }
      seen.append(parameter.keyword)
      switch take(parameter) {
      case .taken: break
      case .malformed: return .badParameter(parameter.keyword)
      case .unknown: return .unknownParameter(parameter.keyword)
      }
    }
    return nil
  }
}
