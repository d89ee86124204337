import Accounts
import ArgumentParser

/// The options of a user on the command line; they are spelled as in the users file.
struct UserOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Let the user send as these addresses only: user@domain, @domain or *, between commas.",
      valueName: "addresses"))
  var sendAs: String?
  @Option(help: ArgumentHelp("Let the maildrop hold no more, such as 500MB.", valueName: "size"))
  var quota: String?
  @Option(help: ArgumentHelp("Let it hold no more messages than this.", valueName: "number"))
  var quotaMessages: String?
  @Option(
    help: ArgumentHelp("Let a message have no more recipients than this.", valueName: "number"))
  var recipients: String?
  @Option(help: ArgumentHelp("Let a message be no larger, such as 10MB.", valueName: "size"))
  var messageSize: String?
  @Option(
    help: ArgumentHelp(
      "Let the user send no more messages in an hour; off for no limit.", valueName: "number"))
  var messagesPerHour: String?
  @Option(
    help: ArgumentHelp(
      "Let these messages have no more recipients together; off for no limit.",
      valueName: "number"))
  var recipientsPerHour: String?

  @Option(help: ArgumentHelp("Whether the user may log in by POP3.", valueName: "yes|no"))
  var mayPop: String?
  @Option(
    help: ArgumentHelp(
      "Whether the user may send beyond the domains of this host.", valueName: "yes|no"))
  var mayRelay: String?
  @Option(
    help: ArgumentHelp(
      "Shut the user out for now, with the password and the mail kept.", valueName: "yes|no"))
  var disabled: String?

  private var given: [(option: User.Option, text: String)] {
    let all: [(User.Option, String?)] = [
      (.sendAs, sendAs), (.quota, quota), (.quotaMessages, quotaMessages),
      (.recipients, recipients), (.messageSize, messageSize),
      (.messagesPerHour, messagesPerHour), (.recipientsPerHour, recipientsPerHour),
      (.mayPOP, mayPop), (.mayRelay, mayRelay), (.disabled, disabled),
    ]
    return all.compactMap { option, text in text.map { (option, $0) } }
  }

  /// Whether no option is given.
  var isEmpty: Bool { given.isEmpty }

  /// Gives the user the options; an empty text takes one away.
  func apply(to user: inout User) throws(UsersFileError) {
    for (option, text) in given {
      if text.isEmpty { user.unset(option) } else { try user.set(option, to: text) }
    }
  }
}
