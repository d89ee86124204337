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

  package init(users: [String], isUp: Bool = true) throws {
    scratch = try ScratchDirectory()
    let path = scratch.path
    socket = "\(path)/lmtp"
    // Root is no user of Dovecot's.
    let isRoot = geteuid() == 0
    let (uid, gid) = isRoot ? (65534, 65534) : (geteuid(), getegid())
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
    if isRoot { chown(path, uid, gid) }
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
}
