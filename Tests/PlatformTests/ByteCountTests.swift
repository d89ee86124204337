import Testing

@testable import Platform

@Suite struct `A count of bytes` {
  @Test(arguments: [
    ("50MB", 52_428_800), ("50 mb", 52_428_800), ("64K", 65_536), ("1G", 1 << 30),
    ("1GiB", 1 << 30), ("1000", 1000), ("10B", 10), ("2kib", 2048), ("0", 0),
  ])
  func `is written in powers of 1024`(text: String, bytes: Int) {
    #expect(ByteCount(text)?.bytes == bytes)
  }

  @Test(arguments: [
    "", "MB", "-1", "+1", "1.5M", "1T", "1 0", " 1", "1M ", "٣K", "999999999999999999G",
    "99999999999999999999",
  ])
  func `is not anything else`(text: String) {
    #expect(ByteCount(text) == nil)
  }

  @Test(arguments: [
    (0, "0", "0B"), (1, "1", "1B"), (1023, "1023", "1023B"), (1024, "1KB", "1KB"),
    (1025, "1025", "1KB"), (65_536, "64KB", "64KB"), ((64 << 20) - 1, "67108863", "63MB"),
    (64 << 20, "64MB", "64MB"), (2 << 30, "2GB", "2GB"), (2 << 40, "2048GB", "2048GB"),
  ])
  func `is told exactly or for reading`(bytes: Int, exact: String, rounded: String) {
    #expect(ByteCount(bytes: bytes).description == exact)
    #expect(ByteCount(bytes: bytes).rounded == rounded)
    #expect(ByteCount(exact)?.bytes == bytes)
  }
}
