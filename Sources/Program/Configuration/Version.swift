/// The version of the program, which is the first heading of CHANGELOG.md.
package enum Version {
  /// As `gatepostd --version` and the package say it.
  package static let text = "0.1.0"
}
