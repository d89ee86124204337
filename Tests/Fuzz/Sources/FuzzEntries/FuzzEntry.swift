/// A parser that reads remote bytes, and what must hold whatever they are.
///
/// The fuzzers run these functions under libFuzzer, the tests run them over the corpus and over
/// mutations of it. That nothing traps is the first thing that must hold.
package enum FuzzEntry: String, CaseIterable, Sendable {
  /// A line to the SMTP server.
  case command
  /// A whole session of an SMTP client, line by line.
  case session
  /// An address in each of its forms.
  case address
  /// A header in pieces, with rules.
  case header
  /// What follows DATA, in pieces.
  case content
  /// What follows BDAT, in pieces.
  case chunks
  /// Lines to the POP3 server.
  case pop3
  /// Lines from an SMTP server.
  case reply
  /// A whole session with an SMTP server, line by line.
  case client
  /// Messages of an authentication, and base 64.
  case sasl
  /// The start of a queue file, which an admin may have edited.
  case envelope
  /// A request over the socket of the admin's tool.
  case control
  /// The configuration, which an admin edits.
  case configuration

  /// Reads `input`.
  ///
  /// - Throws: what does not hold.
  package func run(_ input: [UInt8]) throws(FuzzFinding) {
    switch self {
    case .command: try Self.runCommand(input)
    case .session: try Self.runSession(input)
    case .address: try Self.runAddress(input)
    case .header: try Self.runHeader(input)
    case .content: try Self.runContent(input)
    case .chunks: try Self.runChunks(input)
    case .pop3: try Self.runPOP3(input)
    case .reply: try Self.runReply(input)
    case .client: try Self.runClient(input)
    case .sasl: try Self.runSASL(input)
    case .envelope: Self.runEnvelope(input)
    case .control: try Self.runControl(input)
    case .configuration: try Self.runConfiguration(input)
    }
  }
}

/// Something that should hold for every input and does not.
package struct FuzzFinding: Error, CustomStringConvertible {
  /// What should hold.
  package let description: String

  static func check(_ holds: Bool, _ description: String) throws(FuzzFinding) {
    if !holds { throw FuzzFinding(description: description) }
  }
}
