import DNS
import EventLoop
import Mail
import Platform
import SPF

/// Finds out what a sender's domain says about the client (RFC 7208).
///
/// The result is noted and never a reason to refuse: a forwarded message fails without a fault of
/// anyone's.
///
/// **Failures**: none; what the DNS cannot tell in time is `temperror`, and so is a check that is
/// cancelled.
struct SPFCheck {
  let resolver: Resolver

  /// Checks the sender of a message, or the name the client greeted with if there is no sender.
  ///
  /// - Parameter deadline: at most `Limits.senderPolicy` from now.
  @Loop
  func check(
    client: IPAddress, clientName: String, sender: ReversePath, until deadline: Instant
  ) async -> SPFResult {
    var evaluation = Evaluation(client: client, clientName: clientName, sender: sender)
    while true {
      switch evaluation.next() {
      case .ask(let question):
        evaluation.learn(await answer(to: question, until: deadline), to: question)
      case .finished(let result):
        return result
      }
    }
  }

  @Loop
  private func answer(
    to question: Evaluation.Question, until deadline: Instant
  ) async -> Evaluation.Answer {
    // Otherwise every question that is left would still send its datagrams.
    guard .now < deadline, !Task.isCancelled else { return .failure }
    do throws(DNSError) {
      switch question {
      case .texts(let name):
        return .texts(try await resolver.txt(name, .any, until: deadline).records)
      case .v4Addresses(let host):
        return .addresses(try await resolver.a(host, .any, until: deadline).records)
      case .v6Addresses(let host):
        return .addresses(try await resolver.aaaa(host, .any, until: deadline).records)
      case .exchanges(let domain):
        let exchanges = try await resolver.mx(domain, .any, until: deadline).records
        return .names(exchanges.filter { !$0.isNull }.map(\.exchange))
      case .names(let address):
        return .names(try await resolver.ptr(address, until: deadline).records)
      }
    } catch {
      // A name that can be none, as one with an empty label, has nothing. RFC 7208 §4.8 leaves that open.
      return error == .invalidName ? .nothing : .failure
    }
  }
}
