import Configuration
import Platform

/// The directories of the server, and the files that it makes in them.
enum Storage {
  static func findings(_ configuration: Configuration) -> [Finding] {
    let server = configuration.server
    return spool(server.spool)
      + [server.state, server.runtime].flatMap { directory($0, ifMissing: .trouble) }
  }

  /// What keeps a file from being made where none is.
  static func obstacle(toMaking path: String) -> Finding? {
    let parent = parent(of: path)
    do throws(SystemError) {
      do throws(SystemError) { try Directory(path: parent).checkWritable() } catch let error
        where error.isNotFound
      {
        try Directory(path: Self.parent(of: parent)).checkWritable()
      }
      return nil
    } catch {
      return Finding(.error, "\(path): cannot be made: \(error)")
    }
  }

  /// Whether anything has the name, a link that leads nowhere included.
  static func isThere(_ path: String) -> Bool {
    (try? Directory(path: parent(of: path)).status(of: name(of: path))) != nil
  }

  /// A file that others than its owner may write.
  static func writable(_ path: String) -> Finding {
    Finding(.warning, "\(path): others than its owner may write it; run: chmod go-w \(path)")
  }

  private static func directory(_ path: String, ifMissing: Finding.Severity) -> [Finding] {
    do throws(SystemError) {
      do throws(SystemError) { try Directory(path: path).checkWritable() } catch let error
        where error.isNotFound
      {
        try Directory(path: parent(of: path)).checkWritable()
      }
      return []
    } catch {
      return [Finding(ifMissing, "\(path): the server's user cannot write there: \(error)")]
    }
  }

  private static func spool(_ path: String) -> [Finding] {
    var findings = directory(path, ifMissing: .trouble)
    guard let root = try? Directory(path: path) else { return findings }
    for folder in ["queue", "mail"] {
      do throws(SystemError) {
        let directory = try root.subdirectory(folder)
        try directory.checkWritable()
        for name in try directory.entryNames() {
          findings += check(name, in: directory, at: "\(path)/\(folder)/\(name)")
        }
      } catch let error where error.isNotFound {
        // Made at the start.
      } catch {
        findings.append(
          Finding(.trouble, "\(path)/\(folder): the server's user cannot work there: \(error)"))
      }
    }
    return findings
  }

  /// A directory of the queue, or a maildrop.
  private static func check(
    _ name: String, in directory: borrowing Directory, at path: String
  ) -> [Finding] {
    do throws(SystemError) {
      if try directory.status(of: name).isLink {
        return [
          Finding(
            .trouble,
            "\(path): is a link, and the server follows none here: mail for it is put off; mount the other directory "
              + "there instead (mount --bind)")
        ]
      }
      try directory.subdirectory(name).checkWritable()
      return []
    } catch {
      return [Finding(.trouble, "\(path): the server's user cannot work there: \(error)")]
    }
  }

  private static func parent(of path: String) -> String {
    guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  private static func name(of path: String) -> String {
    path.utf8.lastIndex(of: UInt8(ascii: "/")).map { String(path[$0...].dropFirst()) } ?? path
  }
}
