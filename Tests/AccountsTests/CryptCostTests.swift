import Testing

@testable import Accounts

/// Settings as crypt_gensalt(3) of libxcrypt writes them, and hashes that ask for more than anybody needs.
@Suite("The cost of a hash of crypt(3)") struct CryptCostTests {
  @Test(
    "is told by the hash, and what stalls the thread of passwords or takes much memory is refused",
    arguments: [
      ("$y$j9T$k2XAnEHBqQ1Ct2aMXFKNa/$x", true), ("$y$j75$k2XAnEHBqQ1Ct2aMXFKNa/$x", true),
      ("$y$jBT$k2XAnEHBqQ1Ct2aMXFKNa/$x", true), ("$y$jCT$k2XAnEHBqQ1Ct2aMXFKNa/$x", false),
      ("$y$jFT$k2XAnEHBqQ1Ct2aMXFKNa/$x", false), ("$gy$jFT$k2XAnEHBqQ1Ct2aMXFKNa/$x", false),
      ("$gy$j9T$k2XAnEHBqQ1Ct2aMXFKNa/$x", true),
      // t = 1, and t in the thousands.
      ("$y$j9T/.$k2XAnEHBqQ1Ct2aMXFKNa/$x", true), ("$y$j9T/z1$k2XAnEHBqQ1Ct2aMXFKNa/$x", false),
      // A long r, whose first digit says so.
      ("$y$j9w...$k2XAnEHBqQ1Ct2aMXFKNa/$x", false),
      ("$7$CU..../....k2XAnEHBqQ1Ct2aMXFKNa/$x", true),
      ("$7$DU..../....k2XAnEHBqQ1Ct2aMXFKNa/$x", false),
      ("$7$CU../../....k2XAnEHBqQ1Ct2aMXFKNa/$x", false),
      ("$7$zzzzzzzzzzzk2XAnEHBqQ1Ct2aMXFKNa/$x", false),
      ("$2b$05$KBCwKxOzLha2MUDgW0PjXe", true), ("$2b$14$KBCwKxOzLha2MUDgW0PjXe", true),
      ("$2y$15$KBCwKxOzLha2MUDgW0PjXe", false), ("$2a$31$KBCwKxOzLha2MUDgW0PjXe", false),
      ("$6$k2XAnEHBqQ1Ct2aM$x", true), ("$6$rounds=999999$k2XAnEHBqQ1Ct2aM$x", true),
      ("$6$rounds=5000000$k2XAnEHBqQ1Ct2aM$x", false),
      ("$6$rounds=99999999999999999999$k2XAnEHBqQ1Ct2aM$x", false),
      ("$5$rounds=5000000$k2XAnEHBqQ1Ct2aM$x", false), ("$5$k2XAnEHBqQ1Ct2aM$x", true),
      ("$sha1$249552$qI1BtUnBX7KMaJ4Nm21ApEnAsQXBW3KCZFqM$x", true),
      ("$sha1$4822592$qI1BtUnBX7KMaJ4Nm21ApEnAsQXBW3KCZFqM$x", false),
      ("$md5,rounds=45105$mA1BpMnB$$x", true), ("$md5,rounds=5012337$mA1BpMnB$$x", false),
      ("$1$saltsalt$x", true),
    ])
  func excess(text: String, isAllowed: Bool) throws {
    guard let hash = CryptHash(text[...]) else {
      #expect(!isAllowed, "crypt(3) itself does not take it")
      return
    }
    #expect((hash.excess == nil) == isAllowed, "\(hash.excess ?? "")")
  }

  @Test("is told at an import and when the users are read")
  func sentences() throws {
    let hash = "$2b$31$KBCwKxOzLha2MUDgW0PjXeKBCwKxOzLha2MUDgW0PjXeKBCwKxOzLh"
    guard
      case .unusable(let name, let reason) = try ForeignUser(line: "anna:\(hash)"[...], domains: [])
    else {
      Issue.record("it is taken")
      return
    }
    #expect(name == "anna")
    #expect(reason == "the hash of the password costs too much: its cost of 31 is over 14")
    let error = #expect(throws: UsersFileError.self) { try User(line: "anna:\(hash):") }
    #expect(
      error?.description
        == "the hash of anna costs too much: its cost of 31 is over 14; set a password with: "
        + "gatepost user passwd anna")
  }
}
