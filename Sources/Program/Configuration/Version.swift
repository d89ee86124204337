/// The version of the program, which is the first heading of CHANGELOG.md.
package enum Version {
  package static let text = "0.1.0"
}
