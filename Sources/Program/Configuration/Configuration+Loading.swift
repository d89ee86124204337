import Mail
import Platform

extension Configuration {
  /// Reads the file at `path` and the drop-ins `conf.d/*.conf` beside it, in the order of their names.
  ///
  /// Of two values of a key the one read later holds. Nothing is used of files that hold an error.
  ///
  /// - Parameter isStarting: whether secrets that cannot be used are no error, but the `loginProblem` of the
  ///   routes that need them.
  /// - Throws: every problem of every file, so that the administrator mends them in one go.
  package static func load(
    path: String, isStarting: Bool = false
  ) throws(ConfigurationError) -> Configuration {
    var reading = Reading(mainFile: path)
    reading.addAll()
    reading.isTolerant = isStarting
    let machineName = reading.machineName()
    return try reading.finish(machineName: machineName)
  }

  /// Reads the content of a main file that has no drop-ins, for a machine of that name.
  ///
  /// - Throws: every problem of the content, and of the file of secrets that it may name.
  package static func parse(
    _ content: [UInt8], name: String, machineName: String
  ) throws(ConfigurationError) -> Configuration {
    var reading = Reading(mainFile: name)
    reading.add(SettingsFile(name: name, content: content))
    return try reading.finish(machineName: machineName)
  }
}

extension Reading {
  /// Reads the main file and its drop-ins.
  mutating func addAll() {
    add(mainFile)
    for dropIn in dropIns() { add(dropIn) }
  }

  /// The name that the kernel has for this machine, perhaps without a domain; empty where it is not asked for.
  mutating func machineName() -> String {
    if draft.hostname != nil { return "" }
    let content = content(of: "/proc/sys/kernel/hostname") ?? []
    return String(decoding: content, as: UTF8.self).fields(separatedBy: .lineFeed).first
      .map(String.init) ?? ""
  }

  /// Reads one file; what fails becomes a diagnostic.
  mutating func add(_ path: String) {
    if let content = content(of: path) { add(SettingsFile(name: path, content: content)) }
  }

  /// The paths of the drop-ins beside the main file, in byte order of their names.
  mutating func dropIns() -> [String] {
    let slash = mainFile.utf8.lastIndex(of: UInt8(ascii: "/"))
    let folder = (slash.map { String(mainFile[...$0]) } ?? "") + "conf.d"
    do throws(SystemError) {
      // Hidden files, such as those an editor leaves behind, are not among the names.
      let names = try Directory(path: folder).entryNames().filter { $0.hasSuffix(".conf") }
      if names.count > Limits.dropIns {
        report(folder, "holds more than \(Limits.dropIns) files")
        return []
      }
      return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }.map { "\(folder)/\($0)" }
    } catch {
      if !error.isNotFound { report(folder, "cannot be read: \(error)", isTemporary: true) }
      return []
    }
  }

  /// The content of a file that the configuration needs.
  mutating func content(of path: String) -> [UInt8]? {
    do throws(SystemError) {
      return try Descriptor.reading(path: path).readAll(limit: Limits.fileBytes)
    } catch {
      report(path, "cannot be read: \(error)", isTemporary: true)
      return nil
    }
  }

  /// The credentials of that name in the secrets file; nil, and told, if they cannot be had.
  mutating func credentials(
    _ name: String, for heading: String, at place: Place
  ) -> Credentials? {
    let path = draft.secrets
    do throws(SystemError) {
      let mode = try Descriptor.reading(path: path).status().mode
      if mode & 0o007 != 0 {
        report(path, "every user of this machine may use it; run: chmod 640 \(path)")
        return nil
      }
    } catch {
      report(path, "cannot be read: \(error)", isTemporary: true)
      return nil
    }
    guard let content = content(of: path) else { return nil }
    let file = SecretsFile(name: path, content: content)
    add(file.problems)
    if let found = file.entries[name] { return found }
    let names = file.entries.keys.sorted()
    add([
      Diagnostic(
        .error, place,
        "\(heading) credentials: \(path) has no entry \(quoted(name))"
          + Suggestion.phrase(for: name, among: names))
    ])
    return nil
  }
}
