import Platform

/// The look for messages that are not where they were listed.
///
/// Another program may have moved one or changed its flags, which leaves the base of the name; or it has
/// mended the sizes in the name, which leaves the unique part.
struct MaildirSearch {
  private let bases: Set<ArraySlice<UInt8>>
  private let uniques: Set<ArraySlice<UInt8>>
  /// Copies that were listed as messages of their own.
  private let copies: Set<ArraySlice<UInt8>>

  init(for bases: Set<ArraySlice<UInt8>>, of contents: MaildirContents) {
    let uniques = Set(bases.map(Self.unique))
    self.bases = bases
    self.uniques = uniques
    copies = Set(
      (0..<contents.count).map(contents.base).filter { uniques.contains(Self.unique(of: $0)) }
    ).subtracting(bases)
  }

  /// The names of the messages in a folder.
  func names(in folder: borrowing Directory) throws(SystemError) -> [String] {
    var found: [String] = []
    try unsafe folder.forEachEntry { name throws(SystemError) in
      if unsafe finds(name) { unsafe found.append(String(decoding: name, as: UTF8.self)) }
    }
    return found
  }

  private func finds(_ name: UnsafeRawBufferPointer) -> Bool {
    let base = unsafe Array(name.prefix { $0 != UInt8(ascii: ":") })[...]
    return bases.contains(base)
      || uniques.contains(Self.unique(of: base)) && !copies.contains(base)
  }

  private static func unique(of base: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    base.prefix { $0 != UInt8(ascii: ",") }
  }
}
