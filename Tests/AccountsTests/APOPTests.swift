import EventLoop
import Foundation
import Platform
import TestSupport
import Testing

@testable import Accounts

@Suite struct APOPTests {
  /// The example of RFC 1939 §7.
  private static let timestamp = "<1896.697170952@dbc.mtview.ca.us>"
  private static let digest = "c4c9334bac560ecc979e58001b3e22fb"

  @Test(arguments: [
    ("mrose", timestamp, digest, true), ("MRose", timestamp, digest, true),
    ("mrose", timestamp, digest.uppercased(), false), ("mrose", "<1@x>", digest, false),
    ("mrose", timestamp, "d" + digest.dropFirst(), false), ("mrose", timestamp, "", false),
    ("other", timestamp, digest, false), ("nobody", timestamp, digest, false),
    ("away", timestamp, digest, false), ("", timestamp, digest, false),
  ])
  func `Only the digest of the timestamp and the secret is right`(
    user: String, timestamp: String, digest: String, isRight: Bool
  ) async throws {
    let scratch = try ScratchDirectory()
    let scram = Verifier.scram(
      SCRAMVerifier(password: Array("tanstaaf".utf8), salt: [1], iterations: 2)
    ).text
    try "mrose:{PLAIN}tanstaaf:\nother:\(scram):\naway:{PLAIN}tanstaaf:disabled=yes\n"
      .write(toFile: "\(scratch.path)/users", atomically: true, encoding: .utf8)
    try await onLoop {
      let accounts = try Accounts(
        path: "\(scratch.path)/users", domains: [], workers: WorkerPool(threads: 1)
      ) { _ in }
      let found = accounts.verify(
        user: user, timestamp: timestamp, digest: Array(digest.utf8))
      var isVerified = false
      if case .verified = found { isVerified = true }
      #expect(isVerified == isRight)
      // The secret is a password as well.
      if case .verified = await accounts.verify(user: "mrose", password: Array("tanstaaf".utf8)) {
        return
      }
      Issue.record("the secret is no password")
    }
  }

  @Test(arguments: ["", "a b", "a:b", "é", "a\tb", String(repeating: "x", count: 249)])
  func `A secret that no line has room for is none`(secret: String) {
    #expect(Verifier(plainSecret: Array(secret.utf8)) == nil)
  }

  @Test func `A plain secret is written as it is read`() throws {
    let verifier = try #require(Verifier("{PLAIN}tan,st=aaf{}"))
    #expect(verifier == .plain("tan,st=aaf{}"))
    #expect(verifier.text == "{PLAIN}tan,st=aaf{}")
    #expect(Verifier("{PLAIN}") == nil)
  }
}
