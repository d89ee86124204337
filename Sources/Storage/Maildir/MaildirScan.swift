/// Names as they come from the file system, on their way into the order of arrival.
struct MaildirScan {
  private struct Entry {
    /// -1 when the name does not say it.
    var wireBytes: Int
    var name: UInt32
    var nameLength: UInt8
    var baseLength: UInt8
    var uniqueLength: UInt8
    var marks: Marks

    var nameRange: Range<Int> { Int(name)..<Int(name) + Int(nameLength) }
    var baseRange: Range<Int> { Int(name)..<Int(name) + Int(baseLength) }
    var uniqueRange: Range<Int> { Int(name)..<Int(name) + Int(uniqueLength) }
  }

  private struct Marks: OptionSet {
    let rawValue: UInt8
    /// In `new`.
    static let isNew = Marks(rawValue: 1)
    /// Read by its user.
    static let isSeen = Marks(rawValue: 2)
    /// The unique part of the name is a unique-id.
    static let hasUniqueID = Marks(rawValue: 4)
  }

  /// What an entry is sorted by: sixteen bytes to move, and names are compared only for a tie.
  private struct Rank {
    var key: UInt64
    var entry: UInt32
  }

  private let limit: Int
  private var text: [UInt8] = []
  private var entries: [Entry] = []
  private var ranks: [Rank] = []

  /// A scan of directories that are so large together, which saves growing by copying.
  init(limit: Int, directoryBytes: Int) {
    self.limit = limit
    // The directory may have been larger once, so that this is memory that is never touched.
    text.reserveCapacity(min(directoryBytes, 16 << 20))
    entries.reserveCapacity(min(directoryBytes / 64, limit))
    ranks.reserveCapacity(min(directoryBytes / 64, limit))
  }

  mutating func add(_ name: UnsafeRawBufferPointer, isNew: Bool) {
    // No file system has longer names; the check keeps the numbers within their types.
    guard entries.count < limit, name.count <= 255, text.count < 1 << 31 else { return }
    // Limitation: a name that is no UTF-8 could not be opened, so it is not listed either.
    if unsafe !Self.isASCII(name), unsafe String(validating: name, as: UTF8.self) == nil { return }
    let start = text.count
    unsafe text.append(contentsOf: name)
    let parsed = MaildirName(text.span.extracting(start..<text.count))
    ranks.append(Rank(key: parsed.sortKey, entry: UInt32(entries.count)))
    entries.append(
      Entry(
        wireBytes: parsed.wireBytes ?? -1, name: UInt32(start), nameLength: UInt8(name.count),
        baseLength: UInt8(parsed.baseLength), uniqueLength: UInt8(parsed.uniqueLength),
        marks: marks(of: parsed, isNew: isNew)))
  }

  private func marks(of name: MaildirName, isNew: Bool) -> Marks {
    var marks: Marks = name.isUniqueID ? .hasUniqueID : []
    if isNew { marks.insert(.isNew) }
    if name.isSeen && !isNew { marks.insert(.isSeen) }
    return marks
  }

  private static func isASCII(_ name: UnsafeRawBufferPointer) -> Bool {
    var union: UInt64 = 0
    var offset = 0
    while offset + 8 <= name.count {
      union |= unsafe name.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
      offset += 8
    }
    while offset < name.count {
      union |= unsafe UInt64(name[offset])
      offset += 1
    }
    return union & 0x8080_8080_8080_8080 == 0
  }

  /// Whether the size of some message is in no name.
  var needsSizes: Bool { entries.contains { $0.wireBytes < 0 } }

