import Accounts
import ArgumentParser
import Mail
import Platform

/// Where a new password comes from; never from the arguments, which every user of a machine can see.
struct PasswordInput: ParsableArguments {
  @Flag(help: "Read the password from the first line of the standard input.")
  var passwordStdin = false

  @Flag(
    help: "Keep the password itself in the file of users, for APOP; anyone who reads it has it.")
  var plainSecret = false

  /// The verifier for the password that is given or asked for, and asked for again.
  func verifier(of name: UserName) throws(Failure) -> Verifier {
    let password = try passwordStdin ? given() : asked(name)
    guard !password.isEmpty else { throw Failure(.data, "the password is empty") }
    guard password.count <= Limits.passwordBytes else {
      throw Failure(
        .data, "the password is too long; POP3 has room for \(Limits.passwordBytes) octets")
    }
    // No protocol can carry some of them, and Ctrl-C at the question is not the password either.
    guard password.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
      throw Failure(.data, "the password holds a control character; nothing is changed")
    }
    if plainSecret {
      guard let verifier = Verifier(plainSecret: password) else {
        throw Failure(.data, "a plain secret is of printable ASCII, without spaces and colons")
      }
      return verifier
    }
    do throws(SystemError) {
      return .scram(try SCRAMVerifier(password: password))
    } catch {
      throw Failure(.output, "no random numbers for the salt: \(error)")
    }
  }

  private func given() throws(Failure) -> [UInt8] {
    guard let line = Console.readLine(limit: Limits.passwordBytes) else {
      throw Failure(.data, "there is no password on the standard input")
    }
    return line
  }

  private func asked(_ name: UserName) throws(Failure) -> [UInt8] {
    guard Console.isInteractive else {
      throw Failure(
        .data,
        "there is no terminal to ask at; give the password on the standard input,"
          + " with --password-stdin")
    }
    let limit = Limits.passwordBytes
    guard
      let first = Console.ask("New password of \(name): ", limit: limit),
      let second = Console.ask("Once more: ", limit: limit)
    else { throw Failure(.data, "no password was given") }
    guard first == second else { throw Failure(.data, "the two passwords differ") }
    return first
  }
}

extension UserName {
  /// The name that an argument spells; fails with the rule for names.
  static func argument(_ text: String) throws -> UserName {
    guard let name = UserName(text) else {
      throw ValidationError(
        "\"\(String(escaping: text.utf8, limit: 80))\" is no name of a user: \(UserName.rule)")
    }
    return name
  }
}
