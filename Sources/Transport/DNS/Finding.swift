/// What a server's message says to a question, in the form that is cached.
struct Finding: Equatable, Sendable {
  enum Content: Equatable, Sendable {
    case records(RecordSet)
    case noData
    case noSuchName
  }

  var content: Content
  /// Seconds that the finding may be kept; 0 for not at all.
  var timeToLive: UInt32
  /// Whether the server says that DNSSEC proves it.
  var isAuthenticated: Bool
}

extension Finding {
  /// Reads the answer to `question` out of `message`, following aliases within it.
  ///
  /// **Failures**: `DNSError.failed` for every response code but the two that answer; `.malformed` for
  /// contradictions, for aliases that do not end, and for records none of which can be used. None of
  /// them may be taken for "there is nothing".
  init(_ message: Message, to question: Question) throws(DNSError) {
    guard message.code == 0 || message.code == Self.noSuchNameCode else {
      throw .failed(code: message.code)
    }
    isAuthenticated = message.isAuthenticated
    var name = question.name
    var shortest = UInt32.max
    for _ in 0...Limits.aliases {
      let own = message.answer.filter { $0.owner == name }
      let wanted = own.filter { $0.type == question.type.rawValue }
      if !wanted.isEmpty {
        // The code is about the last name of the chain (RFC 6604 §3), which has records here.
        guard message.code == 0, let records = RecordSet(question.type, wanted) else {
          throw .malformed
        }
        content = .records(records)
        timeToLive = wanted.reduce(shortest) { min($0, $1.timeToLive) }
        return
      }
      guard let alias = own.first(where: { $0.type == ResourceRecord.cname }) else {
        (content, timeToLive) = try Self.nothing(in: message)
        timeToLive = min(timeToLive, shortest)
        return
      }
      guard let target = alias.fields.first.flatMap(DomainName.init(wire:)) else {
        throw .malformed
      }
      shortest = min(shortest, alias.timeToLive)
      name = target
    }
    throw .malformed
  }

  private static let noSuchNameCode = 3

  /// A negative answer, which holds as long as its SOA record says (RFC 2308 §5).
  private static func nothing(in message: Message) throws(DNSError) -> (Content, UInt32) {
    let content = message.code == noSuchNameCode ? Content.noSuchName : .noData
    if let soa = message.authority.first(where: { $0.type == ResourceRecord.soa }) {
      let minimum = soa.fields.last.map { $0.reduce(0) { $0 << 8 | UInt32($1) } } ?? 0
      return (content, min(soa.timeToLive, minimum))
    }
    // Name servers of another zone instead of an answer: the server does not look further by itself
    // (RFC 2308 §2.2), so it has not said that there is nothing.
    if content == .noData, message.authority.contains(where: { $0.type == ResourceRecord.ns }) {
      throw .malformed
    }
    return (content, 0)
  }
}
