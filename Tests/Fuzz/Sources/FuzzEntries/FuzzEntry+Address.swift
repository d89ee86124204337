import Mail

extension FuzzEntry {
  static func runAddress(_ input: [UInt8]) throws(FuzzFinding) {
    try checkPaths(input)
    for allowsUTF8 in [false, true] {
      var cursor = ByteCursor(input[...])
      if let mailbox = Mailbox(parsing: &cursor, allowsUTF8: allowsUTF8) {
        try checkText(mailbox.text, allowsUTF8: allowsUTF8)
        try FuzzFinding.check(
          Mailbox(mailbox.text, allowsUTF8: allowsUTF8) == mailbox, "a mailbox has another text")
      }
      if let domain = Domain(input[...], allowsUTF8: allowsUTF8) {
        try checkText(domain.text, allowsUTF8: false)
        try FuzzFinding.check(
          Domain(ArraySlice(domain.text.utf8)) == domain, "a domain has another text")
        try FuzzFinding.check(
          domain.text.utf8.count <= Limits.domainBytes, "a domain is over its limit")
      }
    }
  }

  private static func checkPaths(_ input: [UInt8]) throws(FuzzFinding) {
    var strict = ByteCursor(input[...])
    var international = strict
    var loose = strict
    if let path = ForwardPath(parsing: &strict) {
      try FuzzFinding.check(
        ForwardPath(parsing: &international, allowsUTF8: true) == path
          && ForwardPath(looselyParsing: &loose) == path,
        "an address means something else when more is allowed")
      try FuzzFinding.check(
        strict.rest == international.rest && strict.rest == loose.rest, "more is taken")
    }
    for allowsUTF8 in [false, true] {
      var cursor = ByteCursor(input[...])
      if let path = ReversePath(looselyParsing: &cursor, allowsUTF8: allowsUTF8) {
        try checkText(path.text, allowsUTF8: allowsUTF8)
        try FuzzFinding.check(
          ReversePath(path.text, allowsUTF8: allowsUTF8) == path, "a path has another text")
      }
    }
  }

  /// An address goes into replies, logs and the envelope of the queue.
  private static func checkText(_ text: String, allowsUTF8: Bool) throws(FuzzFinding) {
    try FuzzFinding.check(
      text.unicodeScalars.allSatisfy {
        (0x20..<0x7F).contains($0.value) || allowsUTF8 && $0.value >= 0xA0 && $0 != "\u{FFFD}"
      }, "an address has a control, or is not what came in")
  }
}
