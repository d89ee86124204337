import Glibc
import Log
import Platform

/// What the tool says, and what it asks.
///
/// Root runs it, and some of what it tells comes from files and a daemon that another user may write:
/// nothing that could change a terminal is written as it is.
enum Console {
  /// Writes lines to the standard error, each after the name of the tool.
  static func complain(_ text: String) {
    for line in text.split(separator: "\n") {
      write("gatepost: \(String(line).safeForTerminal)\n", to: STDERR_FILENO)
    }
  }

  /// Writes a text to the standard error as it is.
  static func complainAsIs(_ text: String) { write("\(text)\n", to: STDERR_FILENO) }

  /// Writes a line to the standard output; ends the tool where that cannot be written, as on a full disk.
  static func say(_ line: String) { sayAsIs(line.safeForTerminal) }

  /// Writes a text and a line end to the standard output as they are.
  static func sayAsIs(_ line: String) { say(lines: Array("\(line)\n".utf8)) }

  /// Writes whole lines to the standard output as they are, in one call.
  static func say(lines: [UInt8]) {
    guard let error = write(lines, to: STDOUT_FILENO) else { return }
    complain("the output cannot be written: \(error)")
    _exit(Failure.Status.standardOutput.rawValue)
  }

  @discardableResult
  private static func write(_ text: String, to descriptor: Int32) -> SystemError? {
    write(Array(text.utf8), to: descriptor)
  }

  /// Writes all of a text; returns why that cannot be done.
  private static func write(_ text: [UInt8], to descriptor: Int32) -> SystemError? {
    // Whoever closed the pipe does not want the rest; SIGPIPE has ended the tool by then.
    unsafe text.withUnsafeBytes { text -> SystemError? in
      var rest = unsafe text[...]
      while unsafe !rest.isEmpty {
        let count = unsafe Glibc.write(
          descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
        if count < 0, errno == EINTR { continue }
        if count <= 0 { return SystemError(code: count < 0 ? errno : ENOSPC, call: "write") }
        unsafe rest = rest.dropFirst(count)
      }
      return nil
    }
  }

  /// All of the standard input, or of a file or pipe.
  ///
  /// - Throws: `EFBIG` for more than `limit` octets.
  static func readAll(path: String, limit: Int) throws(SystemError) -> [UInt8] {
    let number = path == "-" ? STDIN_FILENO : unsafe Glibc.open(path, O_RDONLY | O_CLOEXEC)
    if number < 0 { throw SystemError(code: errno, call: "openat") }
    defer { if number != STDIN_FILENO { close(number) } }
    var content: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 16 << 10)
    while true {
      let count = unsafe read(number, &piece, piece.count)
      if count < 0, errno == EINTR { continue }
      if count < 0 { throw SystemError(code: errno, call: "read") }
      if count == 0 { return content }
      content += piece[..<count]
      if content.count > limit { throw SystemError(code: EFBIG, call: "read") }
    }
  }

  /// The next line of the standard input without its end; nil at the end of the input.
  ///
  /// **Limits**: a line is read to its end, `limit` octets of it are kept and one more.
  static func readLine(limit: Int) -> [UInt8]? {
    var line: [UInt8] = []
    var byte: UInt8 = 0
    var isAtEnd = true
    // Octet by octet, so that nothing behind the line is taken from whoever reads on.
    while unsafe read(STDIN_FILENO, &byte, 1) == 1 {
      isAtEnd = false
      if byte == UInt8(ascii: "\n") { break }
      if line.count <= limit { line.append(byte) }
    }
    if isAtEnd { return nil }
    if line.last == UInt8(ascii: "\r") { line.removeLast() }
    return line
  }

  /// Whether there is somebody to ask.
  static var isInteractive: Bool { isatty(STDIN_FILENO) == 1 }

  /// Asks for a line that the terminal does not show.
  static func ask(_ question: String, limit: Int) -> [UInt8]? {
    write(question, to: STDERR_FILENO)
    var settings = termios()
    let isChanged = unsafe tcgetattr(STDIN_FILENO, &settings) == 0
    let before = settings
    if isChanged {
      // Without signals, as in getpass(3): Ctrl-C would leave a terminal that shows nothing.
      settings.c_lflag &= ~tcflag_t(ECHO | ISIG)
      // What was typed ahead is thrown away: it would have been shown.
      unsafe tcsetattr(STDIN_FILENO, TCSAFLUSH, &settings)
    }
    defer {
      if isChanged {
        var before = before
        unsafe tcsetattr(STDIN_FILENO, TCSAFLUSH, &before)
      }
      write("\n", to: STDERR_FILENO)
    }
    return readLine(limit: limit)
  }
}
