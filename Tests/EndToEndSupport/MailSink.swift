import Foundation
import TestSupport

/// smtp-sink of Postfix on port 25 of a host: takes every message, and keeps what it was told.
package final class MailSink {
  private let scratch: ScratchDirectory
  private let program: Program

  package init(at host: NetworkHost) throws {
    scratch = try ScratchDirectory()
    let sink = "\(try Peers.path(of: "postfix"))/usr/sbin/smtp-sink"
    program = try Peers.start(
      [
        "nsenter", "--net=/proc/\(host.pid)/ns/net", sink, "-u", "root", "-D",
        "\(scratch.path)/mail", "0.0.0.0:25", "100",
      ], of: "postfix", output: "\(scratch.path)/log")
    try eventually("smtp-sink listens") {
      try host.run("ss", "-Hltn", "sport = :25").contains(":25")
    }
  }

  /// The recipients of what was taken, in its order.
  package var recipients: [String] {
    let text = (try? String(contentsOfFile: "\(scratch.path)/mail", encoding: .utf8)) ?? ""
    return text.split(separator: "\n").filter { $0.hasPrefix("X-Rcpt-Args: ") }
      .map { $0.drop { $0 != "<" }.dropFirst().prefix { $0 != ">" } }.map(String.init)
  }
}
