// swift-tools-version: 6.2
import PackageDescription

// A package of its own, so that users of the library build no benchmark.
let package = Package(
  name: "wengert-benchmarks",
  dependencies: [.package(name: "wengert", path: "..", traits: ["DEXML"])],
  targets: [
    // OpenBLAS itself, to measure what a single call of it takes.
    .systemLibrary(name: "CBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
    // What malloc is asked for, in this executable alone, and how fast the processor runs.
    .target(name: "CProbes"),
    .executableTarget(
      name: "wengert-bench",
      dependencies: [
        "CBLAS",
        "CProbes",
        .product(name: "Wengert", package: "wengert"),
        .product(name: "DEXML", package: "wengert"),
        .product(name: "WengertNN", package: "wengert"),
      ]),
  ],
  swiftLanguageModes: [.v6]
)
