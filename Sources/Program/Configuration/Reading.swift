import Mail
import Platform

/// The reading of a configuration, file after file, with all that was found wrong.
struct Reading {
  let mainFile: String
  private(set) var draft = Configuration.Draft()
  private(set) var diagnostics: [Diagnostic] = []

  private let keys = Keys.all
  /// Where each key that a file gives was given last.
  private var places: [String: Place] = [:]

  init(mainFile: String) {
    self.mainFile = mainFile
    for case (let key, .text(let text)) in keys.map({ ($0, $0.default) }) {
      do throws(Rejection) {
        _ = try key.apply(Substring(text), &draft)
      } catch {
        preconditionFailure("the default of \(key.path) is not a value of it")
      }
    }
  }

  /// Takes over the settings of one file.
  mutating func add(_ file: SettingsFile) {
    let sections = Section.allCases.map(\.rawValue)
    var found = file.problems
    var unknown: Set<String> = []
    for heading in file.headings where Section(rawValue: heading.section) == nil {
      guard unknown.insert(heading.section).inserted else { continue }
      let nearest = Suggestion.nearest(to: heading.section, among: sections)
      let advice = nearest.map { "did you mean [\($0)]?" }
      found.append(
        Diagnostic(
          .error, heading.place,
          "unknown section [\(String(escaping: heading.section.utf8))]; "
            + (advice ?? "the sections are \(sections.joined(separator: ", "))")))
    }
    for entry in file.entries {
      guard let section = Section(rawValue: entry.section) else { continue }
      if let diagnostic = set(entry, in: section) { found.append(diagnostic) }
    }
    add(found.sorted { $0.line ?? 0 < $1.line ?? 0 })
  }

  private mutating func set(_ entry: SettingsFile.Entry, in section: Section) -> Diagnostic? {
    let known = keys.filter { $0.section == section }
    guard let key = known.first(where: { $0.name == entry.key }) else {
      return Diagnostic(.error, entry.place, advice(for: entry, in: section))
    }
    places[key.path] = entry.place
    do throws(Rejection) {
      let warning = try key.apply(Substring(entry.value), &draft)
      return warning.map { Diagnostic(.warning, entry.place, "\(key.path): \($0)") }
    } catch {
      let form = error.isComplete ? "" : "; give \(key.form)"
      return Diagnostic(
        .error, entry.place, "\(key.path): \(error.reason)\(form)\(error.suggestion)")
    }
  }

  /// What to say of a key that the section does not have.
  private func advice(for entry: SettingsFile.Entry, in section: Section) -> String {
    let what = "unknown key \(quoted(entry.key)) in [\(section.rawValue)]"
    let names = keys.filter { $0.section == section }.map(\.name)
    let elsewhere = keys.filter { $0.name == entry.key }.map { "[\($0.section.rawValue)]" }
    if !elsewhere.isEmpty { return "\(what); it belongs to \(elsewhere.joined(separator: " or "))" }
    let suggestion = Suggestion.phrase(for: entry.key, among: names)
    if !suggestion.isEmpty { return what + suggestion }
    return "\(what); the keys are \(names.joined(separator: ", "))"
  }

  /// Adds what was found; in one file by the order of its lines.
  mutating func add(_ found: [Diagnostic]) {
    diagnostics += found
  }

  /// Adds what is wrong with a file as a whole.
  mutating func report(_ path: String, _ message: String) {
    diagnostics.append(Diagnostic(.error, Place(file: path, line: nil), message))
  }

  /// Adds what is wrong with the value of a key, at the line that gave it.
  mutating func report(
    _ section: Section, _ name: String, as severity: Diagnostic.Severity = .error,
    _ message: String
  ) {
    diagnostics.append(
      Diagnostic(severity, place(section, name), "[\(section.rawValue)] \(name): \(message)"))
  }

  /// Where the key was given last; the main file as a whole if nowhere.
  func place(_ section: Section, _ name: String) -> Place {
    places["[\(section.rawValue)] \(name)"] ?? Place(file: mainFile, line: nil)
  }
}
