internal import SASL

/// A command line, understood (RFC 1939 §9).
///
/// The state of the session has no say here: a command may be well formed and out of place.
enum Command: Equatable {
  case apop(name: String, digest: [UInt8])
  case auth(mechanism: ArraySlice<UInt8>, initialResponse: ArraySlice<UInt8>?)
  case capabilities
  case delete(message: Int)
  case language(ArraySlice<UInt8>)
  case list(message: Int?)
  case listLanguages
  case listMechanisms
  case noOperation
  case password([UInt8])
  case quit
  case reset
  case retrieve(message: Int)
  case startTLS
  case status
  case top(message: Int, lines: Int)
  case uniqueIDs(message: Int?)
  case user(String)
  case useUTF8

  /// A line that is no command; the text says what is wrong with it.
  struct Flaw: Error, Equatable {
    var text: String
  }

  /// Reads a line without its line end.
  ///
  /// White space at the end, and more than one space between arguments, is forgiven; a password
  /// is taken as it stands, for it may have spaces anywhere (RFC 1939 §7).
  static func parse(_ line: ArraySlice<UInt8>) -> Result<Command, Flaw> {
    let keyword = line.prefix { $0 != Self.space }
    guard let verb = Verb(keyword: keyword) else {
      return .failure(Flaw(text: "Unknown command"))
    }
    guard let command = Command(verb, line[keyword.endIndex...].dropFirst()) else {
      return .failure(Flaw(text: verb.usage))
    }
    return .success(command)
  }

  private init?(_ verb: Verb, _ rest: ArraySlice<UInt8>) {
    if verb == .pass {
      guard !rest.isEmpty, rest.count <= SASL.Limits.passwordBytes, !rest.contains(0) else {
        return nil
      }
      self = .password(Array(rest))
      return
    }
    // One more than any command takes, so that a surplus argument is seen.
    let words = rest.split(separator: Self.space, maxSplits: 2)
    let command: Command? =
      switch (verb, words.count) {
      case (.capa, 0): .capabilities
      case (.noop, 0): .noOperation
      case (.quit, 0): .quit
      case (.rset, 0): .reset
      case (.stat, 0): .status
      case (.stls, 0): .startTLS
      case (.utf8, 0): .useUTF8
      case (.lang, 0): .listLanguages
      case (.lang, 1): .language(words[0])
      case (.list, 0): .list(message: nil)
      case (.uidl, 0): .uniqueIDs(message: nil)
      case (.list, 1): Self.number(words[0]).map { .list(message: $0) }
      case (.uidl, 1): Self.number(words[0]).map { .uniqueIDs(message: $0) }
      case (.dele, 1): Self.number(words[0]).map { .delete(message: $0) }
      case (.retr, 1): Self.number(words[0]).map { .retrieve(message: $0) }
      case (.top, 2): Self.top(words[0], words[1])
      case (.apop, 2): Self.apop(words[0], words[1])
      case (.user, 1): Self.userName(words[0]).map { .user($0) }
      // No text has it, but clients from before RFC 5034 ask for the mechanisms this way.
      case (.auth, 0): .listMechanisms
      case (.auth, 1): .auth(mechanism: words[0], initialResponse: nil)
      case (.auth, 2): .auth(mechanism: words[0], initialResponse: words[1])
      default: nil
      }
    guard let command else { return nil }
    self = command
  }

  private static let space = UInt8(ascii: " ")

  /// A digest is 32 digits of base 16, in small letters (RFC 1939 §7).
  private static func apop(_ name: ArraySlice<UInt8>, _ digest: ArraySlice<UInt8>) -> Command? {
    guard digest.count == 32, let name = userName(name) else { return nil }
    return .apop(name: name, digest: Array(digest))
  }

  private static func top(_ message: ArraySlice<UInt8>, _ lines: ArraySlice<UInt8>) -> Command? {
    guard let message = number(message), let lines = number(lines) else { return nil }
    return .top(message: message, lines: lines)
  }

  /// A decimal number; one that is over every maildrop stands for the largest.
  private static func number(_ digits: ArraySlice<UInt8>) -> Int? {
    var value = 0
    for octet in digits {
      guard case UInt8(ascii: "0")...UInt8(ascii: "9") = octet else { return nil }
      value = min(value * 10 + Int(octet & 0x0F), Int(Int32.max))
    }
    return value
  }

  private static func userName(_ octets: ArraySlice<UInt8>) -> String? {
    // A control character has no place in a name, and would only reach a log or a file.
    guard octets.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else { return nil }
    return String(validating: octets, as: UTF8.self)
  }
}
