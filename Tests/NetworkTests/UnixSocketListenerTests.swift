import EventLoop
import Foundation
import Platform
import TestSupport
import Testing

@testable import Network

@Suite struct UnixSocketListenerTests {
  @Test("A client is taken with the number of its user")
  func client() async throws {
    let scratch = try ScratchDirectory()
    try await onLoop {
      let listener = try UnixSocketListener(in: scratch.path, as: "control", mode: 0o660)
      let other = try Connection.connect(toUnixSocket: "\(scratch.path)/control")
      let (connection, user) = try await listener.accept()
      #expect(user == geteuid())
      try await other.write(Array("hello\n".utf8), until: .now + .seconds(10))
      try await other.flush(until: .now + .seconds(10))
      let line = try await connection.readLine(limit: 100, until: .now + .seconds(10))
      #expect(line == Array("hello".utf8))
    }
  }

  @Test(
    "A socket that nobody serves is replaced, one that is served is not", arguments: [true, false])
  func staleness(isServed: Bool) async throws {
    let scratch = try ScratchDirectory()
    try await onLoop {
      var first: UnixSocketListener? = try UnixSocketListener(
        in: scratch.path, as: "control", mode: 0o600)
      if !isServed { first = nil }
      do throws(SystemError) {
        let second = try UnixSocketListener(in: scratch.path, as: "control", mode: 0o600)
        #expect(!isServed)
        second.removeName()
        #expect(!FileManager.default.fileExists(atPath: "\(scratch.path)/control"))
      } catch {
        #expect(isServed && error.isAddressInUse)
      }
      _ = first
    }
  }

  @Test("A file of that name is not removed")
  func file() async throws {
    let scratch = try ScratchDirectory()
    try Data("mine".utf8).write(to: URL(filePath: "\(scratch.path)/control"))
    await onLoop {
      #expect(throws: SystemError.self) {
        try UnixSocketListener(in: scratch.path, as: "control", mode: 0o660)
      }
    }
    #expect(FileManager.default.contents(atPath: "\(scratch.path)/control") == Data("mine".utf8))
  }

  @Test("A path that the kernel has no room for is an error, not another path")
  func longPath() throws {
    let path = "/tmp/" + String(repeating: "x", count: 104)
    #expect(throws: SystemError.self) { try Descriptor.listening(onUnixSocket: path, mode: 0o600) }
  }
}
