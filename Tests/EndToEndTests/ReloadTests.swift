import EndToEndSupport
import Foundation
import Testing

/// What a reload takes over, refuses, and leaves to a restart.
@Suite struct ReloadTests {
  @Test(
    "A reload is refused as a whole while the key cannot be used, and the check that goes before it says so"
  )
  func badKey() throws {
    let gatepost = try Gatepost()
    let key = "\(gatepost.path)/key.pem"
    let right = try Data(contentsOf: URL(filePath: key))
    _ = try Program.run(
      "openssl", ["ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", key])
    try gatepost.configure("[relay]\nnetworks = 127.0.0.1")
    let check = try Program.run("gatepostd", ["-c", "\(gatepost.path)/gatepost.conf", "--check"])
    #expect(check.status == 78 && check.output.contains(key))
    gatepost.hangUp()
    try gatepost.waitForLog("the old one goes on")
    let client = try gatepost.greeted()
    try client.ask("MAIL FROM:<x@far.example>", "250")
    try client.ask("RCPT TO:<ann@far.example>", "550")
    #expect(try gatepost.curl(scheme: "pop3s").status == 0)
    try right.write(to: URL(filePath: key))
    #expect(
      try Program.run("gatepostd", ["-c", "\(gatepost.path)/gatepost.conf", "--check"]).status == 0)
    try gatepost.reload()
    #expect(try gatepost.send(to: "ann@far.example").hasPrefix("250"))
  }

  @Test(
    "A change in [listen] holds at once; of what needs a restart the keys that have changed are told, and no others"
  )
  func listeners() throws {
    let gatepost = try Gatepost()
    try gatepost.reload()
    #expect(!gatepost.log.contains("restart"))
    let port = FreePorts.take()
    let waiting = try gatepost.greeted()
    try gatepost.configure("[listen]\nsmtp = 127.0.0.1:\(port)\n[limits]\nconnections = 500")
    try gatepost.reload()
    try gatepost.waitForLog("the change of [limits] connections needs a restart")
    try Client(port: port).expect("220")
    #expect(throws: (any Error).self) { try gatepost.smtp() }
    // Whoever is there already stays.
    try waiting.ask("NOOP", "250")
    #expect(try gatepost.tool("status").status == 0)
  }

  @Test(
    "Secrets that cannot be read keep mail for their smarthost back, and are taken up when they can"
  )
  func lateSecrets() throws {
    let hop = try Hop()
    let gatepost = try Gatepost(isStarted: false)
    try gatepost.configure(
      "[relay]\nnetworks = 127.0.0.1\nsmarthost = smtp://127.0.0.1:\(hop.port)\n"
        + "secrets = \(gatepost.path)/secrets\ncredentials = isp")
    try gatepost.start()
    #expect(gatepost.log.contains("secrets: \(gatepost.path)/secrets: cannot be read"))
    #expect(try gatepost.tool("check").status == 78)
    #expect(try gatepost.send(to: "ann@far.example").hasPrefix("250"))
    try gatepost.waitForDeferral()
    #expect(gatepost.log.contains("secrets: cannot be read") && hop.messages.isEmpty)
    #expect(
      try gatepost.tool("status").output.contains("\ntrouble: secrets: \(gatepost.path)/secrets: "))
    try gatepost.write("isp me geheim\n", to: "secrets")
    _ = try Program.run("chmod", ["600", "\(gatepost.path)/secrets"])
    try gatepost.waitForLog("secrets: is in use again")
  }
}
