import Mail
package import Platform
import SMTP
import Spool

/// How much a maildrop may hold.
package struct Quota: Equatable, Sendable {
  /// Octets of all messages; nil for as many as there is room for.
  package var size: ByteCount?
  /// How many messages; nil for any number.
  package var messages: Int?
  /// What the disk has left for mail, where that is little: it bounds a maildrop without a size.
  var roomBytes: Int?

  package init(size: ByteCount? = nil, messages: Int? = nil) {
    self.size = size
    self.messages = messages
  }

  /// Whether there is none.
  var isUnlimited: Bool { size == nil && messages == nil }

  /// What is said here, and what another quota says where this one says nothing.
  func orElse(_ other: Quota) -> Quota {
    Quota(size: size ?? other.size, messages: messages ?? other.messages)
  }

  /// Why another message has no place; nil if it has.
  ///
  /// - Parameter declaredBytes: what its client has said of its size; a message of which nothing is known
  ///   is the last one that may go over the quota.
  func lack(_ usage: MaildropUsage, declaredBytes: Int) -> String? {
    if let messages, usage.messages >= messages { return "its quota of \(messages) messages" }
    if let size, usage.bytes > size.bytes || declaredBytes > size.bytes - usage.bytes {
      return "its quota of \(size)"
    }
    return nil
  }

  /// How full a maildrop is, in percent of what it can hold.
  func percent(_ usage: MaildropUsage) -> Int {
    let most = size?.bytes ?? roomBytes.map { usage.bytes + $0 }
    let bytes = most.map { Self.percent(usage.bytes, of: $0) } ?? 0
    return max(bytes, messages.map { Self.percent(usage.messages, of: $0) } ?? 0)
  }

  private static func percent(_ part: Int, of whole: Int) -> Int {
    whole == 0 ? 100 : Int(Double(part) / Double(whole) * 100)
  }
}
