// swift-tools-version: 6.2
import PackageDescription

/// The fuzzers: libFuzzer and the address sanitizer over what reads remote bytes.
///
/// A package of its own, since the flags are for every module in it. All in `Sources` but `fuzz` and
/// `FuzzEntries` are links to the real ones; `./run` builds and runs.
let package = Package(
  name: "fuzz",
  targets: [
    .systemLibrary(name: "CLinux"),
    module("Platform", ["CLinux"]),
    module("EventLoop", ["Platform", "CLinux"]),
    module("Mail", []),
    module("SASL", ["Mail"]),
    module("SMTP", ["Mail", "SASL"]),
    module("POP3", ["Mail", "SASL"]),
    module("Maildir", ["Platform", "EventLoop", "Mail"]),
    module("Spool", ["Platform", "EventLoop", "Mail", "Maildir"]),
    module("Configuration", ["Platform", "Mail", "SASL", "SMTP"]),
    module("Control", ["Platform", "Mail", "Spool"]),
    module(
      "FuzzEntries", ["Mail", "SASL", "SMTP", "POP3", "Spool", "Configuration", "Control"]),
    .executableTarget(
      name: "fuzz", dependencies: ["FuzzEntries"], swiftSettings: settings(),
      linkerSettings: [.unsafeFlags(["-sanitize=fuzzer,address", "-use-ld=lld"])]),
  ],
  swiftLanguageModes: [.v6]
)

func module(_ name: String, _ imports: [String]) -> Target {
  .target(
    name: name, dependencies: imports.map { .byName(name: $0) }, swiftSettings: settings())
}

/// Those of the manifest of Gatepost, so that the sources mean the same here, and the sanitizers.
func settings() -> [SwiftSetting] {
  [
    .strictMemorySafety(),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .unsafeFlags(["-sanitize=fuzzer,address"]),
  ]
}
