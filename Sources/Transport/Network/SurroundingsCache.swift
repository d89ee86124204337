package import EventLoop
package import Platform

/// The surroundings as they were a minute ago at most: interfaces come up late, and routes change.
///
/// **Failures**: what cannot be read again stays as it was; what could never be read is unknown.
@Loop
package final class SurroundingsCache {
  private let read: @Loop () throws(SystemError) -> Surroundings
  private var latest: Surroundings?
  private var expires = Instant(nanoseconds: 0)

  /// - Parameter read: asks the kernel.
  package init(
    reading read: @escaping @Loop () throws(SystemError) -> Surroundings = {
      () throws(SystemError) in try Surroundings.read()
    }
  ) { self.read = read }

  /// The surroundings at `now`, read again if the last ones are too old.
  package func current(at now: Instant = .now) -> Surroundings {
    if let latest, now < expires { return latest }
    expires = now + Limits.surroundings
    var surroundings: Surroundings
    do throws(SystemError) {
      surroundings = try read()
    } catch {
      surroundings = .unknown(because: error)
      if let latest, latest.problem == nil { surroundings = latest }
    }
    latest = surroundings
    return surroundings
  }
}
