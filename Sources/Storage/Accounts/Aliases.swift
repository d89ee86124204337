package import EventLoop
import Mail

/// The aliases, as their file has them at this moment; without the file there are none.
///
/// **Failures**: while the file cannot be read or holds an error, the last good aliases go on, and
/// what they do not confirm is a temporary failure, as with `Accounts`.
///
/// **Limits**: `Limits.aliasesFileBytes`, `Limits.aliasTargets`.
@Loop
package final class Aliases {
  private let file: FollowedFile<[String: [AliasTarget]]>
  private let report: @Loop (String) -> Void

  /// Reads the aliases.
  ///
  /// - Parameters:
  ///   - trouble: Takes why the file cannot be used, and nil when it can again; without it `report` takes
  ///     sentences about that.
  ///   - report: Takes what is wrong with aliases that are well written: those that lead to nobody or in a
  ///     circle.
  package init(
    path: String, trouble: (@Loop (String?) -> Void)? = nil,
    report: @escaping @Loop (String) -> Void
  ) {
    self.report = report
    file = FollowedFile(Self.source(path), empty: [:], tell: FileChange.teller(trouble, or: report))
  }

  /// The targets of each alias, its name in lower case.
  var targets: [String: [AliasTarget]] { file.content }

  /// Why the file cannot be used now.
  var problem: UsersFileError? { file.problem }

  private var remarks: Set<String> = []

  /// Reads the file again if it has changed.
  func refresh() {
    if file.refresh() { remarks = [] }
  }

  /// Reports what is wrong with an alias, once for each version of the file.
  func remark(_ text: String) {
    guard remarks.count < Limits.remarks, remarks.insert(text).inserted else { return }
    report(text)
  }

  private static func source(_ path: String) -> FollowedFile<[String: [AliasTarget]]>.Source {
    .init(path: path, word: "aliases", limit: Limits.aliasesFileBytes, mayBeMissing: true) {
      content throws(UsersFileError) in try AliasesFile(content, file: path).targets
    }
  }
}
