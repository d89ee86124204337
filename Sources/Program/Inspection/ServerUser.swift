import Configuration
import Platform

/// The user that the server runs as, as far as it can be told.
struct ServerUser {
  private let number: UInt32?

  /// That of the running server, else whoever owns the spool, else `gatepost` if there is such a user.
  init(_ places: Configuration.Places) {
    let control = try? Directory(path: places.runtime).status(of: Listening.socketName).owner
    let spool = try? Directory(path: places.spool).descriptor.status().owner
    number = control ?? spool ?? SystemUser(named: "gatepost")?.number
  }

  /// Makes this process act as that user; says what is not tried where it cannot.
  func takeOver() -> [Finding] {
    guard let number, number != SystemUser.current else { return [] }
    guard let user = SystemUser(numbered: number) else {
      return [
        Finding(
          .warning, "there is no user \(number), who owns the spool; what it may open was not tried"
        )
      ]
    }
    guard SystemUser.current == 0 else {
      return [
        Finding(
          .warning,
          "what the server's user \(user.name) may open was not tried, only what you may; run it with sudo"
        )
      ]
    }
    do throws(SystemError) {
      try user.become()
      return []
    } catch {
      return [
        Finding(.warning, "what the server's user \(user.name) may open was not tried: \(error)")
      ]
    }
  }
}
