import Mail
import Platform
import Testing

@testable import Receiving

@Suite struct SendingAllowanceTests {
  private let camera = SendingAllowance.Holder.client(IPAddress(v4: 0xC0A8_0105))
  private let start = Instant(nanoseconds: 5_000_000_000)

  private func take(
    _ allowance: inout SendingAllowance, _ holder: SendingAllowance.Holder, isFirst: Bool = true,
    messages: Int? = nil, recipients: Int? = nil, after: Duration = .zero
  ) -> SendingAllowance.Excess? {
    allowance.take(
      holder, isFirstOfMessage: isFirst,
      limits: SendingLimits(
        messagesPerHour: messages.map(Allowance.atMost),
        recipientsPerHour: recipients.map(Allowance.atMost)),
      at: start + after)
  }

  @Test("The message over the limit waits until the hour is over")
  func messages() throws {
    var allowance = SendingAllowance()
    for minute in 0..<3 {
      let excess = take(&allowance, camera, messages: 3, after: .seconds(60 * minute))
      #expect(excess == nil)
    }
    let excess = try #require(take(&allowance, camera, messages: 3, after: .seconds(600)))
    #expect(excess == .init(text: "3 messages an hour", wait: .seconds(3000)))
    #expect(take(&allowance, camera, messages: 3, after: .seconds(3599)) != nil)
    #expect(take(&allowance, camera, messages: 3, after: .seconds(3600)) == nil)
  }

  @Test(
    "Recipients are counted one by one, and those of the last message are not cut off by its own")
  func recipients() {
    var allowance = SendingAllowance()
    #expect(take(&allowance, camera, messages: 1, recipients: 2) == nil)
    #expect(take(&allowance, camera, isFirst: false, messages: 1, recipients: 2) == nil)
    #expect(
      take(&allowance, camera, isFirst: false, messages: 1, recipients: 2)?.text
        == "2 recipients an hour")
  }

  @Test("What was refused does not count, and nobody pays for another")
  func holders() {
    var allowance = SendingAllowance()
    #expect(take(&allowance, camera, messages: 1) == nil)
    for _ in 0..<5 { #expect(take(&allowance, camera, messages: 1) != nil) }
    #expect(take(&allowance, .user("anna"), messages: 1) == nil)
    #expect(take(&allowance, camera, messages: 2) == nil)
  }

  @Test("Without a limit nothing is counted")
  func unlimited() {
    var allowance = SendingAllowance()
    for _ in 0..<10 { #expect(take(&allowance, camera) == nil) }
    #expect(take(&allowance, camera, messages: 1) == nil)
  }

  @Test("The table is bounded: the hour that began first makes room")
  func bounded() {
    var allowance = SendingAllowance()
    #expect(take(&allowance, camera, messages: 1) == nil)
    for number in 0..<1023 {
      let holder = SendingAllowance.Holder.user("\(number)")
      #expect(take(&allowance, holder, messages: 1, after: .seconds(1)) == nil)
    }
    #expect(take(&allowance, camera, messages: 1, after: .seconds(2)) != nil)
    #expect(take(&allowance, .user("one more"), messages: 1, after: .seconds(2)) == nil)
    #expect(take(&allowance, camera, messages: 1, after: .seconds(3)) == nil)
    #expect(take(&allowance, .user("5"), messages: 1, after: .seconds(3)) != nil)
  }
}
