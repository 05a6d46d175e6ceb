// swift-tools-version: 6.2
import PackageDescription

// A package of its own, since it needs unsafe flags and a build with coverage of everything below it: see Documentation/Sanitizers.md.
// The fuzzer's library has the main function.
let fuzzer: [SwiftSetting] = [.unsafeFlags(["-parse-as-library"])]

let package = Package(
  name: "wengert-fuzz",
  dependencies: [
    .package(name: "wengert", path: "../..", traits: ["DEXML"]),
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
  ],
  targets: [
    .target(name: "Support"),
    .executableTarget(
      name: "Fuzz",
      dependencies: ["Support", .product(name: "WengertNN", package: "wengert"), .product(name: "DEXML", package: "wengert")],
      swiftSettings: fuzzer),
    // Apart, because it builds the HTTP server.
    .executableTarget(
      name: "FuzzService",
      dependencies: [
        "Support", .product(name: "DEXML", package: "wengert"), .product(name: "DEXMLServer", package: "wengert"),
        .product(name: "Hummingbird", package: "hummingbird"),
      ],
      swiftSettings: fuzzer),
  ],
  swiftLanguageModes: [.v6]
)
