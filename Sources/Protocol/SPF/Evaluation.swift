package import Mail
package import Platform

/// The check of one message: asks for what the DNS knows until there is a result (RFC 7208 §4).
///
/// Feed it until it has finished:
///
///     while case .ask(let question) = evaluation.next() { evaluation.learn(..., to: question) }
///
/// It keeps answers, not a place in a record: `next` goes through the records from the start with what
/// is known, and stops at the first question without an answer. So the evaluation reads like the RFC,
/// and records that include records are calls in calls. A record is read only once, when it is learnt:
/// going through it again costs next to nothing.
///
/// **Limits**: at most 122 questions: the domain's record, ten terms with eleven each, the client's
/// names and their addresses. Of each answer no more is kept than is looked at: all that a domain can
/// make us keep is some 300 KB, until the check has finished.
package struct Evaluation: Sendable {
  /// Something that the DNS may know.
  ///
  /// What macros have made of a name may be no name.
  package enum Question: Hashable, Sendable {
    /// The TXT records of a name.
    case texts(of: String)
    /// The A records of a host.
    case v4Addresses(of: String)
    /// The AAAA records of a host.
    case v6Addresses(of: String)
    /// The hosts of the MX records of a domain, most preferred first.
    case exchanges(of: String)
    /// The PTR records of an address.
    case names(of: IPAddress)
  }

  /// What the DNS says; nothing, or any of the others without content, if there is nothing.
  package enum Answer: Equatable, Sendable {
    case texts([[UInt8]])
    case addresses([IPAddress])
    /// Names in lower case, without the dot at their end.
    case names([String])
    /// There is no such thing, or the name can be none.
    case nothing
    /// The DNS could not tell.
    case failure
  }

  /// What is to be done next.
  package enum Step: Equatable, Sendable {
    /// Find the answer and give it to `learn`.
    case ask(Question)
    /// That is all.
    case finished(SPFResult)
  }

  private let message: Message
  private let identity: SPFResult.Identity
  private var known: [Question: Finding] = [:]

  /// The check of a message with this sender, from a client that greeted with that name.
  package init(client: IPAddress, clientName: String, sender: ReversePath) {
    let localPart = sender.mailbox?.localPart ?? ""
    let greeted = Domain(clientName)
    identity = sender == .null ? .greeting : .mailFrom
    message = Message(
      client: client, clientName: clientName,
      // RFC 7208 §2.4 and §4.3: the postmaster speaks for a sender without a local part.
      localPart: localPart.isEmpty ? "postmaster" : localPart,
      domain: sender == .null ? greeted : sender.mailbox?.domain)
  }

  /// What is to be done with what is known so far.
  package func next() -> Step {
    // RFC 7208 §4.3: an address literal and a single label are no domains that could say anything.
    guard
      let domain = message.domain, domain.addressLiteral == nil, domain.text.utf8.contains(.dot)
    else { return finished(.none, domain: nil) }
    var check = HostCheck(message, known)
    do throws(Interruption) {
      return finished(try check.verdict(of: domain.text), domain: domain)
    } catch {
      switch error {
      case .question(let question): return .ask(question)
      case .verdict(let verdict): return finished(verdict, domain: domain)
      }
    }
  }

  /// Takes what the DNS says to a question.
  package mutating func learn(_ answer: Answer, to question: Question) {
    known[question] = Finding(answer)
  }

  private func finished(_ verdict: SPFResult.Verdict, domain: Domain?) -> Step {
    .finished(SPFResult(verdict, identity, domain: domain))
  }
}

/// What macros can say of a message.
struct Message: Sendable {
  var client: IPAddress
  var clientName: String
  var localPart: String
  /// The domain of the sender.
  var domain: Domain?
}
