import Foundation

/// Servers of Debian that tests talk to: unpacked in the cache folder of the tests, and never installed,
/// for an installation would start them.
package enum Peers {
  /// Where the package is unpacked, with the libraries that it needs and that are not installed.
  package static func path(of package: String) throws -> String { try unpacked(package).get() }

  /// Starts a daemon that closes every descriptor it has been given.
  ///
  /// By one of them `Process` learns of the end of a program; a shell that stays keeps it, and the daemon
  /// ends with the shell.
  static func start(
    _ command: [String], of package: String, output: String
  ) throws -> Program {
    let script = """
      trap 'kill $child' TERM
      setpriv --pdeathsig TERM "$@" &
      child=$!
      wait $child
      wait $child
      """
    let path = try path(of: package)
    let names = try? FileManager.default.contentsOfDirectory(atPath: "\(path)/usr/lib")
    let folders = (names ?? []).map { "\(path)/usr/lib/\($0)" }
    let libraries = "LD_LIBRARY_PATH=" + folders.joined(separator: ":")
    return try Program("env", [libraries, "sh", "-c", script, "sh"] + command, output: output)
  }

  /// The folder that outlives a test run, for other checkouts too; TEST_CACHE moves it.
  private static let folder: String = {
    let environment = ProcessInfo.processInfo.environment
    let cache = environment["TEST_CACHE"] ?? "\(environment["HOME"] ?? "")/.cache/gatepost-tests"
    return "\(cache)/peers"
  }()

  private static let postfix = unpack("postfix")
  private static let opensmtpd = unpack("opensmtpd")
  private static let unbound = unpack("unbound")

  private static func unpacked(_ package: String) -> Result<String, any Error> {
    switch package {
    case "postfix": postfix
    case "unbound": unbound
    default: opensmtpd
    }
  }

  /// Fetches and unpacks a package, unless that was done before.
  private static func unpack(_ package: String) -> Result<String, any Error> {
    Result {
      let path = "\(folder)/\(package)"
      if FileManager.default.fileExists(atPath: path) { return path }
      let script = """
        set -e
        mkdir -p "$1"
        new=$(mktemp -d "$1/$2.XXXXXX")
        chmod 755 "$new"
        cd "$new"
        missing=
        for library in $(apt-cache depends -i "$2" | sed -n 's/^  Depends: \\(lib.*\\)/\\1/p'); do
          dpkg -s "$library" >/dev/null 2>&1 || missing="$missing $library"
        done
        apt-get -qq download "$2" $missing
        for file in *.deb; do dpkg -x "$file" .; done
        # Another run may have been first.
        mv -T "$new" "$1/$2" || { [ -d "$1/$2" ] && rm -rf "$new"; }
        """
      let run = try Program.run("sh", ["-c", script, "sh", folder, package])
      guard run.status == 0 else {
        throw Overdue(description: "\(package) cannot be unpacked: \(run.output)")
      }
      return path
    }
  }
}
