import Foundation
import FuzzEntries
import Testing

/// The corpora of the fuzzers and mutations of them, without libFuzzer.
@Suite("Fuzzing")
struct FuzzTests {
  static let corpora = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "Fuzz/corpus")

  @Test("Nothing that has been found is found again", arguments: FuzzEntry.allCases)
  func corpus(entry: FuzzEntry) throws {
    let folder = Self.corpora.appending(path: entry.rawValue)
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    #expect(!names.isEmpty)
    for name in names {
      let input = Array(try Data(contentsOf: folder.appending(path: name)))
      #expect(throws: Never.self, "\(name)") { try entry.run(input) }
      var random = FixedRandom(seed: UInt64(input.count))
      for _ in 0..<50 {
        let mutation = input.mutated(using: &random)
        #expect(throws: Never.self, "\(name), mutated: \(mutation)") { try entry.run(mutation) }
      }
    }
  }

  @Test("No entry minds an empty input", arguments: FuzzEntry.allCases)
  func empty(entry: FuzzEntry) throws { try entry.run([]) }
}
