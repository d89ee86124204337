import Foundation
import Testing

@testable import SASL

struct Base64Tests {
  @Test(
    arguments: [
      ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="),
      ("fooba", "Zm9vYmE="), ("foobar", "Zm9vYmFy"),
    ])
  func `The vectors of RFC 4648 §10 hold in both directions`(plain: String, text: String) {
    #expect(Base64.encode(Array(plain.utf8)) == Array(text.utf8))
    #expect(Base64.decode(Array(text.utf8)[...], limit: 6) == Array(plain.utf8))
  }

  @Test(
    arguments: [
      "Z", "Zg", "Zg=", "Zg===", "====", "=Zg=", "Z===", "Zg==Zg==", "Zm=v", "Zm9v\n", " Zm9v",
      "Zm9v ", "Zm 9", "Zm9-", "Zm9_", "Zm9\u{0}", "Zm9\u{C3}", "Zh==", "Zm9=", "Zg=v",
    ])
  func `A text that is not canonical is refused`(text: String) {
    #expect(Base64.decode(Array(text.utf8)[...], limit: 100) == nil)
  }

  @Test func `A result over the limit is refused and one at the limit is not`() {
    #expect(Base64.decode(Array("Zm9vYg==".utf8)[...], limit: 4) == Array("foob".utf8))
    #expect(Base64.decode(Array("Zm9vYg==".utf8)[...], limit: 3) == nil)
  }

  @Test func `Every octet value survives at every position of a group`() {
    let all = Array(UInt8.min...UInt8.max)
    for shift in 0..<4 {
      let bytes = Array(repeating: UInt8(0xFF), count: shift) + all
      let text = Base64.encode(bytes)
      #expect(text == Array(Data(bytes).base64EncodedString().utf8))
      #expect(Base64.decode(text[...], limit: bytes.count) == bytes)
    }
  }

  @Test func `A slice that does not begin at zero decodes the same`() {
    let line = Array("AUTH PLAIN Zm9vYg==".utf8)
    #expect(Base64.decode(line[11...], limit: 100) == Array("foob".utf8))
    #expect(Base64.encode(line[5..<10]) == Array("UExBSU4=".utf8))
  }
}
