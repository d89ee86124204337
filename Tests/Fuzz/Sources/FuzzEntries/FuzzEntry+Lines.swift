import Mail
import POP3
import SASL
import SMTP
import Spool

extension FuzzEntry {
  /// Whatever a device is forgiven, a line that is right without that means the same with it.
  static func runCommand(_ input: [UInt8]) throws(FuzzFinding) {
    let strict = SMTP.Command.parse(input[...])
    let lenient = SMTP.Command.parse(
      input[...], leniency: [.oddGreeting, .loosePaths, .keptLogin])
    guard case .command = strict else { return }
    try FuzzFinding.check(strict == lenient, "a command means something else to a device")
  }

  static func runEnvelope(_ input: [UInt8]) { _ = QueueEnvelope(parsing: input) }

  static func runReply(_ input: [UInt8]) throws(FuzzFinding) {
    var parser = ReplyParser()
    for line in input.split(separator: .lineFeed, omittingEmptySubsequences: false) {
      switch parser.receive(line) {
      case .malformed:
        return
      case .incomplete:
        break
      case .reply(let reply):
        let octets = reply.lines.joined().utf8
        try FuzzFinding.check(
          octets.allSatisfy { $0.isVisible || $0 == .space }, "a reply has a control")
        try FuzzFinding.check(
          octets.count <= SMTP.Limits.receivedReplyTextBytes, "a reply is over its limit")
      }
    }
  }

  /// Each line is the client's; what the driver would say is the same in every run.
  static func runPOP3(_ input: [UInt8]) throws(FuzzFinding) {
    var settings = SessionSettings(
      hostName: "gw.home.example", offersTLS: true, allowsLoginWithoutTLS: true)
    settings.timestamp = "<1@gw.home.example>"
    var session = POP3.Session(settings, isSecure: false)
    for line in input.split(separator: .lineFeed, omittingEmptySubsequences: false) {
      var output: [UInt8] = []
      switch session.receive(line) {
      case .reply(let reply):
        output = reply.bytes
      case .startTLS(let reply):
        output = reply.bytes
        session.tlsEstablished()
      case .verify, .verifyDigest, .logIn:
        output = session.open(listing).bytes
      case .lookUp:
        if case .reply(let reply) = session.lookedUp(parameters) { output = reply.bytes }
      case .checkProof(let proof):
        let step = session.proofAccepted(user: proof.user, serverSignature: [1])
        if case .reply(let reply) = step { output = reply.bytes }
      case .list:
        while session.appendListing(to: &output, upTo: 64), output.count < 1000 {}
      case .send(let index, _):
        try FuzzFinding.check((0..<listing.count).contains(index), "no such message")
        output = session.messageOpened(index).bytes
      case .update:
        output = session.updated(failures: 0).bytes
      }
      try checkReply(output)
      if session.isEnded { return }
    }
  }

  private static let parameters = SCRAMParameters(
    salt: [1], iterations: 1, random: Array(repeating: 7, count: SASL.Limits.serverNonceBytes),
    binding: [2])

  private static let listing = MaildropListing(
    text: Array("abc".utf8),
    uniqueIDs: [
      .init(offset: 0, length: 1), .init(offset: 1, length: 1), .init(offset: 2, length: 1),
    ],
    sizes: [10, 0, 1 << 30])

  private static func checkReply(_ output: [UInt8]) throws(FuzzFinding) {
    try FuzzFinding.check(
      output.isEmpty || output.suffix(2) == [.carriageReturn, .lineFeed],
      "a reply does not end in CRLF")
    try FuzzFinding.check(
      output.allSatisfy {
        $0.isVisible || $0 == .space || $0 == .carriageReturn || $0 == .lineFeed
      },
      "a reply has a control")
  }

  static func runSASL(_ input: [UInt8]) throws(FuzzFinding) {
    if let octets = Base64.decode(input[...], limit: 1000) {
      try FuzzFinding.check(octets.count <= 1000, "octets are over their limit")
      try FuzzFinding.check(Base64.encode(octets) == input, "base 64 has two texts")
    }
    let lines = input.split(separator: .lineFeed, omittingEmptySubsequences: false)
    for mechanism in Mechanism.offered(isTLSActive: true) {
      var exchange = ServerExchange(mechanism, isBindingOffered: mechanism.bindsChannel)
      var step = answered(exchange.start(encodedInitialResponse: nil), &exchange)
      for line in lines {
        guard case .challenge = step else { break }
        step = answered(exchange.respond(encoded: line), &exchange)
      }
      var direct = ServerExchange(mechanism, isBindingOffered: mechanism.bindsChannel)
      step = answered(direct.start(initialResponse: Array(lines[0])), &direct)
      for line in lines.dropFirst() {
        guard case .challenge = step else { break }
        step = answered(direct.respond(Array(line)), &direct)
      }
    }
  }

  /// The step after what only a driver can do, which lets every proof pass.
  private static func answered(
    _ step: ServerExchange.Step, _ exchange: inout ServerExchange
  ) -> ServerExchange.Step {
    switch step {
    case .lookUp: exchange.lookedUp(parameters)
    case .check(let proof): exchange.accepted(user: proof.user, serverSignature: [1])
    default: step
    }
  }
}
