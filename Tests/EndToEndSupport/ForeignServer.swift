import Foundation
import TestSupport

/// A mail server of `servers/tls_server.py`, whose TLS is Python's and has the trouble that a test wants.
package final class ForeignServer {
  /// Where it listens, on 127.0.0.1.
  package let port = FreePorts.take()
  private let scratch: ScratchDirectory
  private let program: Program

  /// - Parameters:
  ///   - mode: the trouble, by its name in the script.
  ///   - files: its certificate and key; one that it has made itself by default.
  package init(
    _ mode: String, _ options: [String] = [], files: TestAuthority.Files? = nil
  ) throws {
    scratch = try ScratchDirectory()
    let path = scratch.path
    if files == nil {
      let run = try Program.run(
        "openssl",
        [
          "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "\(path)/key.pem", "-out",
          "\(path)/cert.pem", "-days", "2", "-subj", "/CN=mx.far.example", "-addext",
          "subjectAltName=DNS:mx.far.example",
        ])
      guard run.status == 0 else { throw Overdue(description: run.output) }
    }
    let script = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "servers/tls_server.py").path
    program = try Program(
      "python3",
      [
        script, "\(port)", files?.certificate ?? "\(path)/cert.pem",
        files?.key ?? "\(path)/key.pem", mode,
      ] + options, output: "\(path)/out")
    try eventually("the server listens", context: { log }) { log.contains("listening") }
  }

  /// What it says: a line for each event.
  package var log: String {
    (try? String(contentsOfFile: "\(scratch.path)/out", encoding: .utf8)) ?? ""
  }

  /// The events of a kind, without its name.
  package func events(_ kind: String) -> [String] {
    log.split(separator: "\n").filter { $0.hasPrefix("\(kind) ") || $0 == kind }
      .map { String($0.dropFirst(kind.count + 1)) }
  }
}
