import Mail
import Platform

/// The reading of a configuration, file after file, with all that was found wrong.
struct Reading {
  let mainFile: String
  /// Whether secrets that cannot be used are no error, but leave their routes without a login.
  var isTolerant = false
  private(set) var draft = Configuration.Draft()
  private(set) var diagnostics: [Diagnostic] = []

  private let keys = Keys.all
  /// Where each key that a file gives was given last, and where a section with a name began.
  private var places: [String: Place] = [:]

  init(mainFile: String) {
    self.mainFile = mainFile
    for section in Section.allCases where !section.isNamed { applyDefaults(of: section) }
  }

  /// A reading of nothing but secrets, from the file of that name.
  init(secrets: String) {
    mainFile = secrets
    isTolerant = true
    draft.secrets = secrets
  }

  private mutating func applyDefaults(of section: Section) {
    for key in keys where key.section == section {
      guard case .text(let text, _) = key.default else { continue }
      do throws(Rejection) {
        _ = try key.apply(Substring(text), &draft)
      } catch {
        preconditionFailure("the default of \(key.path) is not a value of it")
      }
    }
  }

  /// Takes over the settings of one file.
  mutating func add(_ file: SettingsFile) {
    var found = file.problems
    var wrong: Set<String> = []
    for heading in file.headings where !wrong.contains(heading.section) {
      if let problem = open(heading) {
        found.append(problem)
        wrong.insert(heading.section)
      }
    }
    for entry in file.entries where !wrong.contains(entry.section) {
      if let diagnostic = set(entry) { found.append(diagnostic) }
    }
    add(found.sorted { $0.line ?? 0 < $1.line ?? 0 })
  }

  /// The kind and the name of a section that is called so; nil if there is no such kind.
  private func section(_ title: String) -> (kind: Section, name: String?)? {
    let words = title.split(separator: " ", maxSplits: 1)
    return Section(rawValue: String(words[0])).map {
      ($0, words.dropFirst().first.map(String.init))
    }
  }

  /// Begins a section; returns what is wrong with its heading.
  private mutating func open(_ heading: SettingsFile.Heading) -> Diagnostic? {
    guard let (kind, name) = section(heading.section) else {
      return Diagnostic(.error, heading.place, advice(for: heading))
    }
    switch (kind.isNamed, name) {
    case (false, nil):
      return nil
    case (false, _?):
      return Diagnostic(.error, heading.place, "\(kind.heading()) takes no name")
    case (true, nil):
      return Diagnostic(
        .error, heading.place, "[\(kind.rawValue)] lacks its name; write \(kind.heading())")
    case (true, let name?):
      do throws(Rejection) {
        if try draft.select(kind, name) {
          places[kind.heading(name)] = heading.place
          applyDefaults(of: kind)
        }
        return nil
      } catch {
        let what = "\(kind.heading()): \(error.reason)"
        let form =
          switch kind {
          case .domain: Syntax.domain.form
          case .route: Syntax.routePattern.form
          default: Syntax<String>.sectionName.form
          }
        return Diagnostic(
          .error, heading.place, error.isComplete ? what : "\(what); give \(form)")
      }
    }
  }

  /// What to say of a section that there is not.
  private func advice(for heading: SettingsFile.Heading) -> String {
    let what = "unknown section [\(String(escaping: heading.section.utf8))]"
    let word = heading.section.split(separator: " ")[0]
    let nearest = Suggestion.nearest(to: word, among: Section.allCases.map(\.rawValue))
    if let nearest = nearest.flatMap(Section.init(rawValue:)) {
      return "\(what); did you mean \(nearest.heading())?"
    }
    let titles = Section.allCases.map { $0.title() }
    return "\(what); the sections are \(titles.joined(separator: ", "))"
  }

  private mutating func set(_ entry: SettingsFile.Entry) -> Diagnostic? {
    guard let (section, name) = section(entry.section) else { return nil }
    let known = keys.filter { $0.section == section }
    guard let key = known.first(where: { $0.name == entry.key }) else {
      return Diagnostic(.error, entry.place, advice(for: entry, in: section))
    }
    let path = "\(section.heading(name)) \(key.name)"
    places[path] = entry.place
    do throws(Rejection) {
      if let name { _ = try draft.select(section, name) }
      let warning = try key.apply(Substring(entry.value), &draft)
      return warning.map { Diagnostic(.warning, entry.place, "\(path): \($0)") }
    } catch {
      let form = error.isComplete ? "" : "; give \(key.form)"
      return Diagnostic(
        .error, entry.place, "\(path): \(error.reason)\(form)\(error.suggestion)")
    }
  }

  /// What to say of a key that the section does not have.
  private func advice(for entry: SettingsFile.Entry, in section: Section) -> String {
    let what = "unknown key \(quoted(entry.key)) in [\(entry.section)]"
    let names = keys.filter { $0.section == section }.map(\.name)
    let elsewhere = keys.filter { $0.name == entry.key }.map { $0.section.heading() }
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
  mutating func report(_ path: String, _ message: String, isTemporary: Bool = false) {
    diagnostics.append(
      Diagnostic(.error, Place(file: path, line: nil), message, isTemporary: isTemporary))
  }

  /// Calls `body`, and takes out what it finds wrong where that is to keep nobody from a start.
  ///
  /// - Returns: what was taken out.
  mutating func tolerating(_ isTolerant: Bool, _ body: (inout Reading) -> Void) -> String? {
    let known = diagnostics.count
    body(&self)
    guard isTolerant else { return nil }
    let found = diagnostics[known...].filter { $0.severity == .error }
    diagnostics.removeSubrange(known...)
    return found.isEmpty ? nil : found.map(\.description).joined(separator: "; ")
  }

  /// Adds what is wrong with the value of a key, at the line that gave it.
  ///
  /// - Parameter instance: the name of the section, where sections of its kind have one.
  mutating func report(
    _ section: Section, of instance: String? = nil, _ name: String,
    as severity: Diagnostic.Severity = .error, _ message: String
  ) {
    diagnostics.append(
      Diagnostic(
        severity, place(section, of: instance, name),
        "\(section.heading(instance)) \(name): \(message)"))
  }

  /// Where the key was given last, or else the section; the main file as a whole if nowhere.
  func place(_ section: Section, of instance: String? = nil, _ name: String) -> Place {
    let heading = section.heading(instance)
    return places["\(heading) \(name)"] ?? places[heading] ?? Place(file: mainFile, line: nil)
  }

  /// Whether an error at the line of the key was told already.
  func isRejected(_ section: Section, of instance: String? = nil, _ name: String) -> Bool {
    guard let place = places["\(section.heading(instance)) \(name)"] else { return false }
    return diagnostics.contains {
      $0.severity == .error && $0.file == place.file && $0.line == place.line
    }
  }
}
