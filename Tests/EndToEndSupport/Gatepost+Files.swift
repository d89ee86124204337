import Foundation

extension Gatepost {
  /// The messages that wait to be sent, as `cat` shows them.
  ///
  /// On a file system without a journal a message that is moved stands under both names for a moment.
  package var queue: [String] {
    let new = names(in: "\(spool)/queue/new")
    return contents(of: "\(spool)/queue/new")
      + contents(of: "\(spool)/queue/cur", leavingOut: new)
  }

  /// The names of the files that are no messages yet.
  package var unfinished: [String] { names(in: "\(spool)/queue/tmp") }

  /// The messages in the maildrop of a user.
  package func maildrop(_ user: String) -> [String] {
    contents(of: "\(spool)/mail/\(user)/new") + contents(of: "\(spool)/mail/\(user)/cur")
  }

  /// The lines of the whitelist that are grants.
  package var grants: [String] {
    let text = (try? String(contentsOfFile: "\(path)/state/whitelist", encoding: .utf8)) ?? ""
    return text.split(separator: "\n").filter { !$0.hasPrefix("#") }.map(String.init)
  }

  /// The memory that is the daemon's alone.
  package func anonymousBytes() throws -> Int {
    let status = try String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)
    let line = status.split(separator: "\n").first { $0.hasPrefix("RssAnon:") }
    guard let kilobytes = line?.split(separator: " ").dropFirst().first.flatMap({ Int($0) }) else {
      throw Overdue(description: "no RssAnon in:\n\(status)")
    }
    return kilobytes << 10
  }

  package func names(in folder: String) -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
  }

  /// A file that is gone before it is read is a message that has left.
  private func contents(of folder: String, leavingOut known: [String] = []) -> [String] {
    names(in: folder).filter { !known.contains($0) }.compactMap { name in
      FileManager.default.contents(atPath: "\(folder)/\(name)")
        .map { String(decoding: $0, as: UTF8.self) }
    }
  }
}
