import Configuration
import EventLoop
import Inspection
import Log
import Mail
import Network
import Platform
import TLS

/// The certificates of the listeners: ours, made and renewed where there are none, or the admin's.
///
/// Every hour ours are renewed if they are due, files that have changed are read again, and all are looked at, without a
/// reload.
///
/// **Failures**: while they cannot be used, no TLS is offered, and clients of the services that begin with TLS are
/// turned away; the files are read again until they can be used. What was read before stays in use.
@Loop
final class Certificates {
  /// The server's side of TLS for all services.
  let identity = ServerIdentity(nil)
  private var settings: Settings
  private var stamps: [FileStatus?] = []
  private var reviewed: [String] = []
  private let troubles: Troubles

  private static let interval: Duration = .seconds(3600)
  /// While the clock is not set: what there is may have expired, and nobody knows.
  private static let intervalWithoutClock: Duration = .seconds(60)

  /// What a certificate is made of.
  struct Settings: Equatable {
    var files: [CertificateFiles]
    var hostName: String
    /// Private authorities that clients know.
    var authorities: String?
    /// Whether some clients may speak TLS 1.0 and 1.1.
    var allowsOldTLS: Bool

    init(_ configuration: Configuration) {
      files = configuration.certificateFiles
      hostName = configuration.server.hostname.text
      authorities = configuration.tls.authorities
      allowsOldTLS = configuration.profiles.contains(where: \.allowsOldTLS)
    }
  }

  /// The two sides of TLS that the certificates serve.
  struct Contexts {
    var usual: TLSContext
    /// For old clients where a profile lets them in.
    var old: TLSContext?

    /// Makes and renews the files where they are ours, and reads them.
    init(_ settings: Settings) throws(TLSError) {
      var files = settings.files
      let own = ServedCertificates.own(settings.files, hostName: settings.hostName)
      if let own, let outcome = try own.maintain() {
        files = outcome.files
        Self.tell(outcome.change, of: own)
      }
      if settings.allowsOldTLS { old = try TLSContext.server(files, minimum: .tls10) }
      usual = try TLSContext.server(files)
    }

    private static func tell(_ change: OwnCertificates.Change, of own: OwnCertificates) {
      switch change {
      case .none: break
      case .renewed: Log.say(.notice, "TLS: the certificates of this machine were renewed")
      case .made:
        Log.say(
          .notice,
          "TLS: an authority was made for this machine, \(own.authority.certificate), and certificates; "
            + "`gatepost certificate export` prints what clients have to be given")
      }
    }
  }

  init(_ configuration: Configuration, troubles: Troubles) {
    settings = Settings(configuration)
    self.troubles = troubles
  }

  /// Reads the files; says whether they can be used.
  @discardableResult
  func attempt() -> Bool {
    do throws(TLSError) {
      use(try Contexts(settings))
      return true
    } catch {
      let consequence =
        identity.context == nil
        ? "clients get no TLS, and those of submissions and pop3s no service, until it can be used"
        : "the certificate that was read before is served until it can be used"
      troubles.begin("TLS", "\(error); \(consequence)")
      return false
    }
  }

  /// Reads the files again until they can be used, whenever they cannot, and looks at them every hour, until the program
  /// stops.
  func run() async {
    do throws(WaitError) {
      while true {
        var attempts = Attempts()
        while identity.context == nil {
          try await attempts.wait()
          attempt()
        }
        let isClockSet = WallClock.now >= WallClock.earliest
        try await Loop.shared.eventLoop.sleep(
          until: .now + (isClockSet ? Self.interval : Self.intervalWithoutClock))
        look()
      }
    } catch {
      // The program stops.
    }
  }

  /// Serves other certificates, which have been read, from now on.
  func take(_ settings: Settings, _ contexts: Contexts) {
    self.settings = settings
    use(contexts)
  }

  /// What `gatepost status` tells of the certificate; nil while none is served.
  var fact: (name: String, text: String)? {
    guard let expiry = identity.context?.certificateExpiry else { return nil }
    return (
      "certificate", "\(settings.files[0].certificate), until \(DateTime(unixSeconds: expiry).text)"
    )
  }

  private func use(_ contexts: Contexts) {
    (identity.context, identity.oldContext) = (contexts.usual, contexts.old)
    troubles.end("TLS", "the certificate is served")
    stamps = currentStamps()
    review()
  }

  /// Reads what has changed, renews what is due, and judges what is served by the time it is now.
  private func look() {
    let own = ServedCertificates.own(settings.files, hostName: settings.hostName)
    let isDue = own.map { (try? $0.isDue()) ?? true } ?? false
    if isDue || currentStamps() != stamps { attempt() } else { review() }
  }

  /// What tells a file from the one that was read.
  private func currentStamps() -> [FileStatus?] {
    settings.files.flatMap { [$0.certificate, $0.key] }.map { path in
      try? Descriptor.reading(path: path).status()
    }
  }

  /// Tells of what clients will not like.
  private func review() {
    var subjects: [String] = []
    do throws(TLSError) {
      let served = try ServedCertificates(
        settings.files, hostName: settings.hostName, authorities: settings.authorities)
      for warning in try served.warnings(hostName: settings.hostName, now: WallClock.now) {
        let subject = "certificate \(warning.path)"
        subjects.append(subject)
        troubles.begin(subject, warning.text)
      }
    } catch {
      // A file that cannot be read is a trouble of its own when it is next to be served.
    }
    for subject in reviewed where !subjects.contains(subject) {
      troubles.end(subject, "is in order")
    }
    reviewed = subjects
  }
}
