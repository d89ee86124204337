import Configuration
import EventLoop
import Log
import Platform

// The exit codes are those of sysexits(3).
let usageError: Int32 = 64
let systemError: Int32 = 71
let temporaryError: Int32 = 75
let configurationError: Int32 = 78

switch Arguments(CommandLine.arguments.dropFirst()) {
case .help:
  print(Arguments.usage)
  CurrentProcess.exit(0)
case .version:
  print("gatepostd \(Version.text)")
  CurrentProcess.exit(0)
case .misused(let problem):
  Log.say(.error, "gatepostd: \(problem); see gatepostd --help")
  CurrentProcess.exit(usageError)
case .check(let file):
  CurrentProcess.exit(Check.run(file: file))
case .serve(let file):
  Heap.configure()
  SignalSource.block()
  CurrentProcess.exit(Daemon.start(file: file))
}
