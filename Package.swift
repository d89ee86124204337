// swift-tools-version: 6.2
import PackageDescription

/// A row of the architecture: a folder below `Sources`, and the targets in it.
struct Layer {
  var name: String
  /// Whether a target may import the ones that stand before it in the same row.
  var mayImportWithin = true
  var modules: [Module]
}

/// A target: what it imports of this package, what it links, whether it is a program.
struct Module {
  var name: String
  var imports: [String] = []
  var isProgram = false
  /// Whether it looks at its own types while it runs, as swift-argument-parser makes a program do.
  var reflects = false
  var products: [Target.Dependency] = []
  var isTested = true
  /// Files of the tests that are data: fuzz corpora, dialogues, zone files.
  var testData: [Resource] = []
}

/// Targets that name C libraries of the system; their module maps say which.
///
/// Each is a target of C, with a source file that holds nothing but its header: SwiftPM does not look at the header of
/// a system library target again, so that an edit of it would be built into nothing. For the same reason their module
/// maps are not marked `[system]`: the compiler does not follow the headers of such modules.
let cLibraries = ["CLinux", "COpenSSL", "CLDNS"]

/// The architecture, lowest layer first: a target imports only what stands above its line.
let layers = [
  Layer(
    name: "Base",
    modules: [
      Module(name: "Platform", imports: ["CLinux"]),
      Module(name: "EventLoop", imports: ["Platform", "CLinux"]),
      Module(name: "Log", imports: ["Platform", "EventLoop", "CLinux"]),
    ]),
  Layer(
    name: "Protocol",
    modules: [
      Module(name: "Mail"),
      Module(name: "SASL", imports: ["Mail"]),
      Module(name: "SMTP", imports: ["Mail", "SASL"]),
      Module(name: "POP3", imports: ["Mail", "SASL"]),
      Module(name: "SPF", imports: ["Platform", "Mail"]),
    ]),
  Layer(
    name: "Transport",
    modules: [
      Module(name: "TLS", imports: ["Platform", "COpenSSL"]),
      Module(
        name: "DNS", imports: ["Platform", "EventLoop", "CLDNS"], testData: [.copy("zones")]),
      Module(name: "Network", imports: ["Platform", "EventLoop", "Log", "TLS"]),
    ]),
  Layer(
    name: "Storage",
    modules: [
      Module(name: "Maildir", imports: ["Platform", "EventLoop", "Mail"]),
      Module(name: "Spool", imports: ["Platform", "EventLoop", "Mail", "Maildir"]),
      Module(
        name: "Accounts", imports: ["Platform", "EventLoop", "Mail", "SASL", "TLS", "CLinux"]),
      Module(name: "Grants", imports: ["Platform", "EventLoop"]),
    ]),
  Layer(
    name: "Service",
    mayImportWithin: false,
    modules: [
      Module(
        name: "Receiving",
        imports: [
          "Platform", "EventLoop", "Log", "Mail", "SASL", "SMTP", "SPF", "Network", "TLS", "DNS",
          "Maildir", "Spool", "Accounts", "Grants",
        ],
        testData: [.copy("zones")]),
      Module(
        name: "Relaying",
        imports: [
          "Platform", "EventLoop", "Log", "Mail", "SASL", "SMTP", "Network", "TLS", "DNS",
          "Maildir", "Spool",
        ]),
      Module(
        name: "Retrieval",
        imports: [
          "Platform", "EventLoop", "Log", "Mail", "SASL", "POP3", "Network", "TLS", "Maildir",
          "Spool", "Accounts", "Grants",
        ]),
    ]),
  Layer(
    name: "Program",
    modules: [
      Module(name: "Configuration", imports: ["Platform", "Mail", "SASL", "SMTP"]),
      Module(name: "Control", imports: ["Platform", "Spool"]),
      Module(
        name: "Inspection",
        imports: [
          "Platform", "Mail", "Network", "TLS", "Accounts", "Configuration", "Control",
        ]),
      Module(
        name: "gatepostd",
        imports: [
          "Platform", "EventLoop", "Log", "Mail", "Network", "TLS", "DNS", "Maildir", "Spool",
          "Accounts", "Grants", "Receiving", "Relaying", "Retrieval", "Configuration",
          "Control", "Inspection",
        ],
        isProgram: true, isTested: false),
      Module(
        name: "gatepost",
        imports: [
          "Platform", "EventLoop", "Log", "Mail", "TLS", "Maildir", "Spool", "Accounts", "Grants",
          "Configuration", "Control", "Inspection",
        ],
        isProgram: true, reflects: true,
        products: [.product(name: "ArgumentParser", package: "swift-argument-parser")]),
    ]),
]

