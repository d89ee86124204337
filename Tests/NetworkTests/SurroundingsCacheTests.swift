import EventLoop
import Platform
import TestSupport
import Testing

@testable import Network

@Suite struct SurroundingsCacheTests {
  private let start = Instant(nanoseconds: 1_000_000_000_000)
  private let router = IPAddress(v4: 0xC0A8_0101)
  private let failure = SystemError(code: 5, call: "read")

  /// A kernel that says what a test wants, and counts how often it is asked.
  @Loop
  private final class Kernel {
    var answer: Result<Surroundings, SystemError>
    var questions = 0

    init(_ answer: Result<Surroundings, SystemError>) { self.answer = answer }

    func read() throws(SystemError) -> Surroundings {
      questions += 1
      return try answer.get()
    }
  }

  @Test("The kernel is asked once a minute at most, and the change is seen then")
  func cache() async {
    await onLoop {
      let kernel = Kernel(.success(Surroundings(own: [], gateways: [])))
      let cache = SurroundingsCache { () throws(SystemError) in try kernel.read() }
      #expect(cache.current(at: start).gateways == [])
      kernel.answer = .success(Surroundings(own: [], gateways: [router]))
      #expect(cache.current(at: start + .milliseconds(59_999)).gateways == [])
      #expect(kernel.questions == 1)
      #expect(cache.current(at: start + .seconds(60)).gateways == [router])
      #expect(kernel.questions == 2)
    }
  }

  @Test("What cannot be read again stays; what never could is unknown until it can")
  func failures() async {
    await onLoop {
      let kernel = Kernel(.failure(failure))
      let cache = SurroundingsCache { () throws(SystemError) in try kernel.read() }
      #expect(cache.current(at: start).problem == failure)
      kernel.answer = .success(Surroundings(own: [], gateways: [router]))
      let known = cache.current(at: start + .seconds(60))
      #expect(known.problem == nil && known.isGateway(router))
      kernel.answer = .failure(failure)
      #expect(cache.current(at: start + .seconds(120)) == known)
      #expect(kernel.questions == 3)
    }
  }
}
