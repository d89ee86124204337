/// The limits of the files of users and aliases and of what verifies a password.
package enum Limits {
  /// Iterations of PBKDF2 in a verifier that is made here.
  ///
  /// RFC 7677 §4 asks for 4,096 at least. This costs 30 ms on a desktop processor and some 300 ms on a small
  /// board, once for each user and start of the program; clients that use SCRAM pay it at each login
  /// (`docs/decisions/0010-passwords.md`).
  package static let iterations = 100_000

  /// Iterations that a verifier made elsewhere may ask for, so that no line stalls a worker.
  static let mostIterations = 1_000_000

  /// Rounds of the methods of crypt(3) that take a number of them: two hundred times the usual number of SHA-512,
  /// about a second on a desktop processor.
  static let mostCryptRounds = 1_000_000

  /// The cost of bcrypt, the logarithm of its rounds: about a second on a desktop processor.
  static let mostBcryptCost = 14

  /// Memory of a check with scrypt or yescrypt in octets; yescrypt takes 16 MB where nobody says otherwise.
  static let mostCryptBytes = 64 << 20

  /// Right logins that are remembered, one for each user.
  static let rememberedLogins = 1024

  /// Octets of the salt; RFC 5802 asks for no length, NIST SP 800-132 for 16.
  static let saltBytes = 16

  /// Octets of a salt that was made elsewhere.
  static let mostSaltBytes = 64

  /// Octets of a user's name, which is also the name of a directory.
  static let nameBytes = 32

  /// Octets of a password: what the longest line of POP3 has room for, RFC 2449 §4.
  package static let passwordBytes = 248

  /// Octets of the users file: ten thousand users.
  package static let fileBytes = 2 << 20

  /// Octets of the file of upgraded verifiers: forty thousand of them.
  static let upgradesFileBytes = 8 << 20

  /// Octets of the file of aliases: five thousand of them.
  static let aliasesFileBytes = 256 << 10

  /// Targets of one alias, and of all aliases together that one recipient leads to.
  ///
  /// RFC 5321 §4.5.3.1.8 asks for 100 recipients of a message that comes from outside; a list of more
  /// people is the work of a list server.
  static let aliasTargets = 100

  /// How many aliases may follow one another.
  static let aliasDepth = 10

  /// Remarks on aliases that are remembered, so that each is reported once.
  static let remarks = 20

  /// Lines of a file that one report tells of.
  static let reportedLines = 20

  /// Addresses that one user may send as.
  static let senders = 100
}
