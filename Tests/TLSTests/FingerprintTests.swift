import COpenSSL
import Foundation
import TestSupport
import Testing

@testable import TLS

@Suite struct FingerprintTests {
  /// The hashes of a certificate as openssl(1) computes them.
  private func hashes(_ credentials: Credentials) throws -> (whole: [UInt8], key: [UInt8]) {
    func run(_ command: String) throws -> [UInt8] {
      let output = Pipe()
      let process = try ChildProcess(
        "/bin/sh", ["-c", command, "sh", credentials.certificatePath],
        output: output.fileHandleForWriting, error: .standardError)
      defer { process.wait() }
      return Array(try output.readToEnd())
    }
    let whole = try run("openssl x509 -in \"$1\" -outform DER | openssl dgst -sha256 -binary")
    let key = try run(
      "openssl x509 -in \"$1\" -noout -pubkey | openssl pkey -pubin -outform DER"
        + " | openssl dgst -sha256 -binary")
    return (whole, key)
  }

  private func ends(
    _ fingerprints: [[UInt8]], _ credentials: Credentials, name: String = "elsewhere.example"
  ) throws -> (server: TLSStep, client: TLSStep) {
    let wire = try Wire()
    let (server, client) = try makeSides(
      on: wire, credentials: credentials, trust: .fingerprints(fingerprints), serverName: name)
    return shakeHands(server, client)
  }

  @Test("The hash of the certificate or of its key is enough, whatever name and dates it has")
  func matches() throws {
    let credentials = try Credentials(from: 0, until: 1)
    let (whole, key) = try hashes(credentials)
    #expect(whole.count == 32 && key.count == 32 && whole != key)
    let other = [UInt8](repeating: 1, count: 32)
    for fingerprints in [[whole], [key], [other, whole], [key, other]] {
      #expect(try ends(fingerprints, credentials) == (.done, .done))
    }
  }

  @Test("Any other certificate is refused, and the message says which it is")
  func differs() throws {
    let credentials = try Credentials()
    let (whole, _) = try hashes(credentials)
    var near = whole
    near[31] ^= 1
    let text = whole.map { String(format: "%02x", $0) }.joined()
    for fingerprint in [near, Array(whole.dropLast()), [], whole + [0]] {
      let reason = "it is none of those that are given; this one is fingerprint=sha256:\(text)"
      #expect(try ends([fingerprint], credentials).client == .failed(.untrusted(reason: reason)))
    }
  }

  @Test("Nothing can be sent over a session whose fingerprint is wrong")
  func isOver() throws {
    let wire = try Wire()
    let (server, client) = try makeSides(
      on: wire, credentials: try Credentials(),
      trust: .fingerprints([[UInt8](repeating: 1, count: 32)]))
    _ = shakeHands(server, client)
    #expect(client.write("MAIL") == .failed(.broken(reason: "the session has failed before")))
  }
}
