import FuzzEntries
import Mail
import Testing

@testable import Accounts
@testable import Configuration

/// The files that an admin edits, with slips of the finger and worse: each is taken or refused with a
/// sentence that has no control characters; that about a line of secrets repeats none.
@Suite("Fuzzing the files of an admin")
struct AdminFilesTests {
  private func texts(of start: String, seed: UInt64) -> [[UInt8]] {
    var random = FixedRandom(seed: seed)
    var texts = [Array(start.utf8)]
    for _ in 0..<400 {
      texts.append((texts.randomElement(using: &random) ?? []).mutated(using: &random))
    }
    return texts
  }

  private func isPlain(_ sentence: String) -> Bool {
    sentence.unicodeScalars.allSatisfy { $0 == "\n" || $0.value >= 0x20 && $0.value != 0x7F }
  }

  @Test("users", arguments: 0..<5)
  func users(seed: UInt64) {
    let start = """
      # people
      alice:{SCRAM-SHA-256}4096,W22ZaJ0SNY7soEsUEjb6gQ==,\
      WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=,wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=:\
      send-as=alice@home.example,@home.example,<> quota=1GB
      bert:$5$saltsalt$0IyaXrmV7.sGNS6tirgqHLqX/G.FBvgkYA.lpPdS5sA:messages-per-hour=5 disabled=yes
      paul:{PLAIN}geheim99:may-relay=no
      dora:!

      """
    for text in texts(of: start, seed: seed) {
      do throws(UsersFileError) {
        let file = try UsersFile(text, file: "users")
        #expect(Set(file.users.map(\.name)).count == file.users.count)
      } catch {
        #expect(isPlain(error.description))
      }
    }
  }

  @Test("aliases", arguments: 0..<5)
  func aliases(seed: UInt64) {
    let start = "root: anna, bert\n  , ann@far.example\n\"a b\": c # d\nabuse:\n\tpostmaster\n"
    for text in texts(of: start, seed: seed) {
      do throws(UsersFileError) {
        _ = try AliasesFile(text, file: "aliases")
      } catch {
        #expect(isPlain(error.description))
      }
    }
  }

  @Test("secrets", arguments: 0..<5)
  func secrets(seed: UInt64) {
    let start = "# ours\nisp me@isp.example geheim99\nother\tuser  geheim99 # and more\n"
    for text in texts(of: start, seed: seed) {
      let file = SecretsFile(name: "secrets", content: text)
      for problem in file.problems {
        #expect(isPlain(problem.description) && !problem.description.contains("geheim99"))
      }
      for entry in file.entries.values { #expect(!"\(entry)".contains("geheim99")) }
    }
  }
}
