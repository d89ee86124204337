import Mail

/// A source of random numbers that gives the same ones in every run.
struct FixedRandom: RandomNumberGenerator {
  var state: UInt64

  init(seed: UInt64) { state = seed }

  // SplitMix64.
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// Bytes in which those that matter to the codecs are common.
  mutating func content(count: Int, alphabet: [UInt8]) -> [UInt8] {
    (0..<count).map { _ in alphabet.randomElement(using: &self) ?? 0 }
  }
}

/// What became of some input to the decoder.
struct Decoded: Equatable {
  var stored: [UInt8] = []
  /// How many input bytes the content took; nil when it did not end.
  var consumed: Int?
  var violation: ContentDecoder.Violation?
  var lines = 0
  var bytes = 0

  /// Decodes `input` given in pieces of the sizes that `cut` yields.
  init(_ input: [UInt8], repairsBareLF: Bool = false, cut: () -> Int = { Int.max }) {
    var decoder = ContentDecoder(repairsBareLF: repairsBareLF)
    var start = 0
    while start < input.count, consumed == nil {
      let end = start + min(max(cut(), 1), input.count - start)
      if let used = decoder.decode(Array(input[start..<end]).span, into: &stored) {
        consumed = start + used
      }
      start = end
    }
    violation = decoder.violation
    lines = decoder.lines
    bytes = decoder.storedBytes
  }
}

/// The wire form of `stored`, encoded in pieces of the sizes that `cut` yields.
func encoded(_ stored: [UInt8], cut: () -> Int = { Int.max }) -> [UInt8] {
  var encoder = WireEncoder()
  var wire: [UInt8] = []
  var start = 0
  while start < stored.count {
    let end = start + min(max(cut(), 1), stored.count - start)
    encoder.encode(Array(stored[start..<end]).span, into: &wire)
    start = end
  }
  encoder.finish(into: &wire)
  return wire
}

/// The text of bytes, for comparison and for a readable failure.
func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