/// Lets the storage tests fail the n-th system call; never in a release.
let faultInjection: SwiftSetting = .define("FAULT_INJECTION", .when(configuration: .debug))

/// Warnings end the build where changes are checked, and not where a user builds with a compiler that warns of more.
let warnings: SwiftSetting = .treatAllWarnings(
  as: Context.environment["CI"] == nil ? .warning : .error)

let swiftSettings: [SwiftSetting] = [
  .strictMemorySafety(),
  warnings,
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  faultInjection,
  .unsafeFlags(["-Osize"], .when(configuration: .release)),
]

/// What the daemon does not use is left out of it: the names and types of stored properties, which
/// only reflection reads, and the regular expressions that would be linked unasked (0.9 MB of code).
let withoutReflection: SwiftSetting = .unsafeFlags(
  [
    "-Xfrontend", "-disable-reflection-metadata",
    "-Xfrontend", "-disable-implicit-string-processing-module-import",
  ], .when(configuration: .release))

/// Linked with lld: small, position independent, read-only after relocation, no writable code.
///
/// `make build` puts links to the static libstdc++ and libgcc into `.build/static`, where they are
/// found before the shared ones, which cost 1 MB of memory and are hardly used; without the folder
/// the shared ones are linked. No symbol is exported: nothing is loaded that could want one.
let linkerSettings: [LinkerSetting] = [
  .unsafeFlags(
    [
      "-use-ld=lld", "-static-stdlib", "-L\(Context.packageDirectory)/.build/static",
      "-Xlinker", "--gc-sections", "-Xlinker", "--icf=all", "-Xlinker", "--as-needed",
      "-Xlinker", "-z", "-Xlinker", "relro", "-Xlinker", "-z", "-Xlinker", "now",
      "-Xlinker", "-z", "-Xlinker", "pack-relative-relocs", "-Xlinker", "--no-export-dynamic",
    ], .when(configuration: .release))
]

/// The targets of `layers`; an import that points upward or sideways out of order ends the build.
func makeTargets() -> [Target] {
  var known = Set(cLibraries)
  var targets: [Target] = cLibraries.map {
    .target(name: $0, path: "Sources/C/\($0)", publicHeadersPath: ".")
  }
  for layer in layers {
    var importable = known
    for module in layer.modules {
      for name in module.imports where !importable.contains(name) {
        fatalError("\(layer.name)/\(module.name) must not import \(name): it stands no lower")
      }
      let dependencies = module.imports.map { Target.Dependency.byName(name: $0) } + module.products
      let path = "Sources/\(layer.name)/\(module.name)"
      let settings = module.reflects ? swiftSettings : swiftSettings + [withoutReflection]
      if module.isProgram {
        targets.append(
          .executableTarget(
            name: module.name, dependencies: dependencies, path: path,
            swiftSettings: settings, linkerSettings: linkerSettings))
      } else {
        targets.append(
          .target(
            name: module.name, dependencies: dependencies, path: path,
            swiftSettings: settings))
      }
      if module.isTested {
        targets.append(
          .testTarget(
            name: "\(module.name)Tests",
            dependencies: [.byName(name: module.name)]
              + module.imports.map { .byName(name: $0) } + [.byName(name: "TestSupport")],
            path: "Tests/\(module.name)Tests", resources: module.testData,
            swiftSettings: [faultInjection]))
      }
      known.insert(module.name)
      if layer.mayImportWithin { importable.insert(module.name) }
    }
  }
  targets.append(
    .target(
      name: "TestSupport", dependencies: ["Platform", "EventLoop", "TLS"], path: "Tests/Support"))
  targets.append(
    .target(
      name: "FuzzEntries",
      dependencies: ["Mail", "SASL", "SMTP", "POP3", "Spool", "Configuration", "Control"]
        .map { .byName(name: $0) },
      path: "Tests/Fuzz/Sources/FuzzEntries"))
  targets.append(
    .testTarget(
      name: "FuzzTests", dependencies: ["FuzzEntries", "Accounts", "Configuration"],
      path: "Tests/FuzzTests"))
  targets.append(.testTarget(name: "StyleTests", path: "Tests/StyleTests"))
  targets.append(
    .target(
      name: "EndToEndSupport", dependencies: ["TestSupport", "TLS"], path: "Tests/EndToEndSupport",
      exclude: ["zones"]))
  targets.append(
    .testTarget(
      name: "EndToEndTests", dependencies: ["EndToEndSupport", "TestSupport"],
      path: "Tests/EndToEndTests"))
  return targets
}

let package = Package(
  name: "gatepost",
  products: [
    .executable(name: "gatepostd", targets: ["gatepostd"]),
    .executable(name: "gatepost", targets: ["gatepost"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2")
  ],
  targets: makeTargets(),
  swiftLanguageModes: [.v6]
)
