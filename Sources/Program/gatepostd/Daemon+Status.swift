import Configuration
import Control
import EventLoop
import Log
import Mail
import Platform
import Receiving
import Spool

/// What `gatepost status` tells besides the queue, each looked at when it is asked for.
@Loop
struct StatusFacts {
  let spool: Spool
  let receiver: Receiver
  let certificates: Certificates
  let listeners: Listeners
  let troubles: Troubles
  /// Reads again what is followed without a signal.
  let refresh: @Loop () -> Void

  /// The facts; troubles with the disk begin and end here.
  func list() -> [(name: String, text: String)] {
    refresh()
    return listeners.names.map { (ControlReply.listening, $0) }
      + [disk, certificates.fact].compactMap { $0 }
  }

  private var disk: (name: String, text: String)? {
    do throws(SystemError) {
      let space = try spool.space
      let floor = receiver.settings.freeSpaceBytes
      if space.isReadOnly {
        troubles.begin("disk", "the spool's disk is read-only: mail is put off with 452")
      } else if space.freeBytes < floor || space.freeFiles < 16 {
        troubles.begin(
          "disk",
          "the spool's disk has less free than is to stay ([limits] free-space): mail is put off with 452; make room"
        )
      } else {
        troubles.end("disk", "mail has room again")
      }
      let rounded = [space.freeBytes, space.bytes, floor].map { ByteCount(bytes: $0).rounded }
      return ("disk", "\(rounded[0]) of \(rounded[1]) free; mail leaves \(rounded[2]) free")
    } catch {
      // The spool is a trouble of its own.
      return nil
    }
  }
}
