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

  /// Puts the messages in order.
  ///
  /// Files of one base are one message if they are of one size, be they in `new` and `cur` or with other flags.
  ///
  /// - Parameters:
  ///   - sizes: what is known of sizes that no name says, or a wrong one; it is told whether there were others.
  ///   - expire: is asked about each message that was read; where it says yes the message has gone.
  ///   - measure: measures one that is not known; nil for what is no message.
  ///   - storedBytes: the size of a file; nil for one that has gone.
  consuming func contents<Failure: Error>(
    sizes: inout SizeCache,
    expire: (_ name: String, _ arrived: UInt64) throws(Failure) -> Bool,
    measure: (_ name: String, _ isNew: Bool) throws(Failure) -> Int?,
    storedBytes: (_ name: String, _ isNew: Bool) throws(Failure) -> Int?
  ) throws(Failure) -> MaildirContents {
    sort()
    var places: [MaildirContents.Place] = []
    var wireBytes: [Int] = []
    var twins: [Int: [MaildirContents.Twin]] = [:]
    var shared: Set<Int> = []
    var expired: [MaildirContents.Twin] = []
    places.reserveCapacity(entries.count)
    wireBytes.reserveCapacity(entries.count)
    var start = 0
    while start < ranks.count {
      var end = start + 1
      while end < ranks.count, isSameBase(ranks[start], ranks[end]) { end += 1 }
      let rank = ranks[start]
      let isCopy =
        start > 0 && isCopy(rank, of: ranks[start - 1])
        || end < ranks.count && isCopy(rank, of: ranks[end])
      let group = try group(start..<end, storedBytes)
      start = end
      for message in group {
        let entry = entries[message.entry]
        if entry.marks.contains(.isSeen), try expire(name(of: entry), rank.key >> 28) {
          expired += message.twins.map(twin)
          continue
        }
        let isShared = group.count > 1
        guard
          let bytes = try size(of: entry, rank.key, isShared: isShared, &sizes, measure)
        else { continue }
        let uniqueID = placeUniqueID(
          of: entry, isCopy: isCopy || isShared, storedBytes: isShared ? message.bytes : nil)
        if !message.twins.isEmpty { twins[places.count] = message.twins.map(twin) }
        if isShared { shared.insert(places.count) }
        places.append(
          MaildirContents.Place(
            name: entry.name, uniqueID: uniqueID.offset, nameLength: entry.nameLength,
            baseLength: entry.baseLength, uniqueIDLength: uniqueID.length,
            isNew: entry.marks.contains(.isNew)))
        wireBytes.append(bytes)
      }
    }
    return MaildirContents(
      text: text, places: places, wireBytes: wireBytes, twins: twins, shared: shared,
      expiredTwins: expired)
  }

  /// The size of a message: what was found out about it, else what its name says, else what is measured.
  private func size<Failure: Error>(
    of entry: Entry, _ key: UInt64, isShared: Bool, _ sizes: inout SizeCache,
    _ measure: (_ name: String, _ isNew: Bool) throws(Failure) -> Int?
  ) throws(Failure) -> Int? {
    // Of one name for several sizes nothing that goes by the name is right.
    if isShared { return try measure(name(of: entry), entry.marks.contains(.isNew)) }
    if let known = sizes.size(of: text[entry.baseRange], key) { return known }
    if entry.wireBytes >= 0 { return entry.wireBytes }
    guard let bytes = try measure(name(of: entry), entry.marks.contains(.isNew)) else { return nil }
    sizes.measured(bytes, of: text[entry.baseRange])
    return bytes
  }

  /// A message, and the other files of it.
  private struct Message {
    var entry: Int
    var twins: [Int] = []
    var bytes = 0
  }

  /// The messages among the files of one base.
  ///
  /// Seen in `new` and, after a move, once more in `cur`, a file that has gone by now is no message.
  private func group<Failure: Error>(
    _ range: Range<Int>, _ storedBytes: (_ name: String, _ isNew: Bool) throws(Failure) -> Int?
  ) throws(Failure) -> [Message] {
    let last = Int(ranks[range.upperBound - 1].entry)
    if range.count == 1 { return [Message(entry: last)] }
    var messages: [Message] = []
    // The later ones first: in `cur`, and read.
    for index in range.map({ Int(ranks[$0].entry) }).reversed() {
      let entry = entries[index]
      guard let bytes = try storedBytes(name(of: entry), entry.marks.contains(.isNew)) else {
        continue
      }
      if let place = messages.firstIndex(where: { $0.bytes == bytes }) {
        messages[place].twins.append(index)
      } else {
        messages.append(Message(entry: index, bytes: bytes))
      }
    }
    return messages.isEmpty ? [Message(entry: last)] : messages.sorted { $0.bytes < $1.bytes }
  }

  private func twin(_ index: Int) -> MaildirContents.Twin {
    let entry = entries[index]
    return MaildirContents.Twin(name: name(of: entry), isNew: entry.marks.contains(.isNew))
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
        // Of files of one message that comes last which was read, else that in `cur`.
        return (leftEntry.marks.contains(.isSeen) ? 1 : 0, leftEntry.marks.contains(.isNew) ? 0 : 1)
          < (rightEntry.marks.contains(.isSeen) ? 1 : 0, rightEntry.marks.contains(.isNew) ? 0 : 1)
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

  private func isSameBase(_ left: Rank, _ right: Rank) -> Bool {
    left.key == right.key
      && text[entries[Int(left.entry)].baseRange] == text[entries[Int(right.entry)].baseRange]
  }

  /// Whether another message has the same unique part, which Maildir forbids and careless tools do.
  private func isCopy(_ rank: Rank, of other: Rank) -> Bool {
    // Most neighbours differ in the key already.
    guard rank.key == other.key else { return false }
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
    of entry: Entry, isCopy: Bool, storedBytes: Int?
  ) -> (offset: UInt32, length: UInt8) {
    if entry.marks.contains(.hasUniqueID), !isCopy { return (entry.name, entry.uniqueLength) }
    // No unique part has a comma, so that no copy has the id of another message.
    var own = isCopy ? [UInt8(ascii: ",")] + text[entry.baseRange] : Array(text[entry.uniqueRange])
    // Nor has a file of the same base and another size.
    if let storedBytes { own += Array(":\(storedBytes)".utf8) }
    let offset = UInt32(text.count)
    text += UniqueID.hash(of: own.span)
    return (offset, UInt8(UniqueID.hashLength))
  }
}
