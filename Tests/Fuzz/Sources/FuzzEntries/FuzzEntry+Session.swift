import Mail
import SASL
import SMTP

extension FuzzEntry {
  /// The first byte chooses the settings; each line is the client's.
  ///
  /// The driver lets nobody log in and no foreign recipient pass, and reads content as it is told.
  static func runSession(_ input: [UInt8]) throws(FuzzFinding) {
    guard let bits = input.first, let host = Domain("gw.home.example") else { return }
    var leniency: Leniency = bits & 1 == 0 ? [] : [.oddGreeting, .loosePaths, .keptLogin]
    if bits & 2 != 0 { leniency.insert(.loginWithoutTLS) }
    var session = ServerSession(
      settings: ServerSettings(
        hostname: host, localDomain: host, messageBytes: 1000, recipients: 3, extensions: .all,
        leniency: leniency, isKnown: bits & 16 != 0,
        requiresAuthentication: bits & 4 != 0), isTLSActive: bits & 8 != 0)
    var rest = input.dropFirst()
    while let end = rest.firstIndex(of: .lineFeed) {
      let line = rest[..<end]
      rest = rest[(end + 1)...]
      let action =
        line.count > SMTP.Limits.commandLineBytes
        ? session.receiveOverlongLine() : session.receive(line, isFollowed: !rest.isEmpty)
      guard try perform(action, &session, &rest) else { return }
      try FuzzFinding.check(session.user == nil, "somebody has logged in")
      let recipients = session.transaction?.recipients ?? []
      try FuzzFinding.check(recipients.count <= 3, "more recipients than allowed")
      try FuzzFinding.check(
        recipients.allSatisfy { $0.mailbox.map { $0.domain == host } ?? true },
        "a foreign recipient")
      try FuzzFinding.check(
        bits & 4 == 0 || session.transaction == nil, "a transaction of a stranger")
    }
  }

  /// Does what the session says; whether it goes on.
  private static func perform(
    _ action: ServerAction, _ session: inout ServerSession, _ rest: inout ArraySlice<UInt8>
  ) throws(FuzzFinding) -> Bool {
    switch action {
    case .reply(let reply):
      try check(reply)
      return true
    case .close(let reply):
      try check(reply)
      return false
    case .startTLS(let reply):
      try check(reply)
      session.tlsEstablished()
      return true
    case .verify, .checkProof:
      return try perform(session.authenticationFailed(), &session, &rest)
    case .lookUp:
      return try perform(session.authenticationUnavailable(), &session, &rest)
    case .logIn:
      throw FuzzFinding(description: "somebody has logged in without a proof")
    case .checkSender(let transaction):
      return try perform(session.senderAccepted(transaction), &session, &rest)
    case .checkRecipient(let path, _):
      let isLocal = path.mailbox.map { $0.domain.text == "gw.home.example" } ?? true
      let next = isLocal ? session.recipientAccepted(path) : session.refused(.relayingDenied)
      return try perform(next, &session, &rest)
    case .receiveData(let reply):
      try check(reply)
      var decoder = ContentDecoder()
      var content: [UInt8] = []
      let used = decoder.decode(Array(rest).span, into: &content)
      rest = rest.dropFirst(used ?? rest.count)
      if used == nil { return false }
      return try perform(session.dataEnded(.queued(as: "1")), &session, &rest)
    case .receiveChunk(let bytes, let isLast):
      if bytes > rest.count { return false }
      rest = rest.dropFirst(bytes)
      let next =
        isLast ? session.dataEnded(.queued(as: "1")) : session.chunkReceived(bytes: bytes)
      return try perform(next, &session, &rest)
    case .skipChunk(let bytes, let then):
      if bytes > rest.count { return false }
      rest = rest.dropFirst(bytes)
      return try perform(then, &session, &rest)
    case .flush(let domain, _):
      return try perform(.reply(.flushing(domain, messages: 1)), &session, &rest)
    }
  }

  /// Every line of a reply has its code and ends where it ends.
  private static func check(_ reply: Reply) throws(FuzzFinding) {
    var output: [UInt8] = []
    reply.write(to: &output)
    let ends = output.count { $0 == .lineFeed }
    try FuzzFinding.check(ends == reply.lines.count, "a reply has a line of its own")
    try FuzzFinding.check(
      output.allSatisfy {
        $0.isVisible || $0 == .space || $0 == .carriageReturn || $0 == .lineFeed
      }, "a reply has a control")
  }
}
