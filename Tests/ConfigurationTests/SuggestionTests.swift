import Testing

@testable import Configuration

@Suite struct `The suggestion of a known word` {
  @Test(arguments: [
    ("", "", 0), ("a", "", 1), ("", "ab", 2), ("abc", "abc", 0), ("abc", "axc", 1),
    ("abc", "acb", 1), ("abc", "bc", 1), ("kitten", "sitting", 3), ("ca", "abc", 3),
  ])
  func `counts slips`(left: String, right: String, slips: Int) {
    #expect(Suggestion.distance(Array(left.utf8), Array(right.utf8)) == slips)
    #expect(Suggestion.distance(Array(right.utf8), Array(left.utf8)) == slips)
  }

  @Test(arguments: [
    ("hostnme", "hostname"), ("HostName", "hostname"), ("host-name", "hostname"),
    ("domian", "domains"), ("spol", "spool"), ("users", "users"),
  ])
  func `finds the nearest`(word: String, expected: String) {
    let words = ["hostname", "domains", "spool", "users"]
    #expect(Suggestion.nearest(to: word, among: words) == expected)
  }

  @Test(arguments: ["banner", "x", "", String(repeating: "users", count: 100_000)])
  func `keeps silent when nothing is near`(word: String) {
    #expect(Suggestion.nearest(to: word, among: ["hostname", "domains", "spool"]) == nil)
  }
}
