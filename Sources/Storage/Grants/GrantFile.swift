import Platform

/// The text form of the grants: one line each, after a comment that explains the columns.
///
/// `address user how made expires boot-id boot-end credential`; the last may be missing. The times are Unix seconds, `boot-end` is in
/// seconds since the machine was started. In the boot that wrote the line `boot-end` decides, so
/// that a jump of the wall clock neither ends nor prolongs a grant; after another start `expires`
/// does, and a grant that claims to end later than the longest window from now is void.
package enum GrantFile {
  /// A longer file is not read.
  package static let limitBytes = 256 << 10

  private static let head = """
    # The addresses that may send mail because a user has read mail from there (POP-before-SMTP).
    # address user how made expires boot-id boot-end credential

    """

  /// The file for these grants.
  static func text(of grants: [Grant], boot: String) -> [UInt8] {
    var text = head
    for grant in grants {
      text += "\(grant.address) \(grant.user) \(grant.how) \(grant.made) \(grant.expires) "
      text += "\(boot) \(grant.end.nanoseconds / 1_000_000_000)"
      text += grant.credential.map { " \($0)\n" } ?? "\n"
    }
    return Array(text.utf8)
  }

  /// The grants of a file that are alive at `now`, and the numbers of the lines that make no sense.
  package static func parse(
    _ bytes: [UInt8], boot: String, at now: GrantTime
  ) -> (table: GrantTable, badLines: [Int]) {
    var table = GrantTable()
    var badLines: [Int] = []
    let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    for (index, line) in lines.enumerated() {
      if line.isEmpty || line.first == UInt8(ascii: "#") { continue }
      let fields = line.split(separator: UInt8(ascii: " ")).map {
        String(decoding: $0, as: UTF8.self)
      }
      guard (7...8).contains(fields.count), let address = IPAddress(fields[0]),
        let made = Int64(fields[3]),
        let expires = Int64(fields[4]), let bootEnd = Int64(fields[6])
      else {
        badLines.append(index + 1)
        continue
      }
      let end: Instant
      if fields[5] == boot {
        end = Instant(nanoseconds: 0) + .seconds(bounded(bootEnd))
      } else {
        end = now.boot + .seconds(bounded(expires) - bounded(now.wall))
      }
      let isPlausible = end <= now.boot + GrantTable.longestWindow
      guard end > now.boot, isPlausible else { continue }
      table.restore(
        Grant(
          address: address, user: fields[1], how: fields[2],
          credential: fields.count == 8 ? fields[7] : nil, made: made, expires: expires, end: end)
      )
    }
    return (table, badLines)
  }

  /// Seconds with which no sum overflows; a hand may have written anything.
  private static func bounded(_ seconds: Int64) -> Int64 { min(max(seconds, 0), 1 << 33) }
}
