import Platform

/// The look for messages that are not where they were listed.
///
/// Another program may have moved one or changed its flags, which leaves the base of the name; or it has
/// mended the sizes in the name, which leaves the unique part. That is enough where no base is found and no
/// other message was listed with it.
struct MaildirSearch {
  /// The names of what was found.
  private(set) var new: [String] = []
  private(set) var current: [String] = []
  /// For how many messages something has their unique part, and it is not known whose it is.
  private(set) var unclear = 0

  private typealias Part = ArraySlice<UInt8>

  /// Looks in both folders for the messages with these bases.
  init(
    for bases: Set<ArraySlice<UInt8>>, of contents: MaildirContents, in maildir: Maildir
  ) throws(SystemError) {
    let uniques = Set(bases.map(Self.unique))
    var missing = bases
    /// What has one of these unique parts and another base; usually nothing.
    var others: [(name: String, base: Part, isNew: Bool)] = []
    func look(in folder: borrowing Directory, isNew: Bool) throws(SystemError) {
      try unsafe folder.forEachEntry { name throws(SystemError) in
        let base = unsafe Array(name.prefix { $0 != UInt8(ascii: ":") })[...]
        if bases.contains(base) {
          missing.remove(base)
          unsafe add(String(decoding: name, as: UTF8.self), isNew)
        } else if uniques.contains(Self.unique(of: base)) {
          unsafe others.append((String(decoding: name, as: UTF8.self), base, isNew))
        }
      }
    }
    try look(in: maildir.new, isNew: true)
    try look(in: maildir.current, isNew: false)
    if missing.isEmpty || others.isEmpty { return }

    let inQuestion = Dictionary(grouping: others) { Self.unique(of: $0.base) }
    let listed = Dictionary(
      grouping: (0..<contents.count).lazy.map(contents.base).filter {
        inQuestion[Self.unique(of: $0)] != nil
      }, by: Self.unique)
    for base in missing {
      let unique = Self.unique(of: base)
      let known = listed[unique] ?? []
      let unknown = (inQuestion[unique] ?? []).filter { !known.contains($0.base) }
      if known == [base] {
        unknown.forEach { add($0.name, $0.isNew) }
      } else if !unknown.isEmpty {
        unclear += 1
      }
    }
  }

  private mutating func add(_ name: String, _ isNew: Bool) {
    if isNew { new.append(name) } else { current.append(name) }
  }

  private static func unique(of base: Part) -> Part { base.prefix { $0 != UInt8(ascii: ",") } }
}
