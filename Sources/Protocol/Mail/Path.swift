/// The sender of an envelope, to whom failures are reported: `<>` or a mailbox.
///
/// RFC 5321 §4.1.1.2. The null path belongs to reports, which must never cause a report themselves.
package enum ReversePath: Hashable, Sendable {
  case null
  case mailbox(Mailbox)

  /// The mailbox, nil for the null path.
  package var mailbox: Mailbox? {
    if case .mailbox(let mailbox) = self { mailbox } else { nil }
  }

  /// The path in its angle brackets.
  package var text: String { "<" + (mailbox?.text ?? "") + ">" }

  /// Takes a path in angle brackets from `cursor`; nil if there is none.
  ///
  /// - Parameter localDomain: the domain of a local part that stands alone; nil where none may.
  package init?(
    parsing cursor: inout ByteCursor, allowsUTF8: Bool = false, localDomain: Domain? = nil
  ) {
    let content = Path(parsing: &cursor, allowsUTF8: allowsUTF8, localDomain: localDomain)
    switch content {
    case .empty: self = .null
    case .mailbox(let mailbox): self = .mailbox(mailbox)
    case .postmaster:
      guard let localDomain, let mailbox = Mailbox(localPart: "postmaster", domain: localDomain)
      else { return nil }
      self = .mailbox(mailbox)
    case nil: return nil
    }
  }

  /// Takes a path whose angle brackets may be missing, as some devices leave them out.
  ///
  /// RFC 5321 §4.1.1.2 has them. Without them the path is a whole mailbox that ends at a space or at
  /// the end of the line; and where the line ends at once, it is the null path.
  package init?(
    looselyParsing cursor: inout ByteCursor, allowsUTF8: Bool = false, localDomain: Domain? = nil
  ) {
    if cursor.next == Path.opening {
      self.init(parsing: &cursor, allowsUTF8: allowsUTF8, localDomain: localDomain)
    } else if cursor.isAtEnd {
      self = .null
    } else {
      guard
        let mailbox = Path.takeBare(&cursor, allowsUTF8: allowsUTF8, localDomain: localDomain)
      else { return nil }
      self = .mailbox(mailbox)
    }
  }

  /// The path that `text` spells with its angle brackets; nil if it spells none.
  package init?(_ text: String, allowsUTF8: Bool = false) {
    var cursor = ByteCursor(text)
    guard let path = ReversePath(parsing: &cursor, allowsUTF8: allowsUTF8), cursor.isAtEnd else {
      return nil
    }
    self = path
  }
}

/// A recipient of an envelope: a mailbox, or `<Postmaster>`, which every host has.
///
/// RFC 5321 §4.1.1.3 and §4.5.1.
package enum ForwardPath: Hashable, Sendable {
  case postmaster
  case mailbox(Mailbox)

  /// The mailbox, nil for the postmaster of this host.
  package var mailbox: Mailbox? {
    if case .mailbox(let mailbox) = self { mailbox } else { nil }
  }

  /// The path in its angle brackets.
  package var text: String { "<" + (mailbox?.text ?? "postmaster") + ">" }

  /// Takes a path in angle brackets from `cursor`; nil if there is none.
  ///
  /// - Parameter localDomain: the domain of a local part that stands alone; nil where none may.
  package init?(
    parsing cursor: inout ByteCursor, allowsUTF8: Bool = false, localDomain: Domain? = nil
  ) {
    guard
      let content = Path(parsing: &cursor, allowsUTF8: allowsUTF8, localDomain: localDomain)
    else { return nil }
    switch content {
    case .empty: return nil
    case .mailbox(let mailbox): self = .mailbox(mailbox)
    case .postmaster: self = .postmaster
    }
  }

  /// Takes a path whose angle brackets may be missing, as some devices leave them out.
  ///
  /// RFC 5321 §4.1.1.3 has them. Without them the path is a whole mailbox that ends at a space or at
  /// the end of the line.
  package init?(
    looselyParsing cursor: inout ByteCursor, allowsUTF8: Bool = false, localDomain: Domain? = nil
  ) {
    if cursor.next == Path.opening {
      self.init(parsing: &cursor, allowsUTF8: allowsUTF8, localDomain: localDomain)
    } else {
      guard
        let mailbox = Path.takeBare(&cursor, allowsUTF8: allowsUTF8, localDomain: localDomain)
      else { return nil }
      self = .mailbox(mailbox)
    }
  }

  /// The path that `text` spells with its angle brackets; nil if it spells none.
  package init?(_ text: String, allowsUTF8: Bool = false) {
    var cursor = ByteCursor(text)
    guard let path = ForwardPath(parsing: &cursor, allowsUTF8: allowsUTF8), cursor.isAtEnd else {
      return nil
    }
    self = path
  }
}

/// What can stand between angle brackets.
private enum Path {
  case empty
  case postmaster
  case mailbox(Mailbox)

  static let opening = UInt8(ascii: "<")

  init?(parsing cursor: inout ByteCursor, allowsUTF8: Bool, localDomain: Domain?) {
    let start = cursor.rest.startIndex
    guard cursor.take(Self.opening) else { return nil }
    if cursor.take(UInt8(ascii: ">")) {
      self = .empty
      return
    }
    guard Self.skipSourceRoute(&cursor, allowsUTF8: allowsUTF8) else { return nil }
    var attempt = cursor
    if attempt.take(word: "postmaster"), attempt.take(UInt8(ascii: ">")) {
      cursor = attempt
      self = .postmaster
      return
    }
    guard
      let mailbox = Mailbox(
        parsing: &cursor, allowsUTF8: allowsUTF8, localDomain: localDomain),
      cursor.take(UInt8(ascii: ">")),
      cursor.rest.startIndex - start <= Limits.pathBytes
    else { return nil }
    self = .mailbox(mailbox)
  }

  /// Takes a mailbox that stands without brackets.
  static func takeBare(
    _ cursor: inout ByteCursor, allowsUTF8: Bool, localDomain: Domain?
  ) -> Mailbox? {
    guard
      let mailbox = Mailbox(
        parsing: &cursor, allowsUTF8: allowsUTF8, localDomain: localDomain),
      cursor.isAtEnd || cursor.next == .space
    else { return nil }
    return mailbox
  }

  /// Skips `@one,@two:`, which is to be accepted and ignored (RFC 5321 §4.1.1.3 and appendix C).
  private static func skipSourceRoute(_ cursor: inout ByteCursor, allowsUTF8: Bool) -> Bool {
    guard cursor.next == .at else { return true }
    repeat {
      guard cursor.take(.at) else { return false }
      let hop = cursor.take {
        $0 != UInt8(ascii: ",") && $0 != .colon && ($0.isVisible || $0 >= 0x80)
      }
      // Limitation: an IPv6 literal, which holds colons, is not understood in a route.
      guard Domain(hop, allowsUTF8: allowsUTF8) != nil else { return false }
    } while cursor.take(UInt8(ascii: ","))
    return cursor.take(.colon)
  }
}
