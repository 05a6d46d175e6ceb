import Foundation

/// What instructions we and the peers may use.
enum Level: String, CaseIterable {
  case base, avx2, avx512

  private var flags: [String] {
    switch self {
    case .base: []
    case .avx2: ["avx2", "fma", "f16c"]
    case .avx512: ["avx512f", "avx512dq", "avx512bw", "avx512vl"]
    }
  }

  private var isThere: Bool { flags.allSatisfy(Machine.flags.contains) }

  /// The level of our kernels: the one that the environment asks for if the processor has it, or the best.
  static var current: Level {
    let wanted = ProcessInfo.processInfo.environment["WENGERT_CPU_LEVEL"].flatMap(Level.init)
    return wanted.flatMap { $0.isThere ? $0 : nil } ?? allCases.last(where: \.isThere)!
  }

  /// A processor of this level that every OpenBLAS knows.
  var blasCore: String {
    switch self {
    case .base: "Prescott"
    case .avx2: Machine.vendor == "AuthenticAMD" ? "Zen" : "Haswell"
    case .avx512: "SkylakeX"
    }
  }

  /// What sets the level in our kernels and in what the peers compute with; nil: the variable is not there.
  private var environment: [String: String?] {
    func variable(_ base: String, _ avx2: String) -> String? { self == .base ? base : self == .avx2 ? avx2 : nil }
    var variables = [
      "WENGERT_CPU_LEVEL": rawValue,
      "ATEN_CPU_CAPABILITY": variable("default", "avx2"),
      "ONEDNN_MAX_CPU_ISA": variable("SSE41", "AVX2"),
      "MKL_ENABLE_INSTRUCTIONS": variable("SSE4_2", "AVX2"),
      "OPENBLAS_CORETYPE": self == .avx512 ? nil : blasCore,
      "FAISS_SIMD_LEVEL": variable("NONE", "AVX2"),
    ]
    if let isa = variable("SSE4_2", "AVX2") {
      let before = ProcessInfo.processInfo.environment["XLA_FLAGS"].map { "\($0) " } ?? ""
      variables["XLA_FLAGS"] = "\(before)--xla_cpu_max_isa=\(isa)"
    }
    return variables
  }

  private static let marker = "WENGERT_BENCH_LEVEL"

  /// The level that was asked for.
  static var wanted: String? { ProcessInfo.processInfo.environment[marker] }

  /// Executes this process again with the level's environment, once: libraries choose their kernels when they are loaded.
  func enter() {
    guard isThere else { Arguments.stop("this processor has no \(rawValue): it lacks \(flags.filter { !Machine.flags.contains($0) })") }
    guard Self.wanted != rawValue else { return }
    setenv(Self.marker, rawValue, 1)
    for (name, value) in environment {
      if let value { setenv(name, value, 1) } else { unsetenv(name) }
    }
    execv("/proc/self/exe", CommandLine.unsafeArgv)
    Arguments.stop("cannot execute itself again for the level \(rawValue)")
  }
}
