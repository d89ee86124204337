import Foundation
import TestSupport
import Testing

@testable import TLS

/// Authorities in files of the admin, made by openssl(1).
@Suite struct AuthorityFilesTests {
  private let authority: TestAuthority
  private let scratch: ScratchDirectory
  private var path: String { scratch.path }

  init() throws {
    authority = try TestAuthority.shared.get()
    scratch = try ScratchDirectory()
  }

  private func copyRoot(to name: String) throws {
    try FileManager.default.copyItem(atPath: authority.root, toPath: "\(path)/\(name)")
  }

  private func end(_ context: TLSContext) throws -> TLSStep {
    let files = try authority.issue(.init("mx.far.example"))
    let wire = try Wire()
    let server = try TLSContext.server([
      CertificateFiles(certificate: files.certificate, key: files.key)
    ])
    let session = try TLSSession.connecting(
      on: wire.clientEnd, context: context, serverName: "mx.far.example")
    return shakeHands(
      Side(TLSSession.accepting(on: wire.serverEnd, context: server)), Side(session)
    ).client
  }

  @Test(
    "A directory needs no links: each file in it holds authorities, and the rest is passed over")
  func directory() throws {
    try FileManager.default.createDirectory(
      atPath: "\(path)/deeper", withIntermediateDirectories: false)
    try Data("how to use this\n".utf8).write(to: URL(filePath: "\(path)/README"))
    try copyRoot(to: "our-root.crt")
    try copyRoot(to: "again.pem")
    #expect(try end(.client(trust: .authorities(path: path))) == .done)
  }

  @Test("A directory or a file that holds none is told, and so is one that is not there")
  func none() throws {
    #expect(throws: TLSError.file(path: path, reason: "holds no certificate in PEM form")) {
      _ = try TLSContext.client(trust: .authorities(path: path))
    }
    #expect(throws: TLSError.self) {
      _ = try TLSContext.client(trust: .authorities(path: "\(path)/absent"))
    }
    let text = try String(contentsOfFile: authority.root, encoding: .utf8)
    try text.replacing("\nMII", with: "\nMIX").write(
      toFile: "\(path)/bad.pem", atomically: true, encoding: .utf8)
    #expect(
      throws: TLSError.file(path: "\(path)/bad.pem", reason: "certificate 1 is malformed")
    ) { _ = try TLSContext.client(trust: .authorities(path: path)) }
  }

  @Test("A short first message offers no key exchange whose share is long")
  func shortHello() throws {
    var lengths: [Int] = []
    for isShort in [false, true] {
      let wire = try Wire()
      let session = Side(
        try TLSSession.connecting(
          on: wire.clientEnd,
          context: TLSContext.client(trust: .systemAuthorities, hasShortHello: isShort),
          serverName: "mx.far.example"))
      #expect(session.session.unansweredBytes == 0)
      #expect(session.session.handshake() == .wantRead)
      var hello = [UInt8](repeating: 0, count: 4096)
      let count = read(wire.serverEnd, &hello, hello.count)
      #expect(count == session.session.unansweredBytes)
      lengths.append(count)
      // X25519MLKEM768, which OpenSSL has from 3.5 on.
      let hybrid = hello[..<count].indices.contains { hello[$0...].starts(with: [0x11, 0xEC]) }
      #expect(!isShort || !hybrid)
    }
    #expect(lengths[1] < lengths[0] && lengths[1] < 600)
  }

  @Test("A context is no longer current when an authority was removed, added or replaced")
  func changes() throws {
    try copyRoot(to: "root.pem")
    let context = try TLSContext.client(trust: .authorities(path: path))
    #expect(context.isCurrent)
    try copyRoot(to: "more.pem")
    #expect(!context.isCurrent)
    let second = try TLSContext.client(trust: .authorities(path: path))
    #expect(second.isCurrent)
    let stranger = try Credentials()
    for name in ["root.pem", "more.pem"] {
      let bytes = try Data(contentsOf: URL(filePath: stranger.certificatePath))
      try bytes.write(to: URL(filePath: "\(path)/\(name)"))
    }
    #expect(!second.isCurrent)
    let third = try TLSContext.client(trust: .authorities(path: path))
    guard case .failed(.untrusted) = try end(third) else {
      Issue.record("the authority was removed")
      return
    }
    let file = try TLSContext.client(trust: .authorities(path: "\(path)/root.pem"))
    #expect(file.isCurrent)
    try FileManager.default.removeItem(atPath: "\(path)/root.pem")
    #expect(!file.isCurrent)
    #expect(try TLSContext.client(trust: .anyone).isCurrent)
  }
}
