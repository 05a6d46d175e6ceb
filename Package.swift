// swift-tools-version: 6.2
import CompilerPluginSupport
import PackageDescription

// The lock behind shared state is one that ThreadSanitizer sees: for `make sanitize`.
let forThreadSanitizer: [SwiftSetting] =
  Context.environment["WENGERT_THREAD_SANITIZER"] == nil ? [] : [.define("WENGERT_THREAD_SANITIZER")]

/// A product of another package, for the trait DEXML only.
func forDEXML(_ product: String, of package: String) -> Target.Dependency {
  .product(name: product, package: package, condition: .when(traits: ["DEXML"]))
}

/// A product of swift-syntax, for the trait Macros only.
func forMacros(_ product: String) -> Target.Dependency {
  .product(name: product, package: "swift-syntax", condition: .when(traits: ["Macros"]))
}

/// The commands of swift-docc-plugin, for the trait Documentation only. They are named as a dependency for no platform, as none is a part of a build: it is the trait that decides whether the
/// package is resolved.
let forDocumentation = Target.Dependency.product(
  name: "Swift-DocC", package: "swift-docc-plugin", condition: .when(platforms: [.custom("none")], traits: ["Documentation"]))

/// What is there with the trait ONNX only: of the tests, the module itself.
let forONNX: [Target.Dependency] = [.target(name: "WengertONNX", condition: .when(traits: ["ONNX"]))]

