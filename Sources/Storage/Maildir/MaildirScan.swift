/// Names as they come from the file system, on their way into the order of arrival.
struct MaildirScan {
  private struct Entry {
    var seconds: UInt64
    var wireBytes: Int?
    var name: UInt32
    var nameLength: UInt8
    var baseLength: UInt8
    var uniqueLength: UInt8
    var isNew: Bool

    var nameRange: Range<Int> { Int(name)..<Int(name) + Int(nameLength) }
    var baseRange: Range<Int> { Int(name)..<Int(name) + Int(baseLength) }
  }

  private let limit: Int
  private var text: [UInt8] = []
  private var entries: [Entry] = []

  init(limit: Int) { self.limit = limit }

  mutating func add(_ name: UnsafeRawBufferPointer, isNew: Bool) {
    // No file system has longer names; the check keeps the numbers within their types.
    guard entries.count < limit, name.count <= 255, text.count < 1 << 31 else { return }
    // Limitation: a name that is no UTF-8 could not be opened, so it is not listed either.
    if unsafe name.contains(where: { $0 >= 0x80 }),
      unsafe String(validating: name, as: UTF8.self) == nil
    {
      return
    }
    let start = text.count
    unsafe text.append(contentsOf: name)
    let parsed = MaildirName(text.span.extracting(start..<text.count))
    entries.append(
      Entry(
        seconds: parsed.seconds, wireBytes: parsed.wireBytes, name: UInt32(start),
        nameLength: UInt8(name.count), baseLength: UInt8(parsed.baseLength),
        uniqueLength: UInt8(parsed.uniqueLength), isNew: isNew))
  }

  /// Puts the messages in order, with `measure` for the sizes that names do not say.
  consuming func contents<Failure: Error>(
    measure: (_ name: String, _ isNew: Bool) throws(Failure) -> Int?
  ) throws(Failure) -> MaildirContents {
    sort()
    var places: [MaildirContents.Place] = []
    var wireBytes: [Int] = []
    places.reserveCapacity(entries.count)
    wireBytes.reserveCapacity(entries.count)
    for (index, entry) in entries.enumerated() {
      // Seen in `new` and, after a move, once more in `cur`: the later one counts.
      if index + 1 < entries.count, haveSameBase(entry, entries[index + 1]) { continue }
      var bytes = entry.wireBytes
      if bytes == nil {
        bytes = try measure(String(decoding: text[entry.nameRange], as: UTF8.self), entry.isNew)
      }
      guard let bytes else { continue }
      let uniqueID = placeUniqueID(of: entry)
      places.append(
        MaildirContents.Place(
          name: entry.name, uniqueID: uniqueID.offset, nameLength: entry.nameLength,
          baseLength: entry.baseLength, uniqueIDLength: uniqueID.length, isNew: entry.isNew))
      wireBytes.append(bytes)
    }
    return MaildirContents(text: text, places: places, wireBytes: wireBytes)
  }

  /// By time, then by name: within one second the names of most programs go on counting.
  private mutating func sort() {
    let text = self.text
    unsafe text.withUnsafeBufferPointer { text in
      entries.sort { left, right in
        if left.seconds != right.seconds { return left.seconds < right.seconds }
        let order = unsafe Self.compare(text, left.baseRange, right.baseRange)
        return order == 0 ? left.isNew && !right.isNew : order < 0
      }
    }
  }

  /// Less than 0, 0 or more, as the octets of the ranges are in order, equal or not.
  private static func compare(
    _ text: UnsafeBufferPointer<UInt8>, _ left: Range<Int>, _ right: Range<Int>
  ) -> Int {
    for offset in 0..<min(left.count, right.count) {
      let a = unsafe text[left.lowerBound + offset]
      let b = unsafe text[right.lowerBound + offset]
      if a != b { return Int(a) - Int(b) }
    }
    return left.count - right.count
  }

  private func haveSameBase(_ left: Entry, _ right: Entry) -> Bool {
    left.baseLength == right.baseLength && text[left.baseRange] == text[right.baseRange]
  }

  /// Where the unique-id stands: in the name, or behind all names if one must be made.
  private mutating func placeUniqueID(of entry: Entry) -> (offset: UInt32, length: UInt8) {
    let unique = text[Int(entry.name)..<Int(entry.name) + Int(entry.uniqueLength)]
    if UniqueID.isValid(unique) { return (entry.name, entry.uniqueLength) }
    let offset = UInt32(text.count)
    text += UniqueID.hash(of: unique)
    return (offset, UInt8(UniqueID.hashLength))
  }
}
