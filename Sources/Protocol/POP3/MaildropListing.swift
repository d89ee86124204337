/// What a session knows of the messages in a maildrop: their sizes and unique-ids, in order.
///
/// Ten thousand messages cost three allocations. The text may be one that something else keeps
/// too, such as the file names: the listing only points into it.
///
/// **Limits.** The text is less than 4 GiB; a unique-id is at most 255 octets here, and what makes
/// the listing keeps to ``Limits/uniqueIDBytes``.
package struct MaildropListing: Sendable {
  /// Where a unique-id stands in the text.
  package struct Place: Sendable {
    var offset: UInt32
    var length: UInt8

    /// The octets of the text from `offset` on, `length` of them.
    package init(offset: UInt32, length: UInt8) {
      self.offset = offset
      self.length = length
    }
  }

  private let text: [UInt8]
  private let places: [Place]
  private var sizes: [Int]
  /// Octets of all messages as they are sent, without the dots that stuffing adds.
  package private(set) var totalBytes: Int

  /// A listing of as many messages as there are places and sizes.
  ///
  /// A size is in octets as the message is sent, with CRLF line ends (RFC 1939 §11).
  package init(text: [UInt8], uniqueIDs places: [Place], sizes: [Int]) {
    precondition(places.count == sizes.count, "each message has a unique-id and a size")
    self.text = text
    self.places = places
    self.sizes = sizes
    totalBytes = sizes.reduce(0, +)
  }

  /// How many messages there are.
  package var count: Int { sizes.count }

  /// Lists a message with another size.
  mutating func correctSize(of index: Int, to bytes: Int) {
    totalBytes += bytes - sizes[index]
    sizes[index] = bytes
  }

  /// Octets of a message as it is sent.
  package func bytes(of index: Int) -> Int { sizes[index] }

  /// The unique-id of a message.
  package func uniqueID(of index: Int) -> ArraySlice<UInt8> {
    let place = places[index]
    let start = Int(place.offset)
    return text[start..<start + Int(place.length)]
  }

  /// Appends the unique-id of a message: what a listing of thousands does instead of `uniqueID`.
  func appendUniqueID(of index: Int, to output: inout [UInt8]) {
    let place = places[index]
    let start = Int(place.offset)
    let uniqueID = text.span.extracting(start..<start + Int(place.length))
    unsafe uniqueID.withUnsafeBufferPointer { octets in
      unsafe output.append(contentsOf: octets)
    }
  }
}
