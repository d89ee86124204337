import Mail

/// How a kind of value is written: what is accepted, in words, and the parser for it.
struct Syntax<Value: Sendable>: Sendable {
  /// What to write, as a phrase that can follow "give".
  let form: String
  /// The value that the trimmed text spells.
  let parse: @Sendable (Substring) throws(Rejection) -> Value

  init(_ form: String, parse: @escaping @Sendable (Substring) throws(Rejection) -> Value) {
    self.form = form
    self.parse = parse
  }

  /// What another part of the program reads.
  ///
  /// - Parameters:
  ///   - refusal: what is said of a text that is none, as a phrase that follows it.
  ///   - value: nil for such a text.
  static func read(
    _ form: String, refusal: String, _ value: @escaping @Sendable (Substring) -> Value?
  ) -> Syntax {
    Syntax(form) { text throws(Rejection) in
      guard let value = value(text) else { throw Rejection(reason: "\(quoted(text)) \(refusal)") }
      return value
    }
  }

  /// One of a few words.
  static func word(_ words: KeyValuePairs<String, Value>) -> Syntax<Value> {
    let names = words.map(\.key)
    let values = words.map(\.value)
    return Syntax("one of " + names.joined(separator: ", ")) { text throws(Rejection) in
      let lowercased = String(text).asciiLowercased
      guard let index = names.firstIndex(of: lowercased) else {
        throw Rejection(
          reason: "\(quoted(text)) is not known",
          suggestion: Suggestion.phrase(for: text, among: names))
      }
      return values[index]
    }
  }
}

extension Syntax<Bool> {
  /// Yes or no, in the spellings systemd takes.
  static var boolean: Syntax {
    Syntax("yes or no") { text throws(Rejection) in
      switch String(text).asciiLowercased {
      case "yes", "true", "on", "1": return true
      case "no", "false", "off", "0": return false
      default: throw Rejection(reason: "\(quoted(text)) is neither yes nor no")
      }
    }
  }
}

extension Syntax<Int> {
  /// A whole number within bounds.
  static func integer(_ range: ClosedRange<Int>) -> Syntax {
    Syntax("a number from \(range.lowerBound) to \(range.upperBound)") { text throws(Rejection) in
      guard let number = text.decimal else {
        throw Rejection(reason: "\(quoted(text)) is not a number")
      }
      guard range.contains(number) else {
        throw Rejection(
          reason: "\(number) is too \(number < range.lowerBound ? "small" : "large")")
      }
      return number
    }
  }
}

extension Syntax<String> {
  /// The absolute path of a file or directory.
  static var path: Syntax {
    Syntax("an absolute path") { text throws(Rejection) in
      guard text.utf8.first == UInt8(ascii: "/") else {
        throw Rejection(
          reason: text.isEmpty ? "the value is empty" : "\(quoted(text)) does not start with \"/\"")
      }
      guard text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }), text.utf8.count < 4096 else {
        throw Rejection(reason: "\(quoted(text)) is not a path")
      }
      return String(text)
    }
  }

  /// A single word, such as the name of an entry in another file.
  static var name: Syntax {
    Syntax("a word of letters, digits, dots and hyphens") { text throws(Rejection) in
      guard
        (1...64).contains(text.utf8.count),
        text.utf8.allSatisfy({ $0.isVisible && $0 < 0x7F && $0 != UInt8(ascii: "#") })
      else { throw Rejection(reason: "\(quoted(text)) is not a name") }
      return String(text)
    }
  }
}

extension Syntax {
  /// Several values between commas; an empty text is the empty list.
  static func list<Element>(
    of element: Syntax<Element>, limit: Int = Limits.listElements
  ) -> Syntax where Value == [Element] {
    Syntax("\(element.form); several are separated by commas") { text throws(Rejection) in
      let fields = text.fields(separatedBy: UInt8(ascii: ","))
      guard fields.count <= limit else {
        throw Rejection(reason: "the list has more than \(limit) elements")
      }
      var values: [Element] = []
      for field in fields {
        if field.isEmpty { throw Rejection(reason: "the list has an empty element") }
        values.append(try element.parse(field))
      }
      return values
    }
  }

  /// A list that must not be empty.
  static func nonEmptyList<Element>(
    of element: Syntax<Element>
  ) -> Syntax where Value == [Element] {
    let list = list(of: element)
    return Syntax(list.form) { text throws(Rejection) in
      if text.isEmpty { throw Rejection(reason: "the value is empty") }
      return try list.parse(text)
    }
  }

  /// The value, or nil for an empty text, which takes back what an earlier file said.
  static func optional<Wrapped>(_ value: Syntax<Wrapped>) -> Syntax where Value == Wrapped? {
    Syntax("\(value.form), or nothing") { text throws(Rejection) in
      text.isEmpty ? nil : try value.parse(text)
    }
  }

  /// The value, or nil for `off`.
  static func orOff<Wrapped>(_ value: Syntax<Wrapped>) -> Syntax where Value == Wrapped? {
    Syntax("\(value.form), or off") { text throws(Rejection) in
      String(text).asciiLowercased == "off" ? nil : try value.parse(text)
    }
  }
}
