package import Platform

/// The file of upgraded verifiers: one line each, after a comment that explains the columns.
///
/// `name fingerprint verifier`: the first is the user's, the second of what it replaces in the users
/// file, `Verifier.fingerprint`, in 16 hexadecimal digits, the third is as in the users file.
///
/// **Durability**: it is written beside and renamed, so it is the old one or the new one. A line that is
/// lost is made again by the next login.
package enum UpgradeFile {
  /// The name of the file in the state directory.
  package static let name = "verifiers"

  private static let head = """
    # Verifiers in place of hashes of crypt(3), made when their users have logged in.
    # They hold as long as the users file has the same hash: name fingerprint-of-hash verifier

    """

  /// Reads the file in a state directory; a missing one is empty.
  ///
  /// Whoever writes it logs in as anybody who is listed. So it is not believed where others than root,
  /// this user or that other `owner` may have written it.
  ///
  /// - Returns: what it says, and what is wrong with it.
  package static func read(
    in directory: borrowing Directory, owner: UInt32? = nil
  ) throws(SystemError) -> (table: UpgradeTable, remark: String?) {
    do throws(SystemError) {
      let file = try directory.open(name)
      let status = try file.status()
      guard status.isRegular, status.isOwned(orBy: owner), !status.isWritableByOthers else {
        return (
          UpgradeTable(),
          "\(name): others may have written this file, so it is ignored: remove it"
        )
      }
      let (table, badLines) = parse(try file.readAll(limit: Limits.upgradesFileBytes))
      let remark = badLines.first.map {
        "\(name): line \($0) is no verifier of a user; \(badLines.count) such lines ignored"
      }
      return (table, remark)
    } catch let error where error.isNotFound {
      return (UpgradeTable(), nil)
    }
  }

  /// Puts a file with this content in the place of the old one.
  static func write(
    _ table: UpgradeTable, in directory: borrowing Directory
  ) throws(SystemError) {
    try directory.replace(name, with: text(of: table))
  }

  /// The file for these verifiers, as many as a file that is read may hold.
  static func text(of table: UpgradeTable) -> [UInt8] {
    var text = Array(head.utf8)
    for name in table.names {
      guard let (replaced, verifier) = table.fields(of: name) else { continue }
      let line = "\(name) \(replaced.hexadecimal) \(Verifier.scram(verifier).text)\n"
      if text.count + line.utf8.count > Limits.upgradesFileBytes { break }
      text += line.utf8
    }
    return text
  }

  /// The verifiers of a file, and the numbers of the lines that make no sense.
  static func parse(_ bytes: [UInt8]) -> (table: UpgradeTable, badLines: [Int]) {
    var table = UpgradeTable()
    var badLines: [Int] = []
    let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    for (index, line) in lines.enumerated() {
      if line.isEmpty || line.first == UInt8(ascii: "#") { continue }
      let fields = line.split(separator: UInt8(ascii: " ")).map {
        String(decoding: $0, as: UTF8.self)
      }
      guard
        fields.count == 3, let name = UserName(fields[0]),
        let replaced = UInt64(fields[1], radix: 16), replaced.hexadecimal == fields[1],
        case .scram(let verifier)? = Verifier(fields[2][...])
      else {
        badLines.append(index + 1)
        continue
      }
      table.add(verifier, replacing: replaced, of: name, isCurrent: false)
    }
    return (table, badLines)
  }
}

extension UInt64 {
  /// The 16 hexadecimal digits of the number.
  var hexadecimal: String {
    let digits = String(self, radix: 16)
    return String(repeating: "0", count: 16 - digits.utf8.count) + digits
  }
}