  /// Puts the messages in order.
  ///
  /// - Parameters:
  ///   - sizes: what is known of sizes that no name says; it is told whether there were others.
  ///   - expire: is asked about each message that was read; where it says yes the message has gone.
  ///   - measure: measures one that is not known; nil for what is no message.
  consuming func contents<Failure: Error>(
    sizes: inout SizeCache,
    expire: (_ name: String, _ arrived: UInt64) throws(Failure) -> Bool = { _, _ in false },
    measure: (_ name: String, _ isNew: Bool) throws(Failure) -> Int?
  ) throws(Failure) -> MaildirContents {
    sort()
    var places: [MaildirContents.Place] = []
    var wireBytes: [Int] = []
    places.reserveCapacity(entries.count)
    wireBytes.reserveCapacity(entries.count)
    var previous: Rank?
    for (position, rank) in ranks.enumerated() {
      let next = position + 1 < ranks.count ? ranks[position + 1] : nil
      // Seen in `new` and, after a move, once more in `cur`: the later one counts.
      if let next, isSameMessage(rank, next) { continue }
      let isCopy = isCopy(rank, of: previous) || isCopy(rank, of: next)
      previous = rank
      let entry = entries[Int(rank.entry)]
      if entry.marks.contains(.isSeen), try expire(name(of: entry), rank.key >> 28) { continue }
      var bytes: Int? = entry.wireBytes
      if entry.wireBytes < 0 {
        bytes = sizes.size(of: text[entry.baseRange])
        if bytes == nil {
          bytes = try measure(name(of: entry), entry.marks.contains(.isNew))
          if let bytes { sizes.measured(bytes, of: text[entry.baseRange]) }
        }
      }
      guard let bytes else { continue }
      let uniqueID = placeUniqueID(of: entry, isCopy: isCopy)
      places.append(
        MaildirContents.Place(
          name: entry.name, uniqueID: uniqueID.offset, nameLength: entry.nameLength,
          baseLength: entry.baseLength, uniqueIDLength: uniqueID.length,
          isNew: entry.marks.contains(.isNew)))
      wireBytes.append(bytes)
    }
    return MaildirContents(text: text, places: places, wireBytes: wireBytes)
  }

  private func name(of entry: Entry) -> String {
    String(decoding: text[entry.nameRange], as: UTF8.self)
  }

  /// By time, then by name: within one second the names of most programs go on counting.
  private mutating func sort() {
    let text = self.text
    let entries = self.entries
    unsafe text.withUnsafeBufferPointer { text in
      ranks.sort { left, right in
        if left.key != right.key { return left.key < right.key }
        let leftEntry = entries[Int(left.entry)]
        let rightEntry = entries[Int(right.entry)]
        var order = unsafe Self.compare(text, leftEntry.uniqueRange, rightEntry.uniqueRange)
        // Copies of one message are beside each other.
        if order == 0 {
          order = unsafe Self.compare(text, leftEntry.baseRange, rightEntry.baseRange)
        }
        if order != 0 { return order < 0 }
        return leftEntry.marks.contains(.isNew) && !rightEntry.marks.contains(.isNew)
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

  private func isSameMessage(_ left: Rank, _ right: Rank) -> Bool {
    left.key == right.key
      && text[entries[Int(left.entry)].baseRange] == text[entries[Int(right.entry)].baseRange]
  }

  /// Whether another message has the same unique part, which Maildir forbids and careless tools do.
  private func isCopy(_ rank: Rank, of other: Rank?) -> Bool {
    // Most neighbours differ in the key already.
    guard let other, rank.key == other.key else { return false }
    return text[entries[Int(rank.entry)].uniqueRange] == text[entries[Int(other.entry)].uniqueRange]
  }

  /// Where the unique-id stands: in the name, or behind all names if one must be made.
  ///
  /// Of copies none keeps the unique part as its id: when one is removed, the others would else get the id
  /// that a client knows as that of the removed one.
  ///
  /// Limitation: a message that gets a copy, or loses the last one, changes its id, and a client fetches it
  /// once more. One that comes as a copy, and is alone at the client's next look, has the id of the other, and
  /// the client takes it for that one.
  private mutating func placeUniqueID(
    of entry: Entry, isCopy: Bool
  ) -> (offset: UInt32, length: UInt8) {
    if entry.marks.contains(.hasUniqueID), !isCopy { return (entry.name, entry.uniqueLength) }
    // No unique part has a comma, so that no copy has the id of another message.
    let own = isCopy ? [UInt8(ascii: ",")] + text[entry.baseRange] : Array(text[entry.uniqueRange])
    let offset = UInt32(text.count)
    text += UniqueID.hash(of: own.span)
    return (offset, UInt8(UniqueID.hashLength))
  }
}
