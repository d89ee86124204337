/// Messages as the kernel writes them.
enum NetlinkSample {
  static func bytes(_ value: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: value) { Array($0) }
  }

  static func message(_ type: Int, _ body: [UInt8]) -> [UInt8] {
    let head =
      bytes(UInt32(16 + body.count)) + bytes(UInt16(type)) + [UInt8](repeating: 0, count: 10)
    return padded(head + body)
  }

  static func padded(_ bytes: [UInt8]) -> [UInt8] {
    bytes + [UInt8](repeating: 0, count: (4 - bytes.count % 4) % 4)
  }

  static func attribute(_ type: UInt16, _ value: [UInt8]) -> [UInt8] {
    padded(bytes(UInt16(4 + value.count)) + bytes(type) + value)
  }
}
