import EventLoop
import Mail
import Platform
import TestSupport
import Testing

@testable import Spool

@Suite struct ReportAllowanceTests {
  private let start = Instant(nanoseconds: 1_000_000_000_000)

  @Test("An address gets so many reports in an hour, and no other pays for it")
  func perAddress() async throws {
    try await onLoop {
      var remarks: [String] = []
      let allowance = ReportAllowance(perHour: 3) { remarks.append($0) }
      let printer = try #require(Mailbox("printer@home.example"))
      let anna = try #require(Mailbox("anna@home.example"))
      let told = (0..<5).map { allowance.admits(printer, at: start + .seconds($0)) }
      #expect(told == [true, true, true, false, false])
      #expect(
        remarks == ["printer@home.example has got 3 reports within an hour: no more are made"])
      #expect(allowance.admits(anna, at: start + .seconds(9)))
      #expect(!allowance.admits(printer, at: start + .seconds(3599)))
      #expect(allowance.admits(printer, at: start + .seconds(3600)))
      #expect(
        remarks.last == "3 reports to printer@home.example were left out within an hour")
      #expect(remarks.count == 2)
    }
  }

  @Test("Reports of delays leave half of the allowance for those of failures")
  func delays() async throws {
    try await onLoop {
      var remarks: [String] = []
      let allowance = ReportAllowance(perHour: 4) { remarks.append($0) }
      let anna = try #require(Mailbox("anna@home.example"))
      let delays = (0..<3).map {
        allowance.admits(anna, isFailure: false, at: start + .seconds($0))
      }
      #expect(delays == [true, true, false])
      #expect(!allowance.isExhausted(for: anna, at: start + .seconds(9)))
      #expect(allowance.admits(anna, at: start + .seconds(9)))
      #expect(allowance.admits(anna, at: start + .seconds(9)))
      #expect(allowance.isExhausted(for: anna, at: start + .seconds(9)))
      #expect(!allowance.admits(anna, at: start + .seconds(9)))
      let text = "anna@home.example has got"
      #expect(
        remarks == [
          "\(text) 2 reports within an hour: no more are made, but of failures",
          "\(text) 4 reports within an hour: no more are made",
        ])
      #expect(!allowance.isExhausted(for: anna, at: start + .seconds(3600)))
    }
  }

  @Test("Few reports leave for the senders of forwarded mail, however many senders there are")
  func strangers() async throws {
    try await onLoop {
      var remarks: [String] = []
      let allowance = ReportAllowance(perHour: 60) { remarks.append($0) }
      let told = (0..<144).count { allowance.admitsStranger(at: start + .seconds($0)) }
      #expect(told == 10)
      #expect(remarks.count == 1)
      #expect(allowance.admitsStranger(at: start + .seconds(3600)))
      #expect(
        remarks.last == "134 reports to senders of forwarded mail were left out within an hour")
    }
  }

  @Test("However many addresses there are, few are counted")
  func bound() async throws {
    try await onLoop {
      let allowance = ReportAllowance(perHour: 1) { _ in }
      let mailboxes = (0..<300).compactMap { Mailbox("u\($0)@far.example") }
      for (number, mailbox) in mailboxes.enumerated() {
        #expect(allowance.admits(mailbox, at: start + .milliseconds(number)))
      }
      // The first has been forgotten, the last has not.
      #expect(allowance.admits(mailboxes[0], at: start + .seconds(1)))
      #expect(!allowance.admits(mailboxes[299], at: start + .seconds(1)))
    }
  }
}
