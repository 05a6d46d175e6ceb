// swift-tools-version: 6.2
import PackageDescription

// A package of its own, since it needs unsafe flags and a build with coverage of everything below it: see Documentation/Sanitizers.md.
let package = Package(
  name: "wengert-fuzz",
  dependencies: [.package(name: "wengert", path: "../..")],
  targets: [
    .executableTarget(
      name: "Fuzz",
      dependencies: [
        .product(name: "WengertNN", package: "wengert"),
        .product(name: "DEXML", package: "wengert"),
      ],
      // The fuzzer's library has the main function.
      swiftSettings: [.unsafeFlags(["-parse-as-library"])])
  ],
  swiftLanguageModes: [.v6]
)
