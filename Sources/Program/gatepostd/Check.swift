import Inspection
import Log

/// What `gatepostd --check` does: says everything that is wrong, and changes nothing.
enum Check {
  /// Tries what a start or a reload would do; returns the exit code.
  ///
  /// What the daemon would go on without is told, and keeps nobody from a start or a reload.
  static func run(file: String) -> Int32 {
    let findings = Inspection.run(path: file).findings
    for finding in findings {
      Log.say(finding.severity == .error ? .error : .warning, finding.description)
    }
    if findings.contains(where: { $0.severity == .error }) { return configurationError }
    print("\(file): no errors")
    return 0
  }
}
