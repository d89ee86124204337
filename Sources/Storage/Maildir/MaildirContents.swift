/// The messages of a Maildir at one moment, in the order of their arrival.
///
/// **Limits.** Ten thousand messages cost four allocations and about 0.7 MB: all names stand in one
/// text, and the rest are numbers.
package struct MaildirContents: Sendable {
  /// Where a message's name and unique-id stand in the text.
  struct Place: Sendable {
    var name: UInt32
    var uniqueID: UInt32
    var nameLength: UInt8
    var baseLength: UInt8
    var uniqueIDLength: UInt8
    var isNew: Bool
  }

  /// The names of the files, one behind the other, and unique-ids that are no part of a name.
  package let text: [UInt8]
  let places: [Place]
  /// For each message its size with CRLF line ends.
  package let wireBytes: [Int]

  /// Other files of the same message: in `new` and in `cur`, or with other flags, as a merged backup leaves.
  let twins: [Int: [Twin]]
  /// Messages whose base is that of another message, too: files of other sizes.
  let shared: Set<Int>
  /// Other files of messages that have expired.
  let expiredTwins: [Twin]

  /// A file with the base and the size of another one.
  struct Twin: Sendable {
    let name: String
    let isNew: Bool
  }

  init(
    text: [UInt8], places: [Place], wireBytes: [Int], twins: [Int: [Twin]] = [:],
    shared: Set<Int> = [], expiredTwins: [Twin] = []
  ) {
    self.text = text
    self.places = places
    self.wireBytes = wireBytes
    self.twins = twins
    self.shared = shared
    self.expiredTwins = expiredTwins
  }

  /// What there is before the first delivery.
  package static let empty = MaildirContents(text: [], places: [], wireBytes: [])

  /// The same messages, with sizes that were found to be other ones.
  func correcting(_ sizes: [Int: Int]) -> MaildirContents {
    var wireBytes = wireBytes
    for (index, size) in sizes { wireBytes[index] = size }
    return MaildirContents(
      text: text, places: places, wireBytes: wireBytes, twins: twins, shared: shared)
  }

  /// How many messages there are.
  package var count: Int { places.count }

  /// Where the unique-id of a message stands in `text`.
  ///
  /// It is the part of the name that never changes, or a hash where that would be no unique-id of
  /// RFC 1939 §7, or is that of several messages.
  package func uniqueID(of index: Int) -> (offset: UInt32, length: UInt8) {
    (places[index].uniqueID, places[index].uniqueIDLength)
  }

  /// The name of a message's file when the Maildir was read.
  func name(of index: Int) -> String {
    let start = Int(places[index].name)
    return String(
      decoding: text[start..<start + Int(places[index].nameLength)], as: UTF8.self)
  }

  /// Whether the message was in `new` when the Maildir was read.
  func isNew(_ index: Int) -> Bool { places[index].isNew }

  /// The part of the name that stays when another program moves the file or changes its flags.
  func base(of index: Int) -> ArraySlice<UInt8> {
    let start = Int(places[index].name)
    return text[start..<start + Int(places[index].baseLength)]
  }
}
