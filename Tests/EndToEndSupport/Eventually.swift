import Foundation

/// What was waited for has not come true in time.
package struct Overdue: Error, CustomStringConvertible {
  package let description: String
}

/// Returns as soon as `condition` holds; fails when it does not within `seconds`.
///
/// - Parameter context: what helps to find out why, asked for when the time has passed.
package func eventually(
  _ expectation: String, within seconds: TimeInterval = 30, context: () -> String = { "" },
  _ condition: () throws -> Bool
) throws {
  let deadline = Date(timeIntervalSinceNow: seconds)
  while try !condition() {
    if Date.now > deadline {
      throw Overdue(description: "\(expectation): not within \(seconds) s\n\(context())")
    }
    usleep(5000)
  }
}
