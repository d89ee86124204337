import Configuration
import EventLoop
import Log
import Mail
import Network
import Platform
import TLS

/// The certificate of the listeners: made on the first start if there is none, then read from its files.
///
/// **Failures**: while it cannot be used, no TLS is offered, and clients of the services that begin with TLS are
/// turned away; the files are read again until they can be used.
@Loop
final class Certificates {
  /// The server's side of TLS for all services.
  let identity = ServerIdentity(nil)
  private var settings: Settings
  private let troubles: Troubles
  private let changed = Condition()

  /// What a certificate is made of.
  struct Settings: Equatable {
    var certificate: String
    var key: String
    var hostName: String
    /// Whether some clients may speak TLS 1.0 and 1.1.
    var allowsOldTLS: Bool

    init(_ configuration: Configuration) {
      certificate = configuration.tls.certificate
      key = configuration.tls.key
      hostName = configuration.server.hostname.text
      allowsOldTLS = configuration.profiles.contains(where: \.allowsOldTLS)
    }
  }

  /// The two sides of TLS that a certificate serves.
  struct Contexts {
    var usual: TLSContext
    /// For old clients where a profile lets them in.
    var old: TLSContext?

    /// Reads the files.
    init(_ settings: Settings) throws(TLSError) {
      let (certificate, key) = (settings.certificate, settings.key)
      if settings.allowsOldTLS {
        old = try TLSContext.server(certificatePath: certificate, keyPath: key, minimum: .tls10)
      }
      usual = try TLSContext.server(certificatePath: certificate, keyPath: key)
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
      let presence = try SelfSignedCertificate.ensure(
        certificatePath: settings.certificate, keyPath: settings.key, hostName: settings.hostName)
      if presence == .made {
        Log.say(.notice, "\(settings.certificate): a self-signed certificate was made")
      }
      use(try Contexts(settings))
      return true
    } catch {
      troubles.begin(
        "TLS",
        "\(error); clients get no TLS, and those of submissions and pop3s no service, until it can be used"
      )
      return false
    }
  }

  /// Reads the files again until they can be used, whenever they cannot, until the program stops.
  func run() async {
    do throws(WaitError) {
      while true {
        var attempts = Attempts()
        while identity.context == nil {
          try await attempts.wait()
          attempt()
        }
        try await changed.wait()
      }
    } catch {
      // The program stops.
    }
  }

  /// Serves another certificate, which has been read, from now on.
  func take(_ settings: Settings, _ contexts: Contexts) {
    self.settings = settings
    use(contexts)
  }

  /// What `gatepost status` tells of the certificate; nil while none is served.
  var fact: (name: String, text: String)? {
    guard let expiry = identity.context?.certificateExpiry else { return nil }
    return ("certificate", "\(settings.certificate), until \(DateTime(unixSeconds: expiry).text)")
  }

  private func use(_ contexts: Contexts) {
    (identity.context, identity.oldContext) = (contexts.usual, contexts.old)
    troubles.end("TLS", "the certificate is served")
  }
}
