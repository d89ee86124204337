import Foundation
import TestSupport
import Testing

@testable import DNS

@Suite("Names that this machine has for hosts") struct LocalNamesTests {
  private static func search(_ text: String, for name: String) -> [String] {
    var search = HostsSearch(name: Array(name.utf8))
    for byte in text.utf8 { search.take(byte) }
    search.endLine()
    return search.addresses.map { "\($0.host)" }
  }

  @Test(
    "A hosts file has the addresses of a name in its lines, whatever the case, and in the order of the file",
    arguments: [
      ("192.168.1.2 mail.lan mail\n", ["192.168.1.2"]), ("192.168.1.2\tmail", ["192.168.1.2"]),
      ("192.168.1.2 x\n192.168.1.3 MAIL\nfd00::3 mail # the same\r\n", ["192.168.1.3", "fd00::3"]),
      ("192.168.1.2 mail\n192.168.1.2 mail\n", ["192.168.1.2"]),
      ("192.168.1.2 mail.\n", ["192.168.1.2"]),
      ("#192.168.1.2 mail\n192.168.1.2 #mail\n", []), ("mail 192.168.1.2\n", []),
      ("192.168.1.2 mails amail mail2 mail.lan\n", []),
      ("192.168.1.300 mail\nfe80::1%nosuch mail\n", []),
      ("192.168.1.2\n mail\n", []), ("", []), ("\n\n\0\n", []), ("0.0.0.0 mail", ["0.0.0.0"]),
      (
        "192.168.1.2 " + String(repeating: "x", count: 5000) + " mail\n192.168.1.3 mail\n",
        ["192.168.1.3"]
      ),
    ])
  func hosts(text: String, expected: [String]) {
    #expect(Self.search(text, for: "mail") == expected)
  }

  @Test("Whatever a hosts file holds, the search ends and takes no more than a line of it")
  func garbage() {
    var random = FixedRandom(seed: 11)
    let octets = Array("192.168.1 mail#\n\t\r\0:f%".utf8) + [0xFF, 0xC3]
    for _ in 0..<500 {
      var search = HostsSearch(name: Array("mail".utf8))
      for _ in 0..<500 { search.take(octets.randomElement(using: &random) ?? 0) }
      search.endLine()
      #expect(search.addresses.count <= Limits.records)
    }
  }

  @Test(
    "The file is read again when it changes, appears or goes away; what is no file has no names")
  func changes() throws {
    let scratch = try ScratchDirectory()
    let path = scratch.path + "/hosts"
    var hosts = HostsFile(path: path)
    #expect(hosts.addresses(of: "mail") == [])
    try "192.0.2.1 mail\n".write(toFile: path, atomically: true, encoding: .utf8)
    #expect(hosts.addresses(of: "Mail").map { "\($0.host)" } == ["192.0.2.1"])
    try "192.0.2.22 mail\n".write(toFile: path, atomically: true, encoding: .utf8)
    #expect(hosts.addresses(of: "Mail").map { "\($0.host)" } == ["192.0.2.22"])
    try FileManager.default.removeItem(atPath: path)
    #expect(hosts.addresses(of: "Mail") == [])
    #expect(mkfifo(path, 0o600) == 0)
    #expect(hosts.addresses(of: "mail") == [])
    var device = HostsFile(path: "/dev/zero")
    #expect(device.addresses(of: "mail") == [])
  }

  @Test(
    "A name without a dot is looked for in the domains of resolv.conf, and then as it is",
    arguments: [
      ("search a.example b.example\n", "mail", ["mail.a.example", "mail.b.example", "mail"]),
      ("domain a.example\n", "mail", ["mail.a.example", "mail"]),
      ("domain a.example\nsearch b.example\n", "mail", ["mail.b.example", "mail"]),
      ("search a.example.\toptions\n", "mail", ["mail.a.example", "mail.options", "mail"]),
      ("search a.example\n", "smtp.isp.example", ["smtp.isp.example"]),
      ("search a.example\n", "mail.", ["mail."]),
      (
        "search a.example\noptions timeout:1 ndots:2\n", "mail.sub",
        ["mail.sub.a.example", "mail.sub"]
      ),
      ("search a.example\noptions ndots:2\n", "x.y.z", ["x.y.z"]),
      ("search a.example\noptions ndots:0\n", "mail", ["mail"]),
      ("search a.example\noptions ndots:x\n", "mail", ["mail.a.example", "mail"]),
      ("search -x..y /z\n", "mail", ["mail"]), ("search .\n", "mail", ["mail"]),
      ("", "mail", ["mail"]),
      (
        "search a b c d e f g h\n", "mail",
        ["mail.a", "mail.b", "mail.c", "mail.d", "mail.e", "mail.f", "mail"]
      ),
    ])
  func search(text: String, host: String, expected: [String]) {
    #expect(SearchList(Array(text.utf8)).fullNames(of: host) == expected)
  }

  @Test("The domains are those of the file as it is now")
  func searchFile() throws {
    let scratch = try ScratchDirectory()
    let path = scratch.path + "/resolv.conf"
    var names = LocalNames(hosts: scratch.path + "/none", configuration: path)
    #expect(names.fullNames(of: "mail") == ["mail"])
    try "search a.example\n".write(toFile: path, atomically: true, encoding: .utf8)
    #expect(names.fullNames(of: "mail") == ["mail.a.example", "mail"])
    try FileManager.default.removeItem(atPath: path)
    #expect(names.fullNames(of: "mail") == ["mail"])
  }
}
