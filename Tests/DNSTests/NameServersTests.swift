import Foundation
import Platform
import TestSupport
import Testing

@testable import DNS

@Suite struct NameServersTests {
  @Test(
    "The servers of a resolv.conf are those of its nameserver lines",
    arguments: [
      ("nameserver 192.0.2.1\n", ["192.0.2.1:53"]),
      (
        "# nameserver 192.0.2.9\nsearch a.example\nnameserver\t2001:db8::1 \r\noptions ndots:1\n",
        ["[2001:db8::1]:53"]
      ),
      (
        "nameserver 1.1.1.1\nnameserver 2.2.2.2\nnameserver 3.3.3.3\nnameserver 4.4.4.4\n"
          + "nameserver 5.5.5.5\n",
        ["1.1.1.1:53", "2.2.2.2:53", "3.3.3.3:53", "4.4.4.4:53"]
      ),
      ("nameserver resolver.example\nnameserver 192.0.2.2", ["192.0.2.2:53"]),
      ("nameserver fe80::1%no-such-interface\nnameserver 192.0.2.3\n", ["192.0.2.3:53"]),
      ("nameservers 192.0.2.1\nnameserver\n", ["127.0.0.1:53"]),
      ("", ["127.0.0.1:53"]),
    ])
  func parsing(text: String, expected: [String]) {
    #expect(NameServers.parse(Array(text.utf8)).map(\.description) == expected)
  }

  @Test("A link-local server has the interface that is named with it")
  func zone() throws {
    let server = try #require(NameServers.parse(Array("nameserver fe80::1%lo\n".utf8)).first)
    #expect(server.host.isLinkLocal)
    #expect(server.scope == if_nametoindex("lo"))
  }

  @Test("The file is read again when it changes, appears or goes away")
  func reading() throws {
    let scratch = try ScratchDirectory()
    let path = scratch.path + "/resolv.conf"
    var servers = NameServers(path: path)
    #expect(servers.current().map(\.description) == ["127.0.0.1:53"])
    try "nameserver 192.0.2.1\n".write(toFile: path, atomically: true, encoding: .utf8)
    #expect(servers.current().map(\.description) == ["192.0.2.1:53"])
    try "nameserver 192.0.2.22\n".write(toFile: path, atomically: true, encoding: .utf8)
    #expect(servers.current().map(\.description) == ["192.0.2.22:53"])
    try FileManager.default.removeItem(atPath: path)
    #expect(servers.current().map(\.description) == ["127.0.0.1:53"])
  }

  @Test("A file that cannot be read changes nothing")
  func unreadable() throws {
    let scratch = try ScratchDirectory()
    let path = scratch.path + "/resolv.conf"
    try "nameserver 192.0.2.1\n".write(toFile: path, atomically: true, encoding: .utf8)
    var servers = NameServers(path: path)
    _ = servers.current()
    let tooLong = String(repeating: "#", count: Limits.configurationBytes + 1)
    try tooLong.write(toFile: path, atomically: true, encoding: .utf8)
    #expect(servers.current().map(\.description) == ["192.0.2.1:53"])
  }
}
