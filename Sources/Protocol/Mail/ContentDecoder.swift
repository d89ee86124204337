/// Turns what follows DATA or BDAT into the form in which content is stored: lines that end in LF.
///
/// After DATA the content ends at CRLF, dot, CRLF and at nothing else (RFC 5321 §4.1.1.4): a server
/// that also ends it at LF, dot, LF or at CR, dot, CR lets a sender smuggle a second message, with any
/// envelope it likes, through a relay that does not. So a CR or LF on its own never ends the content.
/// It is a `violation`, and the session refuses the message once the true end has passed.
///
/// The leading dot of a line is undone (RFC 5321 §4.5.2). After BDAT no dot means anything, and the
/// caller knows where the content ends (RFC 3030 §2). The result does not depend on how the input is
/// cut into pieces.
///
/// **Failures**: none; a violation is a fact about the message, told by `violation`.
/// **Limits**: `Limits.contentLineBytes`. The size of the message is the caller's to watch, by
/// `wireBytes`. The decoder itself holds no bytes.
package struct ContentDecoder: Sendable {
  /// How the end of the content is told.
  package enum Framing: Sendable {
    /// By a lone dot: DATA.
    case dots
    /// By the count of the octets: BDAT.
    case chunks
  }

  /// What makes a message unfit to be stored or sent on.
  package enum Violation: Equatable, Sendable, CustomStringConvertible {
    /// A CR without LF, forbidden by RFC 5321 §2.3.8.
    case bareCarriageReturn
    /// An LF without CR, forbidden by RFC 5321 §2.3.8.
    case bareLineFeed
    /// A NUL, which no form of mail text allows (RFC 5321 §4.5.2, RFC 6152 §3).
    case nul
    /// A line over `Limits.contentLineBytes`.
    case lineTooLong

    /// The violation as a log tells it.
    package var description: String {
      switch self {
      case .bareCarriageReturn: "CR without LF"
      case .bareLineFeed: "LF without CR"
      case .nul: "NUL byte"
      case .lineTooLong: "line too long"
      }
    }
  }

  /// Where in its line the decoder stands; `afterCRLF` is false when a repaired LF began the line.
  private enum Position {
    case lineStart(afterCRLF: Bool)
    case dot(afterCRLF: Bool)
    case dotReturn(afterCRLF: Bool)
    case text
    case carriageReturn
    case end
  }

  /// The first thing that was wrong with the content, nil while nothing was.
  package private(set) var violation: Violation?
  /// The octets given out so far.
  package private(set) var storedBytes = 0
  /// The lines given out so far.
  package private(set) var lines = 0

  /// The size the content has on the wire, with CRLF and without the dots: what SIZE counts.
  package var wireBytes: Int { storedBytes + lines }

  private let framing: Framing
  private let repairsBareLF: Bool
  // The CRLF of the DATA command itself is the first half of the end (RFC 5321 §4.1.1.4).
  private var position = Position.lineStart(afterCRLF: true)
  private var lineBytes = 0

  /// A decoder at the start of content.
  ///
  /// With `repairsBareLF` a bare LF is a line end and no violation, for devices that know no better.
  /// Even then a dot between line ends of which one is bare is content, and is kept as such.
  package init(framing: Framing = .dots, repairsBareLF: Bool = false) {
    self.framing = framing
    self.repairsBareLF = repairsBareLF
  }

  /// Decodes `input` and appends the stored form to `output`; nothing more once there is a violation.
  ///
  /// Returns nil while the content goes on, and at its end the number of input bytes that belong to
  /// it: what follows them is the next command. To call it again after that is a bug. Of chunks it
  /// always returns nil.
  package mutating func decode(_ input: Span<UInt8>, into output: inout [UInt8]) -> Int? {
    // One allocation instead of a row of growing ones; an array that is kept for long grows by itself.
    if output.isEmpty, violation == nil { output.reserveCapacity(input.count + 1) }
    /// The start of the bytes that have been passed and not yet copied.
    var run = 0
    var index = 0
    while index < input.count {
      switch position {
      case .text:
        index = input.firstLineControl(from: index)
        guard index < input.count else { break }
        switch input[index] {
        case .carriageReturn:
          copy(input, run..<index, to: &output)
          position = .carriageReturn
          run = index + 1
        case .lineFeed where repairsBareLF:
          copy(input, run..<index, to: &output)
          run = index
          endLine(afterCRLF: false)
        case .lineFeed:
          note(.bareLineFeed)
        default:
          note(.nul)
        }
        index += 1
      case .carriageReturn:
        if input[index] == .lineFeed {
          // The LF is stored, and copied together with the line it precedes.
          endLine(afterCRLF: true)
          index += 1
        } else {
          note(.bareCarriageReturn)
          position = .text
        }
      case .lineStart(let afterCRLF):
        if input[index] == .dot, framing == .dots {
          copy(input, run..<index, to: &output)
          index += 1
          run = index
          position = .dot(afterCRLF: afterCRLF)
        } else {
          position = .text
        }
      case .dot(let afterCRLF):
        switch input[index] {
        case .carriageReturn:
          index += 1
          run = index
          position = .dotReturn(afterCRLF: afterCRLF)
        case .lineFeed where repairsBareLF:
          keepDot(in: &output)
          run = index
          index += 1
          endLine(afterCRLF: false)
        default:
          // The dot was stuffing: what follows it is the line.
          position = .text
        }
      case .dotReturn(let afterCRLF):
        if input[index] != .lineFeed {
          note(.bareCarriageReturn)
          position = .text
        } else if afterCRLF {
          position = .end
          return index + 1
        } else {
          keepDot(in: &output)
          run = index
          index += 1
          endLine(afterCRLF: true)
        }
      case .end:
        preconditionFailure("the content has ended; the rest of the input is commands")
      }
    }
    copy(input, run..<index, to: &output)
    return nil
  }

  /// Ends content that came in chunks, and appends the line end that its last line may lack.
  package mutating func finishChunks(into output: inout [UInt8]) {
    switch position {
    case .carriageReturn:
      note(.bareCarriageReturn)
    case .text where violation == nil:
      output.append(.lineFeed)
      storedBytes += 1
      endLine(afterCRLF: true)
    default:
      break
    }
    position = .end
  }

  private mutating func endLine(afterCRLF: Bool) {
    lines += 1
    lineBytes = 0
    position = .lineStart(afterCRLF: afterCRLF)
  }

  /// Stores a dot that stands alone in its line and yet does not end the content.
  private mutating func keepDot(in output: inout [UInt8]) {
    guard violation == nil else { return }
    output.append(.dot)
    storedBytes += 1
  }

  private mutating func copy(_ input: Span<UInt8>, _ range: Range<Int>, to output: inout [UInt8]) {
    guard !range.isEmpty, violation == nil else { return }
    output.append(input, range)
    storedBytes += range.count
    lineBytes += range.count
    if lineBytes > Limits.contentLineBytes { note(.lineTooLong) }
  }

  private mutating func note(_ found: Violation) {
    if violation == nil { violation = found }
  }
}
