import Foundation
import TestSupport

/// A server by aiosmtpd, which takes no line of more than 1,001 octets with its end.
package final class StrictServer {
  /// Its port on 127.0.0.1.
  package let port = FreePorts.take()
  private let scratch: ScratchDirectory
  private var process: Program?

  /// Starts the server, and returns when it serves.
  package init() throws {
    scratch = try ScratchDirectory()
    let script = """
      import sys, threading
      from aiosmtpd.controller import Controller
      class Handler:
          count = 0
          async def handle_DATA(self, server, session, envelope):
              Handler.count += 1
              with open(f"{sys.argv[2]}/{Handler.count}.partial", "wb") as file:
                  file.write(envelope.original_content)
              import os
              os.rename(f"{sys.argv[2]}/{Handler.count}.partial", f"{sys.argv[2]}/{Handler.count}.eml")
              return "250 taken"
      Controller(Handler(), hostname="127.0.0.1", port=int(sys.argv[1])).start()
      print("ready", flush=True)
      threading.Event().wait()
      """
    try script.write(toFile: "\(scratch.path)/server.py", atomically: true, encoding: .utf8)
    let output = "\(scratch.path)/output"
    // Debian's own, which the package python3-aiosmtpd is for.
    let process = try Program(
      "/usr/bin/python3", ["\(scratch.path)/server.py", "\(port)", scratch.path], output: output)
    self.process = process
    try eventually("aiosmtpd serves") {
      let text = (try? String(contentsOfFile: output, encoding: .utf8)) ?? ""
      if !process.isRunning { throw Overdue(description: text) }
      return text.contains("ready")
    }
  }

  /// The messages that it has taken, octet by octet.
  package var messages: [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: scratch.path)) ?? [])
      .filter { $0.hasSuffix(".eml") }.sorted()
      .compactMap { FileManager.default.contents(atPath: "\(scratch.path)/\($0)") }
      .map { String(decoding: $0, as: UTF8.self) }
  }
}
