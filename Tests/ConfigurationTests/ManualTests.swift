import Foundation
import TestSupport
import Testing

@testable import Configuration

@Suite struct `The manual` {
  private static let folder = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "docs/man")

  private func lines(_ page: String) throws -> [String] {
    try String(contentsOf: Self.folder.appending(path: page), encoding: .utf8)
      .components(separatedBy: "\n")
  }

  @Test func `has every key in its section, with its default, and no other`() throws {
    let lines = try lines("gatepost.conf.5")
    for section in Section.allCases {
      let heading = ".Sh \(section.heading()) SECTION"
      let start = try #require(lines.firstIndex(of: heading), "\(heading)") + 1
      let text = lines[start...].prefix { !$0.hasPrefix(".Sh ") }
      let entries = text.indices.filter { text[$0].hasPrefix(".It Ic ") }
      let keys = Keys.all.filter { $0.section == section }
      #expect(entries.map { String(text[$0].dropFirst(7)) } == keys.map(\.name))
      for (key, entry) in zip(keys, entries) {
        let next = entries.first { $0 > entry } ?? text.endIndex
        let body = Array(text[entry..<next])
        guard case .text(let value, _) = key.default else {
          #expect(!body.contains("Default:"), "\(key.path)")
          continue
        }
        let place = try #require(body.firstIndex(of: "Default:"), "\(key.path)")
        #expect(body[place + 1] == ".Ql \(value)", "\(key.path)")
      }
    }
  }

  @Test(
    .enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/mandoc")),
    arguments: ["gatepost.1", "gatepost.conf.5", "gatepostd.8"])
  func `is right in the eyes of mandoc`(page: String) throws {
    let output = Pipe()
    let mandoc = try ChildProcess(
      "/usr/bin/mandoc", ["-T", "lint", "-W", "warning", Self.folder.appending(path: page).path],
      output: output.fileHandleForWriting)
    let text = String(decoding: try output.readToEnd(), as: UTF8.self)
    #expect(mandoc.wait() == 0, "\(text)")
  }
}
