/// The sections of the configuration, in the order of the documentation.
enum Section: String, CaseIterable, Sendable {
  case server
  case listen
  case tls
  case relay
  case popBeforeSMTP = "pop-before-smtp"
  case dns
  case queue
  case limits
  case smtp
  case pop3
}
