import EndToEndSupport
import Foundation
import TestSupport
import Testing

/// When the next attempt may deliver a message twice, with a server that breaks a connection by a reset.
@Suite("Doubt") struct DoubtTests {
  /// Reads all that a message has, or next to nothing of it, and breaks the connection when the client has nothing
  /// left to write: what its kernel has not been rid of then stands in /proc/net/tcp.
  private static let server = """
    import fcntl, socket, struct, sys, termios
    reads = sys.argv[1] == "all"
    listener = socket.socket()
    if not reads: listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    print(listener.getsockname()[1], flush=True)
    def unconfirmed(port):
        for line in open("/proc/net/tcp").readlines()[1:]:
            words = line.split()
            if int(words[1].split(":")[1], 16) == port and words[3] == "01":
                return int(words[4].split(":")[0], 16)
        return 0
    while True:
        client, address = listener.accept()
        file = client.makefile("rwb", buffering=0)
        file.write(b"220 hello\\r\\n")
        size = 0
        while line := file.readline():
            word = line.upper()[:4]
            if word == b"EHLO": file.write(b"250-x\\r\\n250 SIZE\\r\\n")
            elif word == b"MAIL":
                size = int(line.upper().split(b"SIZE=")[1].split()[0])
                file.write(b"250 ok\\r\\n")
            elif word == b"DATA":
                file.write(b"354 go\\r\\n")
                if reads:
                    content = b""
                    while not content.endswith(b"\\r\\n.\\r\\n"): content += client.recv(65536)
                else:
                    waiting = lambda: struct.unpack("i", fcntl.ioctl(client, termios.FIONREAD, b"0000"))[0]
                    while waiting() + unconfirmed(address[1]) < size: pass
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                break
            else: file.write(b"250 ok\\r\\n")
        file.close()
        client.close()
    """

  @Test(
    "The log speaks of a second delivery only where the server's kernel has all of the message",
    arguments: [("all", true), ("none", false)])
  func reset(reading: String, isInDoubt: Bool) throws {
    let scratch = try ScratchDirectory()
    let output = "\(scratch.path)/port"
    let server = try Program("python3", ["-c", Self.server, reading], output: output)
    try eventually("the server listens") {
      try String(contentsOfFile: output, encoding: .utf8).hasSuffix("\n")
    }
    let port = try String(contentsOfFile: output, encoding: .utf8).dropLast()
    let gatepost = try Gatepost(
      """
      [relay]
      networks = 127.0.0.1
      smarthost = smtp://127.0.0.1:\(port)
      [queue]
      retry = 1h
      """)
    let lines = String(repeating: String(repeating: "x", count: 70) + "\n", count: 3000)
    try gatepost.write("Subject: long\n\n" + lines, to: "message")
    let sent = try gatepost.upload("\(gatepost.path)/message", to: "ann@far.example")
    #expect(sent.status == 0, "\(sent.output)")
    try gatepost.waitForDeferral()
    #expect(gatepost.log.contains("Connection reset by peer"))
    #expect(gatepost.log.contains("may deliver it twice") == isInDoubt, "\(gatepost.log)")
    server.signal(SIGKILL)
  }
}
