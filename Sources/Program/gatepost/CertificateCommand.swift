import ArgumentParser
import Configuration
import Inspection
import Mail
import Platform
import TLS

/// The command `gatepost certificate`.
struct CertificateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "certificate",
    abstract: "Look at the certificates of the server, and give their authority to clients.",
    subcommands: [ShowCommand.self, ExportCommand.self])

  struct ShowCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "show",
      abstract: "Say what the certificates are for, and until when.",
      discussion: """
        For each: the file, its names, the day it ends, and its SHA-256 fingerprint as other gatepost servers \
        take it; then what clients will not like.
        """)

    @OptionGroup var place: ConfigurationPlace

    func run() throws {
      let configuration = try place.load()
      let hostName = configuration.server.hostname.text
      for facts in try Self.facts(configuration.served()) {
        Console.say(facts.path)
        Console.say("  key: \(facts.keyKind)")
        Console.say(
          "  names: \(facts.names.isEmpty ? "none" : facts.names.joined(separator: ", "))")
        Console.say(
          "  valid: \(CertificateFacts.date(facts.begins)) to \(CertificateFacts.date(facts.ends))")
        Console.say("  fingerprint: sha256:\(facts.fingerprint)")
        for warning in facts.warnings(hostName: hostName, now: WallClock.now) {
          Console.say("  warning: it \(warning)")
        }
      }
    }

    private static func facts(_ served: ServedCertificates) throws(Failure) -> [CertificateFacts] {
      do throws(TLSError) { return try served.facts() } catch {
        throw Failure(.input, error.description)
      }
    }
  }

  struct ExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "export",
      abstract: "Print the certificate that clients have to trust, in PEM form.",
      discussion: """
        It is that of the authority of this machine, made at the first start. A phone or a mail program that has \
        been given it takes the server's certificates, those of later years too. It vouches for the names of this \
        machine alone.
        """)

    @OptionGroup var place: ConfigurationPlace

    func run() throws {
      let served = try place.load().served()
      do throws(TLSError) {
        if let text = try served.authorityText() { return Console.sayAsIs(text) }
      } catch {
        throw Failure(.input, error.description)
      }
      throw Failure(
        .unavailable,
        "\(served.files[0].certificate) is not of this machine's own authority: clients have to know whoever has "
          + "issued it, if they do not already")
    }
  }
}

extension Configuration {
  /// The certificates of `[tls]` as they stand on disk.
  fileprivate func served() throws(Failure) -> ServedCertificates {
    do throws(TLSError) {
      return try ServedCertificates(
        certificateFiles,
        hostName: server.hostname.text, authorities: tls.authorities)
    } catch {
      throw Failure(.input, error.description)
    }
  }
}
