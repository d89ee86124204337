internal import CLinux

/// A moment on the clock that never jumps and goes on while the machine sleeps (CLOCK_BOOTTIME).
///
/// Every time-out, grant and retry time in memory is one of these: boards without a battery boot in
/// 1970, and their wall clock jumps when the network comes up.
package struct Instant: Comparable, Hashable, Sendable {
  /// Nanoseconds since the machine was started.
  package var nanoseconds: Int64

  package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

  /// The present moment.
  package static var now: Instant {
    var time = timespec()
    unsafe clock_gettime(CLOCK_BOOTTIME, &time)
    return Instant(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
  }

  /// Later than every other instant.
  package static let distantFuture = Instant(nanoseconds: .max)

  package static func < (left: Instant, right: Instant) -> Bool {
    left.nanoseconds < right.nanoseconds
  }

  /// The instant that much later; `distantFuture` where the sum cannot be told.
  package static func + (instant: Instant, duration: Duration) -> Instant {
    let (sum, overflow) = instant.nanoseconds.addingReportingOverflow(duration.nanoseconds)
    return Instant(nanoseconds: overflow ? .max : sum)
  }

  /// The time from `earlier` to `later`.
  package static func - (later: Instant, earlier: Instant) -> Duration {
    .nanoseconds(later.nanoseconds - earlier.nanoseconds)
  }
}

extension Duration {
  /// The whole duration in nanoseconds; the nearest that fits for more than 292 years.
  package var nanoseconds: Int64 {
    let (seconds, attoseconds) = components
    let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    if overflow { return seconds < 0 ? .min : .max }
    let (sum, tooLarge) = product.addingReportingOverflow(attoseconds / 1_000_000_000)
    return tooLarge ? (seconds < 0 ? .min : .max) : sum
  }

  /// The whole seconds of the duration.
  package var wholeSeconds: Int64 { components.seconds }
}

/// The wall clock: what is written into files and headers, and nothing else.
package enum WallClock {
  /// Unix time of the first version; a clock before it has not been set since the machine was started.
  package static let earliest: Int64 = 1_764_000_000

  /// Unix time in seconds.
  package static var now: Int64 {
    var time = timespec()
    unsafe clock_gettime(CLOCK_REALTIME, &time)
    return Int64(time.tv_sec)
  }

  /// Unix time in microseconds.
  package static var microseconds: Int64 {
    var time = timespec()
    unsafe clock_gettime(CLOCK_REALTIME, &time)
    return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000
  }

  /// The second of the day, by the local time of this machine.
  package static var localSecondOfDay: Int {
    var time = time_t(now)
    var parts = unsafe tm()
    // The zone may have been changed since the last call, which localtime_r(3) alone would not see.
    tzset()
    guard unsafe localtime_r(&time, &parts) != nil else { return Int(now % 86_400) }
    // A leap second is still this day.
    return unsafe min(
      86_399, Int(parts.tm_hour) * 3600 + Int(parts.tm_min) * 60 + Int(parts.tm_sec))
  }
}

/// What tells one start of the machine from another.
package enum Boot {
  /// The kernel's identifier of this boot, 36 characters.
  ///
  /// - Throws: `SystemError` where `/proc` is not mounted.
  package static func identifier() throws(SystemError) -> String {
    let file = try Descriptor.reading(path: "/proc/sys/kernel/random/boot_id")
    let bytes = try file.readAll(limit: 64)
    return String(decoding: bytes.prefix { $0 > 0x20 }, as: UTF8.self)
  }
}

/// Bytes from the kernel's random generator.
package func randomBytes(count: Int) throws(SystemError) -> [UInt8] {
  var bytes = [UInt8](repeating: 0, count: count)
  var filled = 0
  while filled < count {
    let start = filled
    filled += try attemptCounting("getrandom") {
      unsafe bytes.withUnsafeMutableBytes { buffer in
        unsafe getrandom(buffer.baseAddress.map { unsafe $0 + start }, count - start, 0)
      }
    }
  }
  return bytes
}
