import Foundation
import TestSupport
import Testing

/// An OpenSMTPD in a directory of its own: takes mail for far.example into a maildir.
///
/// Its paths and its users are fixed when it is compiled: it runs, as root, in a mount namespace of its
/// own, where they lead into the directory.
// Limitation: without TLS, for its private keys do not work with the OpenSSL 3 of Debian 12.
package final class OpenSMTPD {
  /// Where it listens, on 127.0.0.1.
  package let port = FreePorts.take()
  private let scratch: ScratchDirectory
  private let daemon: Program
  private var path: String { scratch.path }

  /// - Parameter relay: the port of this machine that mail for other domains goes to.
  package init(relay: UInt16? = nil) throws {
    let package = try Peers.path(of: "opensmtpd")
    scratch = try ScratchDirectory()
    let path = scratch.path
    let configuration = """
      listen on 127.0.0.1 port \(port) hostname mx.far.example
      table users { "ann@far.example" = "daemon", "bob@far.example" = "daemon" }
      action "keep" maildir "\(path)/mail/%{rcpt.user}" virtual <users>
      match from any for domain "far.example" action "keep"
      \(relay.map { Self.relaying(to: $0) } ?? "")

      """
    let script = """
      set -e
      cd "$1"
      chmod 755 .
      mkdir -p spool run mail
      chmod 711 spool
      chown daemon mail
      chmod 600 smtpd.conf
      cp /etc/passwd /etc/group .
      printf 'opensmtpd:x:64001:64001::/run:/bin/false\\nopensmtpq:x:64002:64002::/run:/bin/false\\n' >>passwd
      printf 'opensmtpd:x:64001:\\nopensmtpq:x:64002:\\n' >>group
      mount --bind passwd /etc/passwd
      mount --bind group /etc/group
      for folder in /usr/libexec /var/spool /var/lib; do
        [ ! -d "$folder" ] || mount -t tmpfs none "$folder"
      done
      mkdir -p /usr/libexec/opensmtpd /var/spool/smtpd /var/lib/opensmtpd/empty
      mount --bind "$2/usr/libexec/opensmtpd" /usr/libexec/opensmtpd
      mount --bind spool /var/spool/smtpd
      mount --bind run /run
      exec "$2/usr/sbin/smtpd" -d -f "$1/smtpd.conf"
      """
    try configuration.write(toFile: "\(path)/smtpd.conf", atomically: true, encoding: .utf8)
    daemon = try Peers.start(
      ["unshare", "-m", "sh", "-c", script, "sh", path, package], of: "opensmtpd",
      output: "\(path)/out")
    try eventually("OpenSMTPD listens", context: { log }) {
      (try? Client(port: port).expect("220")) != nil
    }
  }

  private static func relaying(to port: UInt16) -> String {
    """
    action "send" relay host "smtp+notls://127.0.0.1:\(port)"
    match from any for any action "send"
    """
  }

  deinit {
    daemon.signal(SIGTERM)
    _ = try? daemon.waitForEnd()
  }

  /// What it says.
  package var log: String { (try? String(contentsOfFile: "\(path)/out", encoding: .utf8)) ?? "" }

  /// The messages of `ann` or `bob`.
  package func maildrop(_ user: String) -> [String] {
    let folder = "\(path)/mail/\(user)/new"
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.sorted().compactMap {
      try? String(contentsOfFile: "\(folder)/\($0)", encoding: .utf8)
    }
  }
}
