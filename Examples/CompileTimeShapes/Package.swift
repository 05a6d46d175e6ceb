// swift-tools-version: 6.2
import PackageDescription

// A package of its own, as yours is: functions whose graphs are made while Swift compiles. Build it in debug: swift-syntax takes minutes with optimization.
let wengert = "wengert"

let package = Package(
  name: "compile-time-shapes",
  // `swift build --traits Mistakes` shows what is said of mistakes.
  traits: [.trait(name: "Mistakes")],
  // In a package of yours: .package(url: "…", from: "…", traits: ["Macros"]).
  dependencies: [.package(name: wengert, path: "../..", traits: ["Macros"])],
  targets: [.executableTarget(name: "CompileTimeShapes", dependencies: [.product(name: "WengertGraph", package: wengert)])],
  swiftLanguageModes: [.v6]
)
