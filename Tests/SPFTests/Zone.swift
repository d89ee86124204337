import Mail
import Platform
import Testing

@testable import SPF

/// A DNS in a few lines, such as `far.example TXT v=spf1 -all`; what is not in it is not there.
///
/// `!` in the place of the data is a server that cannot tell.
struct Zone {
  private var lines: [String: [String]] = [:]

  init(_ text: String) {
    for line in text.split(separator: "\n") {
      let parts = line.split(separator: " ", maxSplits: 2)
      guard parts.count == 3 else { continue }
      lines["\(parts[0]) \(parts[1])", default: []].append(String(parts[2]))
    }
  }

  /// The question as a key of the lines.
  static func key(_ question: Evaluation.Question) -> String {
    switch question {
    case .texts(let name): "\(name) TXT"
    case .v4Addresses(let name): "\(name) A"
    case .v6Addresses(let name): "\(name) AAAA"
    case .exchanges(let name): "\(name) MX"
    case .names(let address): "\(address) PTR"
    }
  }

  func answer(to question: Evaluation.Question) -> Evaluation.Answer {
    let data = lines[Self.key(question)] ?? []
    if data == ["!"] { return .failure }
    switch question {
    case .texts: return .texts(data.map { Array($0.utf8) })
    case .v4Addresses, .v6Addresses: return .addresses(data.compactMap { IPAddress($0) })
    case .exchanges, .names: return .names(data)
    }
  }
}

/// A check over a zone, and what it asked.
struct Check {
  var result: SPFResult?
  var questions: [String] = []
  var verdict: SPFResult.Verdict? { result?.verdict }

  init(
    _ zone: String, client: String = "192.0.2.1", greeting: String = "mail.client.example",
    sender: String = "<joe@far.example>"
  ) throws {
    let zone = Zone(zone)
    var evaluation = Evaluation(
      client: try #require(IPAddress(client)), clientName: greeting,
      sender: try #require(ReversePath(sender)))
    // More than any record may make it ask.
    for _ in 0...122 {
      switch evaluation.next() {
      case .ask(let question):
        questions.append(Zone.key(question))
        evaluation.learn(zone.answer(to: question), to: question)
      case .finished(let result):
        self.result = result
        return
      }
    }
    Issue.record("it asks without end")
  }

  /// A check of a domain with this record.
  init(record: String, _ rest: String = "", client: String = "192.0.2.1") throws {
    try self.init("far.example TXT \(record)\n\(rest)", client: client)
  }
}