let package = Package(
  name: "wengert",
  products: [
    .library(name: "Wengert", targets: ["Wengert"]),
    .library(name: "WengertNN", targets: ["WengertNN"]),
    // Functions of models, finished while a package is built.
    .plugin(name: "WengertGraphs", targets: ["WengertGraphs"]),
    .library(name: "WengertGraphTool", targets: ["WengertGraphTool"]),
    .library(name: "WengertDifferentiable", targets: ["WengertDifferentiable"]),
    // Graphs of functions, made by a macro while Swift compiles.
    .library(name: "WengertGraph", targets: ["WengertGraph"]),
    // Finished programs, called from C and from Python.
    .library(name: "wengert-c", type: .dynamic, targets: ["WengertC"]),
    // Compiled graphs as ONNX models.
    .library(name: "WengertONNX", targets: ["WengertONNX"]),
    .library(name: "DEXML", targets: ["DEXML"]),
    .library(name: "DEXMLServer", targets: ["DEXMLServer"]),
    .executable(name: "dexml", targets: ["dexml"]),
  ],
  // Other packages are behind a trait: who depends on Wengert or WengertNN resolves and fetches none of them.
  traits: [
    .trait(name: "DEXML", description: "The products DEXML, DEXMLServer and dexml."),
    .trait(name: "Documentation", description: "The commands generate-documentation and preview-documentation of swift-docc-plugin."),
    .trait(name: "Macros", description: "The product WengertGraph: @Graph, a macro that makes graphs while Swift compiles."),
    .trait(name: "ONNX", description: "The product WengertONNX: compiled graphs as ONNX models."),
    .trait(name: "MPI", description: "Training on several workers, started by mpirun (Open MPI).", enabledTraits: ["DEXML"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0", traits: []),
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    .package(url: "https://github.com/swiftlang/swift-docc-plugin", from: "1.5.0"),
    .package(url: "https://github.com/swiftlang/swift-syntax", from: "603.0.1"),
  ],
  targets: [
    // The core: tensors, operations, derivatives; pure Swift, no backend.
    .target(name: "WengertCore", swiftSettings: forThreadSanitizer),

    // The CPU backend.
    .target(name: "CKernels"),
    .systemLibrary(name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
    .systemLibrary(name: "CLAPACKE", pkgConfig: "lapacke", providers: [.apt(["liblapacke-dev"])]),
    .target(name: "WengertCPU", dependencies: ["WengertCore", "CKernels", "COpenBLAS", "CLAPACKE"]),

    // The CUDA backend, all of whose libraries are opened at run time.
    .target(name: "WengertCUDA", dependencies: ["WengertCore"], resources: [.embedInCode("Texts")]),

    // What users import.
    .target(name: "Wengert", dependencies: ["WengertCore", "WengertCPU", "WengertCUDA", forDocumentation]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .target(name: "WengertNN", dependencies: ["Wengert", "CZlib"]),

    // Functions that are finished while the package of a user is built: what the user's tool lists, and the plugin that runs it.
    .target(name: "WengertGraphTool", dependencies: ["Wengert"]),
    .executableTarget(name: "WengertGraphRunner"),
    .plugin(name: "WengertGraphs", capability: .buildTool(), dependencies: ["WengertGraphRunner"]),
    // Swift's own differentiation over the tape: experimental, as that is.
    .target(name: "WengertDifferentiable", dependencies: ["Wengert"], exclude: ["Generated/generate.py", "Generated/Exceptions.txt"]),

    // Functions whose graphs are made while Swift compiles them: the macro, linked with the core, and what its users import. Without the trait Macros both are empty.
    .macro(
      name: "WengertGraphMacros",
      dependencies: [
        // Not compiled a second time, for the macro, where there is none.
        .target(name: "WengertCore", condition: .when(traits: ["Macros"])),
        forMacros("SwiftCompilerPlugin"), forMacros("SwiftDiagnostics"), forMacros("SwiftSyntax"), forMacros("SwiftSyntaxBuilder"),
        forMacros("SwiftSyntaxMacros"),
      ],
      exclude: ["Operations/Exceptions.txt", "Operations/generate.py"]),
    .target(name: "WengertGraph", dependencies: ["Wengert", "WengertGraphMacros"]),

    // Compiled graphs as ONNX models; without the trait ONNX it is empty.
    .target(
      name: "WengertONNX",
      dependencies: [
        "WengertNN", .product(name: "SwiftProtobuf", package: "swift-protobuf", condition: .when(traits: ["ONNX"])),
      ],
      exclude: ["Format/onnx.proto"]),

    // Finished programs by the functions of a header of C.
    .systemLibrary(name: "CWengert"),
    .target(name: "WengertC", dependencies: ["WengertNN", "WengertCPU", "CWengert"]),

    // Several processes on one computation.
    .systemLibrary(name: "CMPI", pkgConfig: "ompi-c", providers: [.apt(["libopenmpi-dev", "openmpi-bin"])]),
    .target(name: "Collectives", dependencies: [.target(name: "CMPI", condition: .when(traits: ["MPI"]))]),

    // Dual encoders for extreme multi-label classification, and their trainer.
    .target(
      name: "DEXML",
      dependencies: ["WengertNN", "Collectives", forDEXML("Yams", of: "Yams"), forDEXML("Logging", of: "swift-log")],
      swiftSettings: forThreadSanitizer),
    // Its HTTP service; nothing else needs hummingbird.
    .target(
      name: "DEXMLServer",
      dependencies: ["DEXML", forDEXML("Hummingbird", of: "hummingbird"), forDEXML("Logging", of: "swift-log")]),
    .executableTarget(
      name: "dexml",
      dependencies: ["DEXML", "DEXMLServer", "Collectives", forDEXML("ArgumentParser", of: "swift-argument-parser")],
      path: "Examples/dexml",
      exclude: ["configs", "check"],
      plugins: ["WengertGraphs"]),
    // The encoders whose programs are finished while it is built.
    .executableTarget(name: "EncoderGraphs", dependencies: ["DEXML", "WengertGraphTool"], path: "Examples/EncoderGraphs"),
    // Short programs, one file each; see Examples/README.md.
    .executableTarget(name: "examples", dependencies: ["WengertNN"], path: "Examples/Programs"),

    // Tests.
    // The case list and the reference backend, which tests and the check on a device have.
    .target(name: "WengertCases", dependencies: ["Wengert"], path: "Tests/WengertCases"),
    .executableTarget(
      name: "cuda-check", dependencies: ["DEXML", "WengertCUDA", "WengertCases"], path: "Tests/CUDACheck",
      exclude: ["peer.py", "package.sh"]),
    // The models that Tests/ONNX/check.py runs in onnxruntime; without the trait ONNX it says so.
    .executableTarget(
      name: "onnx-check", dependencies: forONNX + ["DEXML", "WengertCases"], path: "Tests/ONNX", exclude: ["check.py"]),
    // The programs that Python/tests call.
    .executableTarget(name: "python-programs", dependencies: ["WengertNN"], path: "Python/programs"),
    .testTarget(name: "WengertCTests", dependencies: ["WengertC", "CWengert"]),
    .testTarget(name: "WengertONNXTests", dependencies: forONNX + ["WengertNN"]),
    .target(name: "WengertTestSupport", dependencies: ["Wengert", "WengertCases", "WengertCUDA"], path: "Tests/WengertTestSupport"),
    .testTarget(name: "WengertTests", dependencies: ["Wengert", "WengertTestSupport"]),
    .testTarget(
      name: "WengertCUDATests", dependencies: ["WengertCUDA", "WengertTestSupport", "cuda-check"], exclude: ["KernelTable.tsv"]),
    .testTarget(name: "WengertNNTests", dependencies: ["WengertNN", "WengertTestSupport", "examples"]),
    // A tool that WengertGraphToolTests runs; it has a dependency that dexml has not, so that the plugin does not run it.
    .executableTarget(
      name: "MistakenGraphs", dependencies: ["WengertNN", "WengertDifferentiable", "WengertGraphTool"], path: "Tests/MistakenGraphs"),
    .testTarget(name: "WengertGraphToolTests", dependencies: ["WengertGraphTool", "WengertNN", "WengertTestSupport", "MistakenGraphs"]),
    .testTarget(name: "WengertDifferentiableTests", dependencies: ["WengertDifferentiable", "WengertNN", "WengertTestSupport"]),
    .testTarget(
      name: "DEXMLTests", dependencies: ["DEXML", "Collectives", "WengertCUDA", "WengertTestSupport"], exclude: ["Commands/KernelTable.tsv"]
    ),
    .testTarget(name: "DEXMLServerTests", dependencies: ["DEXMLServer", "WengertTestSupport"]),
  ],
  swiftLanguageModes: [.v6]
)
