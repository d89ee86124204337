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
  private typealias Found = (name: String, base: Part, isNew: Bool)

  /// Looks in both folders for the messages with these bases.
  init(
    for bases: Set<ArraySlice<UInt8>>, of contents: MaildirContents, in maildir: Maildir
  ) throws(SystemError) {
    let uniques = Set(bases.map(Self.unique))
    let found =
      try Self.names(with: uniques, in: maildir.new, isNew: true)
      + Self.names(with: uniques, in: maildir.current, isNew: false)
    let byBase = Dictionary(grouping: found, by: \.base)
    let byUnique = Dictionary(grouping: found) { Self.unique(of: $0.base) }
    // What was listed with these unique parts: usually the messages themselves.
    let listed = Dictionary(
      grouping: (0..<contents.count).lazy.map(contents.base).filter {
        uniques.contains(Self.unique(of: $0))
      }, by: Self.unique)
    for base in bases {
      if let own = byBase[base] {
        own.forEach { add($0) }
        continue
      }
      let unique = Self.unique(of: base)
      let known = listed[unique] ?? []
      let others = (byUnique[unique] ?? []).filter { !known.contains($0.base) }
      if known == [base] { others.forEach { add($0) } } else if !others.isEmpty { unclear += 1 }
    }
  }

  private mutating func add(_ found: Found) {
    if found.isNew { new.append(found.name) } else { current.append(found.name) }
  }

  private static func names(
    with uniques: Set<Part>, in folder: borrowing Directory, isNew: Bool
  ) throws(SystemError) -> [Found] {
    var found: [Found] = []
    try unsafe folder.forEachEntry { name throws(SystemError) in
      let base = unsafe Array(name.prefix { $0 != UInt8(ascii: ":") })[...]
      if uniques.contains(unique(of: base)) {
        unsafe found.append((String(decoding: name, as: UTF8.self), base, isNew))
      }
    }
    return found
  }

  private static func unique(of base: Part) -> Part { base.prefix { $0 != UInt8(ascii: ",") } }
}
