import Configuration
import Control
import Mail

extension FuzzEntry {
  /// A request means the same when it is written again.
  static func runControl(_ input: [UInt8]) throws(FuzzFinding) {
    for line in input.split(separator: .lineFeed, omittingEmptySubsequences: false) {
      if let request = ControlRequest(parsing: Array(line)) {
        let again = ControlRequest(parsing: Array(request.line.utf8))
        try FuzzFinding.check(again == request, "a request means something else when repeated")
      }
      let text = String(decoding: line, as: UTF8.self)
      if let reply = ControlReply(parsing: text) {
        try FuzzFinding.check(
          ControlReply(parsing: reply.line) == reply, "a reply means something else when repeated")
      }
    }
  }

  /// A configuration is taken or refused with a sentence, which names the file.
  static func runConfiguration(_ input: [UInt8]) throws(FuzzFinding) {
    do throws(ConfigurationError) {
      _ = try Configuration.parse(input, name: "gatepost.conf", machineName: "gw.home.example")
    } catch {
      try FuzzFinding.check(!error.diagnostics.isEmpty, "a refusal has no reason")
      for diagnostic in error.diagnostics {
        let text = diagnostic.description
        try FuzzFinding.check(
          text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }, "a sentence has a control")
      }
    }
  }
}
