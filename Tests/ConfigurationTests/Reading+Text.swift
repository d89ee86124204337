import Mail
import Testing

@testable import Configuration

/// What `text` gives as the main file of a host that is called `gw.home.example`.
func configuration(
  _ text: String, dropIns: [String] = [], machineName: String = "gw.home.example"
) throws -> Configuration {
  var reading = Reading(mainFile: "gatepost.conf")
  reading.add(SettingsFile(name: "gatepost.conf", content: Array(text.utf8)))
  for (index, dropIn) in dropIns.enumerated() {
    reading.add(SettingsFile(name: "conf.d/\(index).conf", content: Array(dropIn.utf8)))
  }
  return try reading.finish(machineName: machineName)
}

/// The problems of `text`, one line each.
func problems(of text: String, dropIns: [String] = []) -> [String] {
  do {
    return try configuration(text, dropIns: dropIns).warnings.map(\.description)
  } catch let error as ConfigurationError {
    return error.diagnostics.map(\.description)
  } catch {
    return ["\(error)"]
  }
}
