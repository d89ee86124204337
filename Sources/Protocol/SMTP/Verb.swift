import Mail

/// The commands of SMTP, and the rules each of them carries.
///
/// RFC 5321 §4.1.1, RFC 3207, RFC 4954. A rule stands here as data, and `ServerSession` applies it to
/// all commands in one place.
package enum Verb: CaseIterable, Sendable {
  case ehlo, helo, mail, rcpt, data, rset, noop, quit, help, vrfy, expn, startTLS, auth

  /// Whether a command takes an argument.
  enum Argument {
    case none
    /// It may take one that is of no interest.
    case ignored
    case required
  }

  /// The word as it is sent.
  package var keyword: String {
    switch self {
    case .ehlo: "EHLO"
    case .helo: "HELO"
    case .mail: "MAIL"
    case .rcpt: "RCPT"
    case .data: "DATA"
    case .rset: "RSET"
    case .noop: "NOOP"
    case .quit: "QUIT"
    case .help: "HELP"
    case .vrfy: "VRFY"
    case .expn: "EXPN"
    case .startTLS: "STARTTLS"
    case .auth: "AUTH"
    }
  }

  /// The form of the command, as an error tells it.
  var form: String {
    switch self {
    case .ehlo, .helo: keyword + " hostname"
    case .mail: "MAIL FROM:<address>"
    case .rcpt: "RCPT TO:<address>"
    case .vrfy, .expn: keyword + " name"
    case .auth: "AUTH mechanism [initial-response]"
    case .data, .rset, .noop, .quit, .help, .startTLS: keyword
    }
  }

  /// Whether the command takes an argument.
  var argument: Argument {
    switch self {
    case .data, .rset, .quit, .startTLS: .none
    case .noop, .help: .ignored
    case .ehlo, .helo, .mail, .rcpt, .vrfy, .expn, .auth: .required
    }
  }

  /// Whether the command must be the last of a pipelined group, RFC 2920 §3.1.
  ///
  /// Before it waits for what follows one of these, a server sends all replies it has ready, and a
  /// client waits for the reply before it says more.
  package var endsGroup: Bool {
    switch self {
    case .ehlo, .data, .vrfy, .expn, .noop, .quit, .startTLS, .auth, .helo, .help: true
    case .mail, .rcpt, .rset: false
    }
  }

  /// Whether the client must have said EHLO or HELO, RFC 5321 §4.1.4.
  var needsGreeting: Bool {
    switch self {
    case .mail, .rcpt, .data, .startTLS, .auth: true
    case .ehlo, .helo, .rset, .noop, .quit, .help, .vrfy, .expn: false
    }
  }

  /// Whether the command waits for authentication where that is required, RFC 4954 §6.
  var needsAuthentication: Bool {
    switch self {
    case .mail, .rcpt, .data, .vrfy, .expn: true
    case .ehlo, .helo, .rset, .noop, .quit, .help, .startTLS, .auth: false
    }
  }

  /// Whether the command has no place within a transaction, RFC 5321 §4.1.4 and RFC 4954 §4.
  var isBarredInTransaction: Bool {
    switch self {
    case .mail, .auth, .startTLS: true
    case .ehlo, .helo, .rcpt, .data, .rset, .noop, .quit, .help, .vrfy, .expn: false
    }
  }

  /// The verb that `word` spells, letters in any case; nil if it is none.
  init?(_ word: ArraySlice<UInt8>) {
    let upper = word.map { $0.isLetter ? $0 & 0xDF : $0 }
    for verb in Verb.allCases where upper.elementsEqual(verb.keyword.utf8) {
      self = verb
      return
    }
    return nil
  }
}
