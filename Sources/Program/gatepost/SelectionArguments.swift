import ArgumentParser
import Control
import Mail
import Spool

/// The patterns on the command line that name messages of the queue.
struct SelectionArguments: ParsableArguments {
  @Argument(help: "Which messages: ID, from=ADDRESS, to=ADDRESS, older=TIME or all.")
  var pattern: [String]

  func validate() throws {
    do throws(QueueSelection.Misspelling) { _ = try QueueSelection(pattern) } catch {
      throw ValidationError(
        "\"\(String(escaping: error.word.utf8))\" is no pattern; give an identifier, from=ADDRESS,"
          + " to=ADDRESS, older=2h or all")
    }
  }

  /// Has whoever loses every message by it say so.
  func check(isSure: Bool) throws {
    if pattern.contains("all") && !isSure {
      throw ValidationError("all messages would be gone; give --yes if that is what you want")
    }
  }
}

/// What the sender of a message is told that an admin returns.
enum BounceReason {
  static let usual = ControlRequest.usualReason

  static func check(_ reason: String) throws {
    let isText = reason.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F } && !reason.isEmpty
    guard isText, reason.utf8.count <= ControlRequest.reasonBytes else {
      throw ValidationError(
        "the reason must be one line of at most \(ControlRequest.reasonBytes) octets")
    }
  }
}
