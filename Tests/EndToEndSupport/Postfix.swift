import Foundation
import TestSupport
import Testing

/// A Postfix in a directory of its own: takes mail for far.example into a maildir, and sends all other
/// to one server.
///
/// It runs from where its package is unpacked, as root with the users that every Debian has: `daemon` is
/// the owner of its queue, `mail` the group of its programs.
// Limitation: Postfix has no way to run without root.
package final class Postfix {
  /// Where it listens, on 127.0.0.1.
  package let port = FreePorts.take()
  private let scratch: ScratchDirectory
  private let master: Program
  private var path: String { scratch.path }

  /// - Parameters:
  ///   - relay: the port on 127.0.0.1 of the server that gets what is not for far.example.
  ///   - settings: further lines of `main.cf`.
  package init(relay: UInt16 = 9, settings: [String] = []) throws {
    let package = try Peers.path(of: "postfix")
    scratch = try ScratchDirectory()
    let path = scratch.path
    let main = """
      compatibility_level = 3.6
      queue_directory = \(path)/spool
      data_directory = \(path)/data
      daemon_directory = \(package)/usr/lib/postfix/sbin
      command_directory = \(package)/usr/sbin
      shlib_directory = \(package)/usr/lib/postfix
      import_environment = MAIL_CONFIG LD_LIBRARY_PATH
      export_environment = LD_LIBRARY_PATH
      mail_owner = daemon
      setgid_group = mail
      inet_interfaces = 127.0.0.1
      inet_protocols = ipv4
      mynetworks = 127.0.0.0/8
      myhostname = mx.far.example
      mydestination =
      alias_maps =
      alias_database =
      virtual_mailbox_domains = far.example
      virtual_mailbox_base = \(path)/mail
      virtual_mailbox_maps = inline:{ ann@far.example=ann/, bob@far.example=bob/ }
      virtual_uid_maps = static:1
      virtual_gid_maps = static:1
      virtual_minimum_uid = 1
      smtp_dns_support_level = disabled
      relayhost = [127.0.0.1]:\(relay)
      message_size_limit = 104857600
      virtual_mailbox_limit = 0
      smtpd_tls_cert_file = \(path)/cert.pem
      smtpd_tls_key_file = \(path)/key.pem
      smtpd_tls_security_level = may
      smtpd_tls_received_header = yes
      smtp_tls_security_level = may
      smtputf8_enable = yes
      maillog_file = \(path)/log
      maillog_file_prefixes = \(path)
      \(settings.joined(separator: "\n"))
      """
    let services = """
      127.0.0.1:\(port) inet n - n - - smtpd
      postlog unix-dgram n - n - 1 postlogd
      pickup unix n - n 60 1 pickup
      cleanup unix n - n - 0 cleanup
      qmgr unix n - n 300 1 qmgr
      tlsmgr unix - - n 1000? 1 tlsmgr
      rewrite unix - - n - - trivial-rewrite
      bounce unix - - n - 0 bounce
      defer unix - - n - 0 bounce
      trace unix - - n - 0 bounce
      verify unix - - n - 1 verify
      proxymap unix - - n - - proxymap
      smtp unix - - n - - smtp
      relay unix - - n - - smtp
      error unix - - n - - error
      retry unix - - n - - error
      virtual unix - n n - - virtual
      anvil unix - - n - 1 anvil
      scache unix - - n - 1 scache

      """
    let script = """
      set -e
      cd "$1"
      chmod 755 .
      mkdir -p conf data mail spool
      cd spool
      mkdir active bounce corrupt defer deferred flush hold incoming maildrop pid private public saved trace
      chmod 700 active bounce corrupt defer deferred flush hold incoming private saved trace
      chown daemon active bounce corrupt defer deferred flush hold incoming private saved trace
      chmod 710 public
      chmod 730 maildrop
      chown daemon:mail public maildrop
      chown daemon ../data ../mail
      openssl req -x509 -newkey rsa:2048 -nodes -keyout ../key.pem -out ../cert.pem -days 2 \\
        -subj /CN=mx.far.example -addext subjectAltName=DNS:mx.far.example
      """
    let run = try Program.run("sh", ["-c", script, "sh", path])
    guard run.status == 0 else { throw Overdue(description: run.output) }
    try main.write(toFile: "\(path)/conf/main.cf", atomically: true, encoding: .utf8)
    try services.write(toFile: "\(path)/conf/master.cf", atomically: true, encoding: .utf8)
    master = try Peers.start(
      [
        "env", "MAIL_CONFIG=\(path)/conf",
        "\(package)/usr/lib/postfix/sbin/master", "-c", "\(path)/conf", "-d",
      ], of: "postfix", output: "\(path)/out")
    try eventually("Postfix listens", context: { log }) {
      (try? Client(port: port).expect("220")) != nil
    }
  }

  deinit {
    // Its services end with it.
    master.signal(SIGTERM)
    _ = try? master.waitForEnd()
  }

  /// What it says.
  package var log: String {
    ["log", "out"].map { (try? String(contentsOfFile: "\(path)/\($0)", encoding: .utf8)) ?? "" }
      .joined()
  }

  /// The messages of `ann` or `bob`.
  package func maildrop(_ user: String) -> [String] {
    let folder = "\(path)/mail/\(user)/new"
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.sorted().compactMap {
      try? String(contentsOfFile: "\(folder)/\($0)", encoding: .utf8)
    }
  }
}
