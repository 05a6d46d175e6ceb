// swift-tools-version: 6.2
import PackageDescription

// A user of the library, as `make dependencies` looks at one.
let package = Package(
  name: "wengert-user",
  dependencies: [.package(name: "wengert", path: "../..")],
  targets: [
    .executableTarget(
      name: "User",
      dependencies: [.product(name: "Wengert", package: "wengert"), .product(name: "WengertNN", package: "wengert")])
  ],
  swiftLanguageModes: [.v6]
)
