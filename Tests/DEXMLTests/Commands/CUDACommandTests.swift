import Foundation
import Testing
import WengertCUDA
import WengertNN
import WengertTestSupport

/// The trainer on a CUDA device, which is the stand-in: every access of every kernel checked, threads in a random order.
@Suite("dexml on a CUDA device", .enabled(if: FileManager.default.isExecutableFile(atPath: executable.path)), .serialized)
struct CUDACommandTests {
  private static let folder = Result { try BuiltStandIn.folder() }

  private func environment(cache: String = "") throws -> [String: String] {
    ["WENGERT_CUDA_LIBRARIES": try Self.folder.get(), "WENGERT_CUDA_CACHE": cache, "STANDIN_CHECKED": "1", "STANDIN_ORDER": "7"]
  }

  /// The tensors of a file, by name.
  private func tensors(_ file: URL) throws -> [String: [Double]] {
    let file = try SafeTensors(contentsOf: file)
    return Dictionary(uniqueKeysWithValues: file.names.map { ($0, Tensor(file[$0]!).array(of: Double.self)) })
  }

  private func expectSame(_ actual: [Double], _ expected: [Double], _ bound: Double, _ name: String) {
    #expect(actual.count == expected.count, "\(name)")
    let difference = zip(actual, expected).map { abs($0 - $1) }.reduce(0) { $1 <= $0 ? $0 : $1 }
    #expect(difference <= bound, "\(name): differs by \(difference)")
  }

