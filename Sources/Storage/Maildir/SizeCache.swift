import Platform

/// The sizes of the messages of a maildrop whose names do not say them, each measured once, and of those
/// whose names say a wrong one, as a client has found out.
///
/// A text file in the maildrop's directory, a line a message, in the order in which the messages are
/// listed: the size on the wire in octets, a space, and the part of the file's name that stays. It may be
/// removed at any time; what is not in it is measured again.
///
/// **Limits**: a longer file than `limitBytes` is not read.
struct SizeCache {
  /// Enough for `Limits.messages` names of the usual length.
  static let limitBytes = 16 << 20

  /// Beyond any file, and far from an overflow of a sum.
  private static let maximumSize = 1 << 40

  private let known: [UInt8]
  /// The line whose message has not come yet.
  private var line: Line?
  /// Whether messages were measured that it did not know, so that the file is to be written anew.
  private(set) var hasNews = false

  private struct Line {
    let size: Int
    let base: ArraySlice<UInt8>
    let key: UInt64
    let end: Int
  }

  /// What a file says; one that is cut short ends before the cut.
  init(_ file: [UInt8] = []) {
    known = Array(file.prefix(through: file.lastIndex(of: lineFeed) ?? -1))
    line = line(at: 0)
  }

  /// The size of a message, if it is known; to be asked in the order of the listing.
  ///
  /// - Parameter key: the sort key of the message's name.
  mutating func size(of base: ArraySlice<UInt8>, _ key: UInt64) -> Int? {
    while let line {
      // One that is to come stays, and most are told by the key.
      if line.key > key { return nil }
      if line.key == key {
        if line.base == base {
          self.line = self.line(at: line.end)
          return line.size
        }
        guard MaildirName.isBefore(line.base, base) else { return nil }
      }
      // One that is gone is skipped.
      self.line = self.line(at: line.end)
    }
    return nil
  }

  /// Notes that a message has been measured.
  mutating func measured(_ size: Int, of base: ArraySlice<UInt8>) {
    if Self.canKeep(size, of: base) { hasNews = true }
  }

  /// The file for these messages.
  static func text(of contents: MaildirContents) -> [UInt8] {
    var text: [UInt8] = []
    for index in 0..<contents.count {
      let base = contents.base(of: index)
      guard canKeep(contents.wireBytes[index], of: base), !contents.shared.contains(index),
        MaildirName(base.span).wireBytes != contents.wireBytes[index]
      else { continue }
      text += Array("\(contents.wireBytes[index]) ".utf8)
      text += base
      text.append(lineFeed)
    }
    return text
  }

  /// Whether a size is worth a line: nothing is kept of a file that could not be read, or of a name that
  /// would be two lines.
  private static func canKeep(_ size: Int, of base: ArraySlice<UInt8>) -> Bool {
    size > 0 && !base.contains(lineFeed)
  }

  /// The line that begins at a place; nil at the end, or for what is no such line.
  private func line(at start: Int) -> Line? {
    guard let end = known[start...].firstIndex(of: lineFeed),
      let space = known[start..<end].firstIndex(of: UInt8(ascii: " ")),
      let size = Int(String(decoding: known[start..<space], as: UTF8.self)),
      (0...Self.maximumSize).contains(size)
    else { return nil }
    let base = known[(space + 1)..<end]
    return Line(size: size, base: base, key: MaildirName(base.span).sortKey, end: end + 1)
  }
}

extension MaildirName {
  /// Whether a message comes before another one in a listing, by the parts of their names that stay.
  fileprivate static func isBefore(_ left: ArraySlice<UInt8>, _ right: ArraySlice<UInt8>) -> Bool {
    let (leftName, rightName) = (MaildirName(left.span), MaildirName(right.span))
    if leftName.sortKey != rightName.sortKey { return leftName.sortKey < rightName.sortKey }
    let (leftUnique, rightUnique) = (
      left.prefix(leftName.uniqueLength), right.prefix(rightName.uniqueLength)
    )
    if leftUnique == rightUnique { return left.lexicographicallyPrecedes(right) }
    return leftUnique.lexicographicallyPrecedes(rightUnique)
  }
}

private let lineFeed = UInt8(ascii: "\n")
