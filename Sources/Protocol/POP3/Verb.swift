/// A command's keyword, with the rules that belong to it.
enum Verb: String, CaseIterable {
  case apop = "APOP"
  case auth = "AUTH"
  case capa = "CAPA"
  case dele = "DELE"
  case lang = "LANG"
  case list = "LIST"
  case noop = "NOOP"
  case pass = "PASS"
  case quit = "QUIT"
  case retr = "RETR"
  case rset = "RSET"
  case stat = "STAT"
  case stls = "STLS"
  case top = "TOP"
  case uidl = "UIDL"
  case user = "USER"
  case utf8 = "UTF8"

  /// What may follow the keyword.
  enum Arguments {
    case none
    case message
    case optionalMessage
    case messageAndLines
    case name
    case nameAndDigest
    case password
    case mechanism
    case optionalLanguage
  }

  /// Reads a keyword in any case (RFC 1939 §3).
  init?(keyword: ArraySlice<UInt8>) {
    guard keyword.count == 3 || keyword.count == 4 else { return nil }
    let capitals = keyword.map { (0x61...0x7A).contains($0) ? $0 & 0xDF : $0 }
    self.init(rawValue: String(decoding: capitals, as: UTF8.self))
  }

  var arguments: Arguments {
    switch self {
    case .capa, .noop, .quit, .rset, .stat, .stls, .utf8: .none
    case .dele, .retr: .message
    case .list, .uidl: .optionalMessage
    case .top: .messageAndLines
    case .user: .name
    case .apop: .nameAndDigest
    case .pass: .password
    case .auth: .mechanism
    case .lang: .optionalLanguage
    }
  }

  /// How the command is written, for the error that says it was not.
  var usage: String {
    switch arguments {
    case .none: "\(rawValue) takes no argument"
    case .message: "Usage: \(rawValue) message"
    case .optionalMessage: "Usage: \(rawValue) [message]"
    case .messageAndLines: "Usage: \(rawValue) message lines"
    case .name: "Usage: \(rawValue) name"
    case .nameAndDigest: "Usage: \(rawValue) name digest"
    case .password: "Usage: \(rawValue) password"
    case .mechanism: "Usage: \(rawValue) mechanism [initial response]"
    case .optionalLanguage: "Usage: \(rawValue) [language]"
    }
  }
}
