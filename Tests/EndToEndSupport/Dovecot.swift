import Foundation
import TestSupport

/// Dovecot's LMTP server with a few users, in a directory of its own, at a Unix socket and a port.
package final class Dovecot {
  /// Its port on 127.0.0.1, which it keeps while it is down.
  package let port = FreePorts.take()
  /// The path of its Unix socket.
  package let socket: String
  private let scratch: ScratchDirectory
  private var program: Program?

  /// Who has mail there: root is no user of Dovecot's.
  private static let owner: (uid: uid_t, gid: gid_t) =
    geteuid() == 0 ? (65534, 65534) : (geteuid(), getegid())

  package init(users: [String], isUp: Bool = true) throws {
    scratch = try ScratchDirectory()
    let path = scratch.path
    socket = "\(path)/lmtp"
    let (uid, gid) = Self.owner
    let user = String(cString: getpwuid(uid).pointee.pw_name)
    let group = String(cString: getgrgid(gid).pointee.gr_name)
    let configuration = """
      base_dir = \(path)/run
      state_dir = \(path)/run
      log_path = /dev/stderr
      ssl = no
      protocols = lmtp
      listen = 127.0.0.1
      default_internal_user = \(user)
      default_internal_group = \(group)
      default_login_user = \(user)
      first_valid_uid = 1
      mail_location = maildir:~/Maildir
      auth_username_format = %Ln
      userdb {
        driver = passwd-file
        args = \(path)/users
      }
      passdb {
        driver = static
        args = nopassword=y
      }
      service anvil {
        chroot =
      }
      service lmtp {
        unix_listener \(socket) {
          mode = 0666
        }
        inet_listener lmtp {
          port = \(port)
        }
      }

      """
    try configuration.write(toFile: "\(path)/conf", atomically: true, encoding: .utf8)
    try users.map { "\($0)::\(uid):\(gid)::\(path)/\($0)\n" }.joined()
      .write(toFile: "\(path)/users", atomically: true, encoding: .utf8)
    if geteuid() == 0 { chown(path, uid, gid) }
    if isUp { try start() }
  }

  deinit { try? stop() }

  /// Starts it and waits until it serves.
  package func start() throws {
    let log = "\(scratch.path)/log"
    let program = try Program("dovecot", ["-F", "-c", "\(scratch.path)/conf"], output: log)
    self.program = program
    let said = { (try? String(contentsOfFile: log, encoding: .utf8)) ?? "" }
    try eventually("dovecot serves", context: said) {
      if !program.isRunning { throw Overdue(description: "dovecot ended:\n\(said())") }
      return said().contains("starting up")
    }
  }

  /// Stops it and waits for its end.
  package func stop() throws {
    program?.signal(SIGTERM)
    try program?.waitForEnd()
    program = nil
  }

  /// The messages that a user has.
  package func messages(of user: String) -> [String] {
    let folder = "\(scratch.path)/\(user)/Maildir/new"
    return ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).compactMap {
      try? String(contentsOfFile: "\(folder)/\($0)", encoding: .utf8)
    }
  }

  // MARK: At a maildrop of ours

  /// Has `doveadm` work at a Maildir as at its inbox; returns what it said.
  package static func work(at maildir: String, _ arguments: String...) throws -> String {
    let scratch = try ScratchDirectory()
    let conf = "\(scratch.path)/conf"
    try """
    base_dir = \(scratch.path)
    state_dir = \(scratch.path)
    log_path = /dev/stderr
    ssl = no
    first_valid_uid = 1
    mail_uid = \(owner.uid)
    mail_gid = \(owner.gid)
    mail_location = maildir:\(maildir)

    """.write(toFile: conf, atomically: true, encoding: .utf8)
    if geteuid() == 0 {
      // The folders on the way to it, and what is in it.
      for depth in 1...3 {
        let folder = maildir.split(separator: "/").dropLast(depth).joined(separator: "/")
        chmod("/\(folder)", 0o711)
      }
      for file in [""] + (try FileManager.default.subpathsOfDirectory(atPath: maildir)) {
        chown("\(maildir)/\(file)", owner.uid, owner.gid)
      }
    }
    let run = try Program.run(
      "env", ["HOME=\(maildir)", "USER=nobody", "doveadm", "-c", conf] + arguments)
    if run.status != 0 { throw Overdue(description: "doveadm failed: \(run.output)") }
    return run.output
  }
}
