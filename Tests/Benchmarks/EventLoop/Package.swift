// swift-tools-version: 6.2
import PackageDescription

/// The measurement behind `docs/decisions/0001-event-loop.md`: one line echo server, three ways.
///
/// A package of its own, so that nobody who builds Gatepost has to fetch SwiftNIO. `Sources/CLinux`,
/// `Platform` and `EventLoop` are links to the real ones; `./run` builds, measures and prints.
let package = Package(
  name: "event-loop-benchmark",
  dependencies: [.package(url: "https://github.com/apple/swift-nio", exact: "2.101.2")],
  targets: [
    .systemLibrary(name: "CLinux"),
    .target(name: "Platform", dependencies: ["CLinux"], swiftSettings: settings),
    .target(name: "EventLoop", dependencies: ["Platform", "CLinux"], swiftSettings: settings),
    .executableTarget(
      name: "loop-echo", dependencies: ["Platform", "EventLoop"], swiftSettings: settings),
    .executableTarget(
      name: "loop-costs", dependencies: ["Platform", "EventLoop", "CLinux"],
      swiftSettings: settings),
    .executableTarget(
      name: "handler-echo",
      dependencies: [
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
      ]),
    .executableTarget(
      name: "task-echo",
      dependencies: [
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
      ]),
  ],
  swiftLanguageModes: [.v6]
)

/// Those of the manifest of Gatepost, so that the sources mean the same here.
var settings: [SwiftSetting] {
  [
    .strictMemorySafety(),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
  ]
}
