import FuzzEntries
import Glibc

// The main loop of libFuzzer, called instead of its `main`, which would need the entry by linkage.
@_silgen_name("LLVMFuzzerRunDriver")
func runDriver(
  _ count: UnsafeMutablePointer<CInt>,
  _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
  _ test: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

/// Which entry runs: the environment names it, as the arguments are libFuzzer's.
let entry = unsafe FuzzEntry(
  rawValue: getenv("FUZZ_ENTRY").map { unsafe String(cString: $0) } ?? "")

guard entry != nil else { fatalError("FUZZ_ENTRY names no entry") }
var count = CommandLine.argc
var arguments = unsafe CommandLine.unsafeArgv
exit(
  unsafe runDriver(&count, &arguments) { start, count in
    do throws(FuzzFinding) {
      try entry?.run(unsafe Array(UnsafeBufferPointer(start: start, count: count)))
    } catch {
      fatalError(error.description)
    }
    return 0
  })
