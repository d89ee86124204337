/// The service extensions that the reply to EHLO can list.
package struct Extensions: OptionSet, Hashable, Sendable {
  /// The bits.
  package let rawValue: UInt16
  /// The set with these bits.
  package init(rawValue: UInt16) { self.rawValue = rawValue }

  /// RFC 2920.
  package static var pipelining: Extensions { Extensions(rawValue: 1 << 0) }
  /// RFC 1870.
  package static var size: Extensions { Extensions(rawValue: 1 << 1) }
  /// RFC 6152.
  package static var eightBitMIME: Extensions { Extensions(rawValue: 1 << 2) }
  /// RFC 2034.
  package static var enhancedStatusCodes: Extensions { Extensions(rawValue: 1 << 3) }
  /// RFC 3207.
  package static var startTLS: Extensions { Extensions(rawValue: 1 << 4) }
  /// RFC 4954.
  package static var authentication: Extensions { Extensions(rawValue: 1 << 5) }
  /// RFC 3030; BINARYMIME is not offered.
  package static var chunking: Extensions { Extensions(rawValue: 1 << 6) }
  /// RFC 6531.
  package static var international: Extensions { Extensions(rawValue: 1 << 7) }
  /// RFC 3461.
  package static var notifications: Extensions { Extensions(rawValue: 1 << 8) }
  /// RFC 9422.
  package static var limits: Extensions { Extensions(rawValue: 1 << 9) }
  /// RFC 1985.
  package static var queueing: Extensions { Extensions(rawValue: 1 << 10) }
  /// RFC 8689.
  package static var requireTLS: Extensions { Extensions(rawValue: 1 << 11) }

  /// Everything that can be listed.
  package static var all: Extensions { Extensions(rawValue: (1 << 12) - 1) }

  /// Each extension with its keyword, in the order in which EHLO lists them.
  package static var keywords: [(keyword: String, extension: Extensions)] {
    [
      ("PIPELINING", .pipelining), ("SIZE", .size), ("8BITMIME", .eightBitMIME),
      ("ENHANCEDSTATUSCODES", .enhancedStatusCodes), ("STARTTLS", .startTLS),
      ("AUTH", .authentication), ("CHUNKING", .chunking), ("SMTPUTF8", .international),
      ("DSN", .notifications), ("LIMITS", .limits), ("ETRN", .queueing),
      ("REQUIRETLS", .requireTLS),
    ]
  }

  /// The extensions with these keywords, in upper case; one that is unknown is left out.
  package init(keywords: [String]) {
    self = []
    for (keyword, member) in Self.keywords where keywords.contains(keyword) { insert(member) }
  }
}
