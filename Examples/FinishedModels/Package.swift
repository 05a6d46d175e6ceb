// swift-tools-version: 6.2
import PackageDescription

// A package of its own, as yours is: models in ordinary Swift, a tool that lists what is to be finished, and a program that uses it.
let wengert = "wengert"

let package = Package(
  name: "finished-models",
  // In a package of yours: .package(url: "…", from: "…").
  dependencies: [.package(name: wengert, path: "../..")],
  targets: [
    .target(name: "Models", dependencies: [.product(name: "WengertNN", package: wengert)]),
    .executableTarget(name: "ModelGraphs", dependencies: ["Models", .product(name: "WengertGraphTool", package: wengert)]),
    .executableTarget(
      name: "FinishedModels",
      dependencies: ["Models", .product(name: "WengertNN", package: wengert)],
      plugins: [.plugin(name: "WengertGraphs", package: wengert)]),
  ],
  swiftLanguageModes: [.v6]
)
