import Accounts
package import Configuration
import Mail
import Network
import Platform
package import TLS

/// The check of a configuration and of all that the server opens because of it, as the server's user.
///
/// It changes nothing but this process, which acts as that user from then on where root runs it. A port is bound for
/// a moment, unless the running server has it.
package struct Inspection {
  /// What was found, the order being that of the checks.
  package private(set) var findings: [Finding] = []
  /// How many users there are; nil if they cannot be read.
  package private(set) var userCount: Int?

  /// Reads the configuration and tries everything that it names.
  ///
  /// - Parameter path: the main file.
  package static func run(path: String) -> Inspection {
    var findings: [Finding] = []
    let places = Configuration.places(path: path)
    // What only root or the unit's capability may do comes before anything is given up.
    let server = ServerUser(places)
    let listeners = Listening(runtime: places.runtime)
    let ports = (try? Configuration.load(path: path)).map { listeners.findings($0.listen) } ?? []
    findings += server.takeOver()
    let configuration: Configuration
    do throws(ConfigurationError) {
      configuration = try Configuration.load(path: path)
    } catch {
      findings += error.diagnostics.map { Finding(about: $0) }
      return Inspection(findings: findings)
    }
    findings += configuration.warnings.map { Finding(about: $0) }
    var inspection = Inspection(findings: findings)
    inspection.check(networksOf: configuration)
    inspection.check(certificateOf: configuration)
    inspection.check(accountsOf: configuration)
    inspection.findings += Storage.findings(configuration)
    inspection.findings += ports
    inspection.check(resolverOf: configuration)
    return inspection
  }

  private init(findings: [Finding]) { self.findings = findings }

  // MARK: Parts

  private mutating func check(networksOf configuration: Configuration) {
    let relay = configuration.relay.networks
    let lists = [("[relay]", relay), ("[pop-before-smtp]", configuration.popBeforeSMTP.networks)]
    for (section, networks) in lists {
      for remark in networks.compactMap(\.remark) {
        findings.append(Finding(.warning, "\(section) networks: \(remark)"))
      }
    }
    // The default of the other list has each private network in it, and so each gateway.
    guard !relay.isEmpty, let surroundings = try? Surroundings.read() else { return }
    for sentence in TrustedNetworks(relay, surroundings).misconfigurations(of: "[relay] networks") {
      findings.append(Finding(.warning, sentence))
    }
  }

  private mutating func check(certificateOf configuration: Configuration) {
    let hostName = configuration.server.hostname.text
    let configured = configuration.certificateFiles
    let paths = configured.flatMap { [$0.certificate, $0.key] }
    if configured.count == 1, !paths.contains(where: Storage.isThere) {
      // Made at the first start.
      return findings += paths.compactMap { Storage.obstacle(toMaking: $0) }
    }
    do throws(TLSError) {
      let served = try ServedCertificates(
        configured, hostName: hostName, authorities: configuration.tls.authorities)
      _ = try TLSContext.server(served.files)
      for warning in try served.warnings(hostName: hostName, now: WallClock.now) {
        findings.append(Finding(.warning, "certificate \(warning.path): it \(warning.text)"))
      }
    } catch {
      findings.append(Finding(.error, "\(error)"))
    }
    for key in configured.map(\.key) {
      if let status = try? Descriptor.reading(path: key).status(), status.mode & 0o004 != 0 {
        findings.append(
          Finding(
            .warning, "\(key): every user of this machine may read the key; run: chmod o= \(key)"))
      }
    }
    for path in paths {
      if let status = try? Descriptor.reading(path: path).status(), status.isWritableByOthers {
        findings.append(Storage.writable(path))
      }
    }
  }

  private mutating func check(accountsOf configuration: Configuration) {
    let paths = (users: configuration.server.users, aliases: configuration.local.aliases)
    for path in [paths.users, paths.aliases] {
      if let status = try? Descriptor.reading(path: path).status(), status.isWritableByOthers {
        findings.append(Storage.writable(path))
      }
    }
    var problems: [Finding] = []
    var users: UsersFile?
    var aliases: AliasesFile?
    do throws(UsersFileError) { users = try UsersFile.read(path: paths.users) } catch {
      problems.append(Finding(.trouble, error.description))
    }
    do throws(UsersFileError) { aliases = try AliasesFile.read(path: paths.aliases) } catch {
      problems.append(Finding(.trouble, error.description))
    }
    findings += problems
    userCount = users?.users.count
    guard let users, let aliases, let domain = configuration.server.domains.first,
      let postmaster = Mailbox(localPart: "postmaster", domain: domain)
    else { return }
    let isHandedOver = configuration.lmtpServers[domain] != nil
    if !isHandedOver, configuration.local.redirectAll == nil,
      !aliases.reach(postmaster, users, separator: configuration.local.separator)
    {
      findings.append(
        Finding(
          .warning,
          "\(postmaster.text): nobody reads this mail, among it reports of failures; add a line such as "
            + "\"postmaster: \(users.users.first?.name.text ?? "NAME")\" to \(paths.aliases)"))
    }
  }

  private mutating func check(resolverOf configuration: Configuration) {
    let path = "/etc/resolv.conf"
    guard configuration.dns.nameservers.isEmpty else { return }
    do throws(SystemError) { _ = try Descriptor.reading(path: path).status() } catch {
      findings.append(
        Finding(
          .trouble,
          "\(path): cannot be read: \(error); no name can be looked up unless a server runs here"))
    }
  }
}

extension Finding {
  /// What is wrong with the configuration itself.
  init(about diagnostic: Diagnostic) {
    self.init(diagnostic.severity == .warning ? .warning : .error, diagnostic.message)
    place = diagnostic.place
  }
}

extension Configuration {
  /// The pairs of `[tls]`, at least one.
  package var certificateFiles: [CertificateFiles] {
    zip(tls.certificates, tls.keys).map { CertificateFiles(certificate: $0, key: $1) }
  }
}
