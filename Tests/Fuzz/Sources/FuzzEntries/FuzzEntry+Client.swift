import Mail
import SASL
import SMTP

extension FuzzEntry {
  /// The first byte chooses the settings, each line is the server's, and one message is handed in.
  static func runClient(_ input: [UInt8]) throws(FuzzFinding) {
    guard let bits = input.first, let host = Domain("gw.home.example") else { return }
    var session = ClientSession(
      settings: ClientSettings(
        hostname: host, tls: bits & 1 == 0 ? .never : .ifOffered,
        credentials: bits & 2 == 0 ? nil : .init(user: "alice", password: Array("secret".utf8)),
        allowsPasswordInClear: bits & 4 != 0,
        mechanisms: bits & 8 == 0 ? Mechanism.allCases : [.scramSHA256Plus, .scramSHA256],
        chunking: bits & 16 == 0 ? .always : bits & 128 == 0 ? .onceInStep : .never,
        dialect: bits & 32 == 0 ? .smtp : .lmtp),
      isTLSActive: bits & 64 != 0)
    var parser = ReplyParser()
    var wasContentSent = false
    var isHandedIn = false
    for line in input.dropFirst().split(separator: .lineFeed) {
      var action: ClientAction
      switch parser.receive(line) {
      case .incomplete: continue
      case .malformed: action = session.fail(Diagnosis(EnhancedStatus(4, 5, 0), "malformed"))
      case .reply(let reply): action = session.receive(reply)
      }
      steps: while true {
        switch action {
        case .send(let bytes): try checkCommands(bytes, bits)
        case .awaitReply: break
        case .prepareAuthentication:
          try FuzzFinding.check(bits & 2 != 0, "a login that nobody wants")
          let binding = ChannelBindingData(kind: "tls-exporter", octets: [0x42])
          action = session.authenticate(
            random: [UInt8](repeating: 7, count: SASL.Limits.clientNonceBytes),
            binding: session.isTLSActive ? binding : nil)
          continue
        case .compute:
          // No server here knows the password, so none can have this signature.
          action = session.computed(
            [UInt8](repeating: 1, count: 32), serverSignature: [UInt8](repeating: 2, count: 31))
          continue
        case .startTLS:
          action = session.tlsEstablished()
          continue
        case .sendContent, .sendChunk: wasContentSent = true
        case .ready:
          try FuzzFinding.check(
            bits & 2 == 0 || bits & 8 == 0, "a server without the password is believed")
          if isHandedIn { return }
          isHandedIn = true
          action = session.deliver(
            Envelope(
              sender: .null, recipients: [.init(.postmaster), .init(.postmaster)], wireBytes: 9))
          continue
        case .finished(let outcomes):
          try FuzzFinding.check(outcomes.count == 2, "an outcome for each recipient")
          let isDelivered = outcomes.contains { if case .delivered = $0 { true } else { false } }
          try FuzzFinding.check(wasContentSent || !isDelivered, "delivered without its content")
          return
        case .unavailable, .close: return
        }
        break steps
      }
    }
  }

  /// What is sent is lines, and no password leaves in clear unless that is allowed.
  private static func checkCommands(_ bytes: [UInt8], _ bits: UInt8) throws(FuzzFinding) {
    try FuzzFinding.check(bytes.suffix(2) == [.carriageReturn, .lineFeed], "a line has no end")
    let ends = bytes.count { $0 == .lineFeed }
    try FuzzFinding.check(
      ends == bytes.count { $0 == .carriageReturn } && !bytes.contains(0), "a line in a line")
    let isLogin = bytes.starts(with: "AUTH ".utf8)
    try FuzzFinding.check(!isLogin || bits & 2 != 0, "a login that nobody wants")
    let mayLogIn = bits & (1 | 4 | 64) != 0
    try FuzzFinding.check(!isLogin || mayLogIn, "a login in clear")
  }
}
