/// The clients of other protocols that mail ports meet.
package enum ForeignProtocol {
  /// Whether a line with this first word comes from HTTP or SSH and not from a mail program.
  ///
  /// A page in somebody's browser may send a form to a mail port, with commands in its body: so such a
  /// session has to end before the next line is read.
  package static func begins(with word: ArraySlice<UInt8>) -> Bool {
    let verbs = ["GET", "POST", "PUT", "HEAD", "OPTIONS", "CONNECT", "PRI"]
    return verbs.contains { word.elementsEqual($0.utf8) } || word.starts(with: "SSH-2.0".utf8)
  }
}
