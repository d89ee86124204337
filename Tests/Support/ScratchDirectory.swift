import Foundation

/// A directory that goes away with the value.
package final class ScratchDirectory: Sendable {
  /// The absolute path.
  package let path: String

  package init() throws {
    path = FileManager.default.temporaryDirectory.appending(path: "gatepost-\(UUID())").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }
}
