internal import Platform

/// What an answer of the DNS means for a check, and no more of it than is looked at.
enum Finding: Equatable, Sendable {
  /// The record of a domain.
  case record(Record)
  /// A record that cannot be understood, or several (RFC 7208 §4.5 and §4.6).
  case wrongRecord
  case addresses([IPAddress])
  case names([String])
  case nothing
  /// The DNS could not tell.
  case failure

  init(_ answer: Evaluation.Answer) {
    switch answer {
    case .texts(let texts):
      let texts = texts.filter(Record.isRecord)
      switch (texts.count, texts.first.flatMap(Record.init)) {
      case (0, _): self = .nothing
      case (1, let record?): self = .record(record)
      default: self = .wrongRecord
      }
    case .addresses(let addresses): self = .addresses(addresses)
    case .names(let names):
      self = .names(Array(names.prefix(max(Limits.exchanges + 1, Limits.clientNames))))
    case .nothing: self = .nothing
    case .failure: self = .failure
    }
  }

  var addresses: [IPAddress] { if case .addresses(let all) = self { all } else { [] } }
  var names: [String] { if case .names(let names) = self { names } else { [] } }
}
