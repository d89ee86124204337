/// A place in a line that is being parsed, and what is left of it.
package struct ByteCursor: Sendable {
  /// What has not been taken yet.
  package private(set) var rest: ArraySlice<UInt8>

  /// A cursor at the start of `line`.
  package init(_ line: ArraySlice<UInt8>) {
    rest = line
  }

  /// A cursor at the start of `text`.
  package init(_ text: String) {
    rest = ArraySlice(text.utf8)
  }

  /// Whether everything has been taken.
  package var isAtEnd: Bool { rest.isEmpty }

  /// The next byte, nil at the end.
  package var next: UInt8? { rest.first }

  /// Takes the next byte, nil at the end.
  package mutating func take() -> UInt8? {
    rest.popFirst()
  }

  /// Takes the next byte when it is `byte`, and tells whether it was.
  package mutating func take(_ byte: UInt8) -> Bool {
    guard rest.first == byte else { return false }
    rest.removeFirst()
    return true
  }

  /// Takes the longest run of bytes that satisfy `condition`.
  package mutating func take(while condition: (UInt8) -> Bool) -> ArraySlice<UInt8> {
    let end = rest.firstIndex { !condition($0) } ?? rest.endIndex
    defer { rest = rest[end...] }
    return rest[..<end]
  }

  /// Takes `word` when it comes next, its letters in any case, and tells whether it did.
  package mutating func take(word: StaticString) -> Bool {
    let length = word.utf8CodeUnitCount
    guard
      rest.count >= length,
      rest.prefix(length).isEqual(ignoringCaseTo: word)
    else { return false }
    rest.removeFirst(length)
    return true
  }

  /// Takes spaces, and tabs, which old clients send in their place.
  package mutating func skipSpaces() {
    _ = take { $0 == .space || $0 == .tab }
  }
}

extension ArraySlice<UInt8> {
  /// Whether the bytes spell `word`, letters in any case.
  package func isEqual(ignoringCaseTo word: StaticString) -> Bool {
    guard count == word.utf8CodeUnitCount else { return false }
    return word.withUTF8Buffer { letters in
      unsafe zip(self, letters).allSatisfy { $0.lowercased == $1.lowercased }
    }
  }
}
