import Platform
import Testing

@testable import Network

@Suite struct TrustedNetworksTests {
  private static func address(_ text: String) throws -> IPAddress { try #require(IPAddress(text)) }

  private static func network(_ text: String) throws -> IPNetwork {
    let parts = text.split(separator: "/")
    let address = try address(String(parts[0]))
    guard parts.count == 2 else { return IPNetwork(address) }
    let prefix = try #require(Int(parts[1]))
    return try #require(IPNetwork(address, prefix: prefix))
  }

  private static func trusted(
    _ networks: [String], _ surroundings: Surroundings? = nil
  ) throws -> TrustedNetworks {
    let usual = Surroundings(
      own: ["192.168.1.2", "fd00::2"].compactMap { IPAddress($0) },
      gateways: ["192.168.1.1", "fe80::1"].compactMap { IPAddress($0) })
    return TrustedNetworks(try networks.map(network), surroundings ?? usual)
  }

  @Test(
    "Hosts of the networks are trusted, gateways and own addresses only by name",
    arguments: [
      (["192.168.0.0/16"], "192.168.1.5", true), (["192.168.0.0/16"], "10.0.0.1", false),
      (["192.168.0.0/16"], "192.168.1.1", false), (["192.168.0.0/16"], "192.168.1.2", false),
      (["192.168.0.0/16", "192.168.1.1/32"], "192.168.1.1", true),
      (["192.168.1.2"], "192.168.1.2", true), (["192.168.1.0/31"], "192.168.1.1", false),
      (["fd00::/8"], "fd00::3", true), (["fd00::/8"], "fd00::2", false),
      (["fd00::/8", "fd00::2/128"], "fd00::2", true), (["fe80::/10"], "fe80::1", false),
      ([], "192.168.1.5", false),
    ])
  func hosts(networks: [String], client: String, isTrusted: Bool) throws {
    let trusted = try Self.trusted(networks)
    #expect(try trusted.contains(Self.address(client)) == isTrusted)
  }

  @Test(
    "Loopback is trusted where it is listed, and not as a part of everything",
    arguments: [
      (["127.0.0.0/8"], "127.0.0.1", true), (["127.0.0.1"], "127.0.0.1", true),
      (["127.0.0.1"], "127.0.0.2", false), (["0.0.0.0/0"], "127.0.0.1", false),
      (["126.0.0.0/7"], "127.0.0.1", false), (["::1"], "::1", true), (["::/0"], "::1", false),
      (["::1"], "127.0.0.1", false),
    ])
  func loopback(networks: [String], client: String, isTrusted: Bool) throws {
    let trusted = try Self.trusted(networks)
    #expect(try trusted.contains(Self.address(client)) == isTrusted)
  }

  @Test("While addresses and routes are not known only hosts with a name of their own are trusted")
  func unknown() throws {
    let unknown = Surroundings.unknown(because: SystemError(code: 13, call: "open"))
    let trusted = try Self.trusted(["10.0.0.0/8", "192.168.1.5", "127.0.0.0/8"], unknown)
    #expect(try trusted.contains(Self.address("10.0.0.5")) == false)
    #expect(try trusted.contains(Self.address("192.168.1.5")) == true)
    #expect(try trusted.contains(Self.address("127.0.0.1")) == true)
    let sentences = trusted.misconfigurations(of: "[relay] networks")
    #expect(sentences.count == 1)
    #expect(sentences[0].contains("Permission denied"))
  }

  @Test("The admin is told of a gateway and of an own address in a network, and what to do")
  func sentences() throws {
    let sentences = try Self.trusted(["10.0.0.0/8", "192.168.0.0/16", "fd00::/8", "fd00::2"])
      .misconfigurations(of: "[relay] networks")
    #expect(sentences.count == 2)
    #expect(
      sentences[0].hasPrefix(
        "[relay] networks = 192.168.0.0/16 contains the default gateway 192.168.1.1: it is not"))
    #expect(sentences[1].contains("contains 192.168.1.2, an address of this machine"))
  }

  @Test("There is nothing to say of networks that hold neither, or hold them by name")
  func quiet() throws {
    let networks = ["10.0.0.0/8", "192.168.0.0/16", "192.168.1.1", "192.168.1.2", "127.0.0.0/8"]
    #expect(try Self.trusted(networks).misconfigurations(of: "[relay] networks") == [])
  }
}
