/// What the command line asks for.
enum Arguments: Equatable {
  case serve(file: String)
  case check(file: String)
  case version
  case help
  case misused(String)

  static let defaultFile = "/etc/gatepost/gatepost.conf"

  static let usage = """
    usage: gatepostd [-c FILE] [--check] [--version]

      -c FILE    read this configuration (default: \(defaultFile))
      --check    say what is wrong with the configuration, and stop
      --version  say the version, and stop

    The daemon stays in the foreground and logs to standard error.
    """

  init(_ arguments: some Sequence<String>) {
    var file = Self.defaultFile
    var isCheck = false
    var rest = arguments.makeIterator()
    while let argument = rest.next() {
      switch argument {
      case "-c", "--config":
        guard let name = rest.next() else {
          self = .misused("\(argument) wants a file")
          return
        }
        file = name
      case "--check": isCheck = true
      case "--version":
        self = .version
        return
      case "-h", "--help":
        self = .help
        return
      default:
        self = .misused("unknown argument \"\(argument)\"")
        return
      }
    }
    self = isCheck ? .check(file: file) : .serve(file: file)
  }
}