  @Test("devices lists the device, and what was found")
  func devices() throws {
    let run = try CommandRun(["devices"], environment: environment())
    #expect(run.code == 0, "\(run.errors)")
    #expect(run.output.hasPrefix("devices: cpu, cuda\n"), "\(run.output)")
    for part in ["device 0: Wengert stand-in", "NVRTC", "matrix products: "] { #expect(run.output.contains(part), "\(run.output)") }
    let two = try CommandRun(["devices"], environment: environment().merging(["STANDIN_DEVICES": "2"]) { $1 })
    #expect(two.output.hasPrefix("devices: cpu, cuda, cuda:1\n") && two.output.contains("device 1: Wengert stand-in"), "\(two.output)")
  }

  @Test("where there is no device, devices says what is missing, and --device cuda ends with it")
  func missing() throws {
    let environment = ["WENGERT_CUDA_LIBRARIES": "/nowhere"]
    let listed = try CommandRun(["devices"], environment: environment)
    #expect(listed.code == 0)
    try #require(listed.output.hasPrefix("devices: cpu\n"), "this machine has a GPU")
    #expect(listed.output.contains("driver: missing: "), "\(listed.output)")
    let task = try TinyTask(), settings = try task.folder.write("settings.yaml", task.configuration.yaml())
    let run = try CommandRun(["train", settings.path, "--device", "cuda"], environment: environment)
    #expect(run.code == 1 && run.errors.contains("the NVIDIA driver"), "\(run.errors)")
    let other = try CommandRun(["train", settings.path, "--device", "tpu"], environment: environment)
    #expect(other.code == 1 && other.errors.contains("there is no device tpu"), "\(other.errors)")
  }

  @Test(
    "every kernel of training and embedding compiles with the oldest and the newest NVRTC, without spills, as the table says",
    .enabled(if: NVRTC.isInstalled, "NVRTC is not installed: make nvrtc"))
  func kernels() throws {
    var task = try TinyTask()
    task.configuration.numEpochs = 1
    let settings = try task.folder.write("settings.yaml", task.configuration.yaml())
    let cache = task.folder.url.appendingPathComponent("kernels").path
    for mixed in ["true", "false"] {
      let run = try CommandRun(
        ["train", settings.path, "--amp_encode", mixed, "--expname", mixed, "--device", "cuda"], environment: environment(cache: cache))
      #expect(run.code == 0, "\(run.errors)")
    }
    let files = try FileManager.default.contentsOfDirectory(atPath: cache)
    let texts = files.compactMap { KernelCache.source("\(cache)/\($0)").flatMap(KernelSource.init) }
    #expect(texts.count == files.count && texts.count > 30)
    try NVRTC.check(texts, table: URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("KernelTable.tsv"))
  }

  @Test("a training run ends with the weights and the metrics that it has on the CPU, and texts have the same embeddings and labels")
  func trains() throws {
    var task = try TinyTask()
    try task.useNewEncoder()
    task.configuration.numEpochs = 2
    task.configuration.evalInterval = 1
    task.configuration.tfMaxLen = 6
    task.configuration.ampEncode = false
    let settings = try task.folder.write("settings.yaml", task.configuration.yaml())
    func train(_ device: String) throws -> (weights: [String: [Double]], metrics: [String: Double], folder: URL) {
      let run = try CommandRun(["train", settings.path, "--device", device], environment: environment())
      #expect(run.code == 0, "\(run.errors)")
      let folder = task.folder.url.appendingPathComponent(device), metrics = try task.metrics("tst")
      try FileManager.default.moveItem(at: task.results, to: folder)
      return (try tensors(folder.appendingPathComponent("model/model.safetensors")), metrics, folder)
    }
    let cpu = try train("cpu"), cuda = try train("cuda")
    #expect(cpu.weights.count > 10 && cuda.weights.keys.sorted() == cpu.weights.keys.sorted())
    for (name, expected) in cpu.weights { expectSame(cuda.weights[name] ?? [], expected, 2e-4, name) }
    for (name, expected) in cpu.metrics { #expect(abs((cuda.metrics[name] ?? .nan) - expected) < 1e-4, "\(name)") }

    let texts = try task.folder.write("texts.txt", "the cat sat\na dogs run\n")
    func embed(_ device: String) throws -> [Double] {
      let file = task.folder.url.appendingPathComponent("\(device).safetensors")
      let run = try CommandRun(
        [
          "embed", "--model", cpu.folder.appendingPathComponent("model").path, "--input", texts.path, "--output", file.path, "--device",
          device,
        ],
        environment: environment())
      #expect(run.code == 0, "\(run.errors)")
      return try tensors(file)["embeddings"] ?? []
    }
    let expected = try embed("cpu")
    #expect(expected.count == 64)
    expectSame(try embed("cuda"), expected, 1e-5, "embeddings")
    func predict(_ device: String) throws -> [String] {
      let run = try CommandRun(
        [
          "predict", "--model", cpu.folder.appendingPathComponent("model").path, "--labels",
          task.folder.url.appendingPathComponent("Tiny/raw/Y.txt").path, "--input", texts.path, "--top-k", "2", "--device", device,
        ], environment: environment())
      #expect(run.code == 0, "\(run.errors)")
      return run.output.split { !$0.isLetter }.map(String.init)
    }
    let labels = try predict("cpu")
    #expect(labels.contains("cat") && labels.contains("dogs"))
    #expect(try predict("cuda") == labels)
    let measured = try CommandRun(
      ["evaluate", settings.path, "--tf", cpu.folder.appendingPathComponent("model").path, "--device", "cuda"], environment: environment())
    #expect(measured.code == 0 && (measured.output + measured.errors).contains("P@1"), "\(measured.errors)")
  }

  @Test("amp_encode trains in bfloat16, or in float16 with a scaled loss, and ends near the weights of float32")
  func mixedPrecision() throws {
    var task = try TinyTask()
    try task.useNewEncoder()
    task.configuration.numEpochs = 2
    task.configuration.tfMaxLen = 6
    let settings = try task.folder.write("settings.yaml", task.configuration.yaml())
    func train(_ options: String...) throws -> (weights: [String: [Double]], log: String) {
      let run = try CommandRun(["train", settings.path, "--device", "cuda"] + options, environment: environment())
      #expect(run.code == 0, "\(run.errors)")
      return (try tensors(task.results.appendingPathComponent("model/model.safetensors")), try task.text("log.txt"))
    }
    let plain = try train("--amp_encode", "false")
    #expect(!plain.log.contains("amp_encode"))
    try FileManager.default.removeItem(at: task.results)
    let brain = try train()
    #expect(brain.log.contains("amp_encode: the encoder computes in bfloat16, its parameters are float32"), "\(brain.log)")
    try FileManager.default.removeItem(at: task.results)
    let half = try train("--amp_dtype", "float16")
    #expect(half.log.contains("amp_encode: the encoder computes in float16, its parameters are float32"), "\(half.log)")
    for (name, expected) in plain.weights {
      // A step of Adam moves every weight by about the learning rate, whatever the size of its gradient.
      expectSame(brain.weights[name] ?? [], expected, 0.03, name)
      expectSame(half.weights[name] ?? [], expected, 0.03, name)
    }
    // The last epoch again, from a scale at which every gradient overflows: all steps are left out, and each halves the scale.
    let file = task.results.appendingPathComponent("checkpoint.safetensors")
    func scale(_ checkpoint: SafeTensors) throws -> Double {
      Double(bitPattern: try #require(checkpoint.metadata["loss_scale"].flatMap { UInt64($0, radix: 16) }))
    }
    let checkpoint = try SafeTensors(verifying: file)
    #expect(try scale(checkpoint) <= 65536 && checkpoint.metadata["loss_scale_steps"] != nil)
    let steps = try #require(checkpoint.metadata["step"].flatMap { Int($0) }) / 2
    var metadata = checkpoint.metadata
    metadata["loss_scale"] = String(0x1p100.bitPattern, radix: 16)
    (metadata["epoch"], metadata["step_in_epoch"], metadata["step"]) = ("2", "0", "\(steps)")
    try SafeTensors.write(checkpoint.names.map { ($0, checkpoint[$0]!) }, metadata: metadata, isChecksummed: true, to: file)
    let resumed = try train("--amp_dtype", "float16", "--resume")
    #expect(resumed.log.components(separatedBy: "the gradient overflowed in float16").count == steps + 1, "\(resumed.log)")
    let after = try SafeTensors(verifying: file)
    #expect(steps > 0)
    #expect(try scale(after) == 0x1p100 / Double(1 << steps))
    for name in after.names where name.hasPrefix("model.") { #expect(after[name]!.data == checkpoint[name]!.data, "\(name)") }
  }
}
