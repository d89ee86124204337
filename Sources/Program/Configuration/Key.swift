/// A row of the table of settings: where a key stands, what it takes, what it sets.
///
/// The table is the one description of the format. It parses the files, gives the defaults, finds
/// the key that was meant, and is what the tests hold the example file and the manual against.
struct Key: Sendable {
  /// What holds where the file says nothing.
  enum Default: Sendable {
    /// The value that this text spells; an example shows another where it would be pointless.
    case text(String, example: String? = nil)
    /// No value; the text shows what one would look like.
    case absent(example: String)
  }

  /// A figure that a standard asks for; less is allowed, but told.
  struct Minimum<Value: Sendable>: Sendable {
    let value: Value
    let text: String
    let standard: String
  }

  let section: Section
  let name: String
  let `default`: Default
  /// What the key is for, in one sentence that the example file repeats.
  let summary: String
  /// What to write, as a phrase that can follow "give".
  let form: String
  /// Parses the text and stores the value; returns a warning if the value is unwise.
  let apply: @Sendable (Substring, inout Configuration.Draft) throws(Rejection) -> String?

  /// How messages name the key.
  var path: String { "\(section.heading()) \(name)" }

  /// What the example file shows behind the key.
  var example: String {
    switch `default` {
    case .text(let text, let example): example ?? text
    case .absent(let example): example
    }
  }

  init<Value: Sendable>(
    _ section: Section, _ name: String, _ syntax: Syntax<Value>, default: Default,
    _ summary: String, set: @escaping @Sendable (inout Configuration.Draft, Value) -> Void
  ) {
    self.section = section
    self.name = name
    self.default = `default`
    self.summary = summary
    form = syntax.form
    apply = { text, draft throws(Rejection) in
      set(&draft, try syntax.parse(text))
      return nil
    }
  }

  init<Value: Comparable & Sendable>(
    _ section: Section, _ name: String, _ syntax: Syntax<Value>, default: Default,
    minimum: Minimum<Value>, _ summary: String,
    set: @escaping @Sendable (inout Configuration.Draft, Value) -> Void
  ) {
    self.section = section
    self.name = name
    self.default = `default`
    self.summary = summary
    form = syntax.form
    apply = { text, draft throws(Rejection) in
      let value = try syntax.parse(text)
      set(&draft, value)
      if value >= minimum.value { return nil }
      return "\(quoted(text)) is less than \(minimum.text), which \(minimum.standard) asks for"
    }
  }
}
