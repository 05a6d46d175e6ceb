import Foundation
import Testing
@_spi(Backend) import WengertTestSupport

@testable @_spi(Backend) import WengertCUDA

/// What a program sees of the device where something is missing, wrong or late.
@Suite("The CUDA device and its libraries", .serialized)
struct DeviceTests {
  @Test("each missing library is named", arguments: ["libcuda.so.1", "libnvrtc.so.12", "libcublasLt.so.12"])
  func missing(_ library: String) throws {
    let folder = try StandIn.copy()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try FileManager.default.removeItem(atPath: "\(folder)/\(library)")
    let error = #expect(throws: DeviceUnavailable.self) {
      try CUDABackend(LibrarySearch(only: [folder]), cache: nil)
    }
    #expect(error?.description.contains(library) == true)
  }

  @Test("folders that are named come first, and a library that cannot be opened is said to be so")
  func broken() throws {
    let folder = NSTemporaryDirectory() + "wengert-broken-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try Data("no library".utf8).write(to: URL(filePath: "\(folder)/libcuda.so.1"))
    let search = LibrarySearch(only: [folder])
    let error = #expect(throws: DeviceUnavailable.self) { try search.open(["libcuda.so.1"], for: "the NVIDIA driver") }
    #expect(error?.description.contains("\(folder)/libcuda.so.1") == true)
    #expect(LibrarySearch.ofProcess(["WENGERT_CUDA_LIBRARIES": "/a:/b"]).named == ["/a", "/b"])
  }

  @Test("machine code is read from files where it is whole and of the same text, and made anew where it is not")
  func files() throws {
    let cache = NSTemporaryDirectory() + "wengert-cache-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: cache) }
    func double() throws -> (compiled: Int, read: Int) {
      let device = try StandIn(isChecked: false, cache: cache)
      let x = Blueprint([1, 2, 3], [3], .float32).tensor(on: device.backend)
      #expect((x + x).array(of: Float.self) == [2, 4, 6])
      return device.backend.kernels.statistics
    }
    #expect(try double() == (1, 0))
    #expect(try double() == (0, 1))
    let files = try FileManager.default.contentsOfDirectory(atPath: cache)
    #expect(files.count == 1)
    let path = "\(cache)/\(files[0])"
    let whole = try Data(contentsOf: URL(filePath: path))
    // Cut off, and with a byte changed.
    var damaged = whole
    damaged[damaged.count / 2] ^= 1
    for bytes in [whole.prefix(whole.count / 2), damaged, Data()] {
      try bytes.write(to: URL(filePath: path))
      #expect(try double() == (1, 0))
      #expect(try Data(contentsOf: URL(filePath: path)) == whole)
    }
  }

  @Test("writers of one file at the same time leave a whole one, and readers never see another")
  func writers() throws {
    let folder = NSTemporaryDirectory() + "wengert-cache-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let path = "\(folder)/kernels/one", codes = (0..<8).map { i in [UInt8](repeating: UInt8(i), count: 50_000 + 1000 * i) }
    let wrong = Locked(0)
    DispatchQueue.concurrentPerform(iterations: 64) { i in
      KernelCache.write(codes[i % 8], "key", to: path)
      guard let code = KernelCache.read(path, "key"), codes.contains(code) else { return wrong.withLock { $0 += 1 } }
    }
    #expect(wrong.withLock { $0 } == 0)
    #expect(KernelCache.read(path, "another key") == nil)
    #expect(try FileManager.default.contentsOfDirectory(atPath: "\(folder)/kernels") == ["one"])
  }

  @Test("a folder may be named from the current one")
  func relativeFolder() throws {
    let name = "wengert-cache-\(UUID().uuidString)", up = FileManager.default.currentDirectoryPath.split(separator: "/").map { _ in ".." }
    let folder = up.joined(separator: "/") + NSTemporaryDirectory() + name
    defer { try? FileManager.default.removeItem(atPath: folder) }
    KernelCache.write([1, 2, 3], "key", to: "\(folder)/kernels/one")
    #expect(KernelCache.read(NSTemporaryDirectory() + name + "/kernels/one", "key") == [1, 2, 3])
  }

  @Test("a folder that cannot be written to only means that kernels are compiled again")
  func noFolder() throws {
    let device = try StandIn(isChecked: false, cache: "/proc/no such folder")
    let x = Blueprint([1, 2, 3], [3], .float32).tensor(on: device.backend)
    #expect((x * x).doubles == [1, 4, 9])
  }

  @Test("an index out of range is told when results are read, with the first wrong index")
  func wrongIndex() throws {
    let device = try StandIn()
    let source = Blueprint([1, 2, 3, 4], [4], .float32).tensor(on: device.backend),
      at = Blueprint([0, 7, -9, 1], [4], .int64).tensor(on: device.backend)
    let out = Blueprint([0, 0, 0, 0], [4], .float32).tensor(on: device.backend)
    #expect(device.backend.answer(GatherCall(source.view, indices: at.view, into: out.view)) == 7)
    let values = out.doubles
    #expect(values[0] == 1 && values[1].isNaN && values[2].isNaN && values[3] == 2)
  }

  @Test("programs that differ in numbers and extents share one text")
  func sharedTexts() throws {
    let device = try StandIn(isChecked: false)
    for (number, extent) in [(0.37, 64), (0.5, 128), (-7.25, 64)] {
      let x = Blueprint((0..<extent).map(Double.init), [extent], .float32).tensor(on: device.backend)
      #expect((x * number).array(of: Float.self) == (0..<extent).map { Float($0) * Float(number) })
    }
    #expect(device.backend.kernels.statistics.compiled == 1)
  }

  @Test("where addresses are no multiples of 16 bytes, results have the same bits")
  func addresses() throws {
    let device = try StandIn()
    var generator = SplitMix64(seed: 6)
    let values = generator.uniforms(1001, in: -3...3)
    let whole = Blueprint(values, [1001], .float32).tensor(on: device.backend)
    let apart = Blueprint(Array(values.dropFirst()), [1000], .float32).tensor(on: device.backend)
    let shifted = whole[1...]
    #expect(Int(shifted.view.deviceAddress) % 16 == 4 && Int(apart.view.deviceAddress) % 16 == 0)
    for f in [{ $0 * $0 }, { $0.softmax(axis: -1) }, { $0.sum() }] as [(Tensor) -> Tensor] {
      #expect(f(shifted).array(of: Float.self) == f(apart).array(of: Float.self))
    }
  }

  @Test("bits do not depend on the order of threads and blocks")
  func order() throws {
    var generator = SplitMix64(seed: 5)
    let values = generator.uniforms(300 * 70, in: -3...3)
    let results = try [0, 1, 2, 7].map { order in
      let device = try StandIn(order: order, isChecked: false)
      let x = Blueprint(values, [300, 70], .float32).tensor(on: device.backend)
      return [x.sum(axis: 0), x.sum(axis: -1), x.softmax(axis: -1), x.sum(), x.logSumExp(axis: -1)].map(\.doubles)
    }
    for other in results.dropFirst() { #expect(other == results[0]) }
  }
}

extension Tensor {
  fileprivate var doubles: [Double] { cast(to: .float64).array(of: Double.self) }
}
