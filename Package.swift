// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "wengert",
  products: [
    .library(name: "Wengert", targets: ["Wengert"]),
    .library(name: "WengertNN", targets: ["WengertNN"]),
    .library(name: "DEXML", targets: ["DEXML"]),
    .executable(name: "dexml", targets: ["dexml"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
  ],
  targets: [
    // The core: tensors, operations, derivatives; pure Swift, no backend.
    .target(name: "WengertCore"),

    // The CPU backend.
    .target(name: "CKernels"),
    .systemLibrary(name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
    .systemLibrary(name: "CLAPACKE", pkgConfig: "lapacke", providers: [.apt(["liblapacke-dev"])]),
    .target(name: "WengertCPU", dependencies: ["WengertCore", "CKernels", "COpenBLAS", "CLAPACKE"]),

    // What users import.
    .target(name: "Wengert", dependencies: ["WengertCore", "WengertCPU"]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    // What of file systems has no name in Swift.
    .target(name: "WengertNN", dependencies: ["Wengert", "CZlib"]),

    // Dual encoders for extreme multi-label classification, and their trainer.
    .target(
      name: "DEXML",
      dependencies: ["WengertNN", "Yams", .product(name: "Logging", package: "swift-log")]),
    // Its HTTP service; nothing else needs hummingbird.
    .target(
      name: "DEXMLServer",
      dependencies: ["DEXML", .product(name: "Hummingbird", package: "hummingbird"), .product(name: "Logging", package: "swift-log")]),
    .executableTarget(
      name: "dexml",
      dependencies: ["DEXML", "DEXMLServer", .product(name: "ArgumentParser", package: "swift-argument-parser")],
      path: "Examples/dexml",
      exclude: ["configs", "check"]),

    // Tests.
    .target(name: "WengertTestSupport", dependencies: ["Wengert"], path: "Tests/WengertTestSupport"),
    .testTarget(name: "WengertTests", dependencies: ["Wengert", "WengertTestSupport"]),
    .testTarget(name: "WengertNNTests", dependencies: ["WengertNN", "WengertTestSupport"]),
    .testTarget(name: "DEXMLTests", dependencies: ["DEXML", "WengertTestSupport"]),
    .testTarget(
      name: "DEXMLServerTests",
      dependencies: ["DEXMLServer", "WengertTestSupport", .product(name: "HummingbirdTesting", package: "hummingbird")]),
  ],
  swiftLanguageModes: [.v6]
)
