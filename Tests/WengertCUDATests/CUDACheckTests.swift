import Foundation
import Testing
@_spi(Backend) import WengertTestSupport

/// What is carried to a machine with a GPU, tried on the stand-in.
@Suite("The check on a device")
struct CUDACheckTests {
  private func run(_ arguments: [String], _ libraries: String) throws -> (code: Int32, output: String) {
    let process = Process(), output = Pipe()
    process.executableURL = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent().appending(path: "cuda-check")
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(["WENGERT_CUDA_LIBRARIES": libraries, "WENGERT_CUDA_CACHE": ""]) {
      $1
    }
    process.standardOutput = output
    try process.run()
    let printed = try output.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: printed, as: UTF8.self))
  }

  @Test("every claim holds on the stand-in, on which nothing is timed")
  func holds() throws {
    let (code, output) = try run(["--quick"], BuiltStandIn.folder())
    #expect(code == 0, "\(output)")
    #expect(output.components(separatedBy: "\nholds  ").count == 6, "\(output)")
    #expect(output.contains("15 operations are tried. Nothing is timed: this device is a CPU.\nAll is well."), "\(output)")
  }

  @Test("without a device it says what is missing")
  func missing() throws {
    let (code, output) = try run([], "/nowhere")
    try #require(code == 1, "this machine has a GPU")
    #expect(output.contains("There is no device: the NVIDIA driver"), "\(output)")
  }
}
