internal import Platform

/// Answers that still hold, bounded in number and bytes.
///
/// Failures are not kept: the next try asks again, and the queue decides when that is.
struct Cache {
  private struct Entry {
    var finding: Finding
    var expiry: Instant
    var bytes: Int
  }

  private var entries: [Question: Entry] = [:]
  private(set) var bytes = 0

  /// How many answers are held.
  var count: Int { entries.count }

  /// The answer to `question`, with the time that is left of it.
  func finding(for question: Question, at now: Instant) -> Finding? {
    guard let entry = entries[question], entry.expiry > now else { return nil }
    var finding = entry.finding
    finding.timeToLive = UInt32(clamping: (entry.expiry - now).wholeSeconds)
    return finding
  }

  /// Keeps an answer for as long as it says, within the limits; the ones that end first make room.
  mutating func insert(_ finding: Finding, for question: Question, at now: Instant) {
    let seconds: UInt32
    switch finding.content {
    case .records:
      seconds = min(
        max(finding.timeToLive, Limits.cacheSeconds.lowerBound), Limits.cacheSeconds.upperBound)
    case .noData, .noSuchName: seconds = min(finding.timeToLive, Limits.negativeCacheSeconds)
    }
    remove(question)
    let entry = Entry(
      finding: finding, expiry: now + .seconds(Int64(seconds)),
      bytes: 128 + question.name.text.utf8.count + finding.recordBytes)
    guard seconds > 0, entry.bytes <= Limits.cacheBytes / 4 else { return }
    if isFull(with: entry) { removeExpired(at: now) }
    while isFull(with: entry), let first = entries.min(by: { $0.value.expiry < $1.value.expiry }) {
      remove(first.key)
    }
    entries[question] = entry
    bytes += entry.bytes
  }

  /// Forgets everything, for other servers may answer otherwise.
  mutating func removeAll() {
    entries = [:]
    bytes = 0
  }

  private func isFull(with entry: Entry) -> Bool {
    entries.count >= Limits.cacheEntries || bytes + entry.bytes > Limits.cacheBytes
  }

  private mutating func removeExpired(at now: Instant) {
    for (question, entry) in entries where entry.expiry <= now { remove(question) }
  }

  private mutating func remove(_ question: Question) {
    if let entry = entries.removeValue(forKey: question) { bytes -= entry.bytes }
  }
}

extension Finding {
  fileprivate var recordBytes: Int {
    if case .records(let records) = content { records.bytes } else { 0 }
  }
}
