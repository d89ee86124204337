import Accounts
import Configuration
import Log
import Platform

/// What `gatepostd --check` does: says everything that is wrong, and changes nothing.
enum Check {
  /// Reads the configuration, the users and the aliases; returns the exit code.
  static func run(file: String) -> Int32 {
    do throws(ConfigurationError) {
      let configuration = try Configuration.load(path: file)
      for warning in configuration.warnings { Log.say(.warning, warning.description) }
      do throws(UsersFileError) {
        _ = try UsersFile.read(path: configuration.server.users)
        try AliasesFile.check(path: configuration.local.aliases)
        print("\(file): no errors")
        return 0
      } catch {
        Log.say(.error, error.description)
      }
    } catch {
      for diagnostic in error.diagnostics { Log.say(.error, diagnostic.description) }
    }
    return configurationError
  }
}
