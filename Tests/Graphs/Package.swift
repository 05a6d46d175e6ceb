// swift-tools-version: 6.2
import PackageDescription

// A package of its own, since it builds swift-syntax, in debug: see `make test-graphs`.
let package = Package(
  name: "wengert-graphs",
  dependencies: [.package(name: "wengert", path: "../..", traits: ["Macros"])],
  targets: [
    .testTarget(
      name: "GraphTests", dependencies: [.product(name: "WengertGraph", package: "wengert")], exclude: ["Wrong", "Diagnostics"])
  ],
  swiftLanguageModes: [.v6]
)
