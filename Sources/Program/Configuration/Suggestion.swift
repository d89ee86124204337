import Mail

/// The known word that was most likely meant.
enum Suggestion {
  /// The candidate nearest to `word`; nil when none is near enough to be worth saying.
  ///
  /// Near is at most one slip in three letters, case not counted.
  static func nearest(to word: some StringProtocol, among candidates: [String]) -> String? {
    guard word.utf8.count <= Limits.quotedValueBytes else { return nil }
    let bytes = word.utf8.map(\.lowercased)
    var best: (word: String, distance: Int)?
    for candidate in candidates {
      let other = candidate.utf8.map(\.lowercased)
      let distance = self.distance(bytes, other)
      guard distance <= max(1, max(bytes.count, other.count) / 3) else { continue }
      if distance < best?.distance ?? .max { best = (candidate, distance) }
    }
    return best?.word
  }

  /// `; did you mean "word"?` for the nearest candidate, otherwise nothing.
  static func phrase(for word: some StringProtocol, among candidates: [String]) -> String {
    nearest(to: word, among: candidates).map { "; did you mean \"\($0)\"?" } ?? ""
  }

  /// The slips between two words: letters that are missing, added, wrong, or swapped with the next.
  static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
    var beforeLast: [Int] = []
    var last = Array(0...right.count)
    for row in left.indices {
      var current = [row + 1]
      for column in right.indices {
        let isSame = left[row] == right[column]
        var slips = min(
          last[column + 1] + 1, current[column] + 1, last[column] + (isSame ? 0 : 1))
        if row > 0, column > 0, left[row] == right[column - 1], left[row - 1] == right[column] {
          slips = min(slips, beforeLast[column - 1] + 1)
        }
        current.append(slips)
      }
      beforeLast = last
      last = current
    }
    return last[right.count]
  }
}
