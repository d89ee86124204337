import Mail

/// The commands of SMTP, and the rules each of them carries.
///
/// RFC 5321 §4.1.1, RFC 3207, RFC 4954, RFC 3030, RFC 1985. A rule stands here as data, and
/// `ServerSession` applies it to all commands in one place.
package enum Verb: CaseIterable, Sendable {
  case ehlo, helo, mail, rcpt, data, bdat, rset, noop, quit, help, vrfy, expn, etrn, startTLS, auth

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
    case .bdat: "BDAT"
    case .rset: "RSET"
    case .noop: "NOOP"
    case .quit: "QUIT"
    case .help: "HELP"
    case .vrfy: "VRFY"
    case .expn: "EXPN"
    case .etrn: "ETRN"
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
    case .bdat: "BDAT size [LAST]"
    case .etrn: "ETRN domain"
    case .auth: "AUTH mechanism [initial-response]"
    case .data, .rset, .noop, .quit, .help, .startTLS: keyword
    }
  }

  /// Whether the command takes an argument.
  var argument: Argument {
    switch self {
    case .data, .rset, .quit, .startTLS: .none
    // A greeting without a name gets its own check: some devices are let pass with it.
    case .noop, .help, .ehlo, .helo: .ignored
    case .mail, .rcpt, .bdat, .vrfy, .expn, .etrn, .auth: .required
    }
  }

  /// Whether the command must be the last of a pipelined group, RFC 2920 §3.1 and RFC 3030 §2.
  ///
  /// Before it waits for what follows one of these, a server sends all replies it has ready, and a
  /// client waits for the reply before it says more.
  package var endsGroup: Bool {
    switch self {
    case .ehlo, .data, .vrfy, .expn, .noop, .quit, .startTLS, .auth, .helo, .help, .etrn: true
    case .mail, .rcpt, .rset, .bdat: false
    }
  }

  /// Whether the client must have said EHLO or HELO, RFC 5321 §4.1.4.
  var needsGreeting: Bool {
    switch self {
    case .mail, .rcpt, .data, .bdat, .startTLS, .auth, .etrn: true
    case .ehlo, .helo, .rset, .noop, .quit, .help, .vrfy, .expn: false
    }
  }

  /// Whether the command waits for authentication where that is required, RFC 4954 §6.
  var needsAuthentication: Bool {
    switch self {
    case .mail, .rcpt, .data, .bdat, .vrfy, .expn, .etrn: true
    case .ehlo, .helo, .rset, .noop, .quit, .help, .startTLS, .auth: false
    }
  }

  /// Whether the command has no place within a transaction: RFC 5321 §4.1.4, RFC 4954 §4 and
  /// RFC 1985 §5.
  var isBarredInTransaction: Bool {
    switch self {
    case .mail, .auth, .startTLS, .etrn: true
    case .ehlo, .helo, .rcpt, .data, .bdat, .rset, .noop, .quit, .help, .vrfy, .expn: false
    }
  }

  /// The verb that a line begins with; nil if it is none.
  package init?(line: ArraySlice<UInt8>) {
    self.init(line.prefix(while: \.isLetter))
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
