import Platform

/// Why the daemon cannot start, as a sentence: the machine lacks what every program needs.
struct StartError: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }

  /// Runs `body` and says of its error what it was about.
  static func about<Result: ~Copyable, Failure: Error & CustomStringConvertible>(
    _ subject: String, _ body: () throws(Failure) -> Result
  ) throws(StartError) -> Result {
    do throws(Failure) { return try body() } catch {
      throw StartError("\(subject): \(error.description)")
    }
  }
}
