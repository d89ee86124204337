import EventLoop
import Mail
import Network
import Platform
import SMTP
import Spool

/// The content of one message as it comes in, over DATA at once or over BDAT in chunks.
///
/// What is wrong with it is found on the way, and told when it has come to its end: replying earlier
/// would make the rest of it commands. From then on nothing more is written.
@Loop
final class ContentReception {
  /// The identifier of the message.
  let id: QueueID
  private var decoder: ContentDecoder
  private var header: HeaderPass
  private var delivery: Delivery?
  private var diskError: SystemError?
  private let limitBytes: Int
  private let keepsBeginning: Bool
  /// How fast the content comes, over all its chunks.
  private var rate: DataRate?
  /// The start of the content, if a report is to quote it.
  private(set) var beginning: [UInt8] = []

  init(
    _ delivery: consuming Delivery, framing: ContentDecoder.Framing, repairsBareLF: Bool,
    rules: HeaderRules, keepsBeginning: Bool, limitBytes: Int, minimumRate: Int?
  ) {
    rate = minimumRate.map { DataRate(minimum: $0) }
    header = HeaderPass(rules)
    id = delivery.id
    self.delivery = consume delivery
    decoder = ContentDecoder(framing: framing, repairsBareLF: repairsBareLF)
    self.limitBytes = limitBytes
    self.keepsBeginning = keepsBeginning
  }

  /// Counts what has come after a wait; says whether the client is too slow.
  func isTooSlow(after bytes: Int, waited: Duration) -> Bool {
    rate?.isTooSlow(after: bytes, waited: waited) ?? false
  }

  /// The size of the content so far, as SIZE counts it.
  var wireBytes: Int { decoder.wireBytes }

  /// Decodes what has arrived into `content`; says how much of it was used when the end is reached.
  func decode(_ input: Span<UInt8>, into content: inout [UInt8]) -> Int? {
    decoder.decode(input, into: &content)
  }

  /// Stores the next piece of decoded content.
  func store(_ content: [UInt8]) async { await write(passed(content)) }

  /// What is to be stored of a piece.
  @inline(never)
  private func passed(_ content: [UInt8]) -> [UInt8] {
    if isRefused { return [] }
    if header.isComplete { return content }
    var passed: [UInt8] = []
    header.process(content.span, into: &passed)
    return passed
  }

  /// What is to be stored at the end of a header that the end of the content has cut off.
  @inline(never)
  private func headerEnd() -> [UInt8] {
    var rest: [UInt8] = []
    if !header.isComplete, !isRefused { header.finish(into: &rest) }
    return rest
  }

  private func write(_ content: [UInt8]) async {
    if content.isEmpty { return }
    if keepsBeginning {
      beginning += content.prefix(Mail.Limits.quotedHeaderBytes - beginning.count)
    }
    do throws(SystemError) { try await delivery?.write(content) } catch { diskError = error }
  }

  /// Stores the end of what has come in chunks.
  func finishChunks() async {
    var content: [UInt8] = []
    decoder.finishChunks(into: &content)
    if !content.isEmpty { await store(content) }
  }

  /// Whether something speaks against the message already.
  var isRefused: Bool {
    diskError != nil || decoder.violation != nil || header.violation != nil || isTooLarge
  }

  private var isTooLarge: Bool { decoder.wireBytes > limitBytes }

  /// What speaks against the message, for the client and for the log; nil when it is on the device.
  func commit() async -> (reply: Reply, reason: String)? {
    await write(headerEnd())
    if let refusal { return refusal }
    guard let delivery = delivery.take() else { preconditionFailure("a message is committed once") }
    do throws(SystemError) { try await delivery.commit() } catch {
      return (Self.reply(to: error), "\(error)")
    }
    return nil
  }

  /// What speaks against the message so far.
  var refusal: (reply: Reply, reason: String)? {
    if let violation = decoder.violation {
      return (.refusal(of: violation), "\(violation)" + Self.remedy(for: violation))
    }
    if isTooLarge {
      return (.tooLarge(limitBytes: limitBytes), "larger than the \(limitBytes) bytes allowed")
    }
    if let violation = header.violation {
      return (.refusal(of: violation), "\(violation)" + Self.remedy(for: violation))
    }
    if header.isLooping { return (.looping, "mail loop") }
    return diskError.map { (Self.reply(to: $0), "\($0)") }
  }

  /// The key of a profile that would let the message pass, for the log.
  private static func remedy(for violation: ContentDecoder.Violation) -> String {
    violation == .bareLineFeed ? " (profile key repair-bare-lf lets it pass)" : ""
  }

  private static func remedy(for violation: HeaderPass.Violation) -> String {
    violation == .beyondASCII ? " (profile key 8bit-header lets it pass)" : ""
  }

  private static func reply(to error: SystemError) -> Reply {
    error.isOutOfSpace ? .insufficientStorage : .localError
  }
}
