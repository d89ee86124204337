import Foundation
import Testing

extension Trait where Self == ConditionTrait {
  /// For a test that only root can run: it is skipped for others, but not in CI, where it fails.
  ///
  /// - Parameter reason: what only root can do.
  package static func needsRoot(_ reason: Comment) -> Self {
    let isCI = ProcessInfo.processInfo.environment["CI"] == "true"
    return .enabled(if: geteuid() == 0 || isCI, reason)
  }
}
