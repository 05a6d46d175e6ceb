import Dispatch
@_spi(Backend) import WengertCore

/// A kernel on the device: compiled in the background from the moment it is asked for, and waited for when it is launched first.
final class CompiledKernel: @unchecked Sendable {
  let text: KernelText
  private let context: Context
  private let done = DispatchGroup()
  private let state = Locked(State())
  private struct State {
    var code: Result<[UInt8], DeviceUnavailable>?
    var module: UInt?
    var function: UInt?
    var sharedBytes = 0
  }

  init(_ text: KernelText, _ kernels: KernelCache) {
    self.text = text
    context = kernels.context
    kernels.queue.async(group: done) { [self] in
      let code = kernels.machineCode(of: text)
      state.withLock { $0.code = code }
    }
  }

  deinit {
    // What was launched is not over before the device says so.
    if let module = state.withLock({ $0.module }) {
      context.synchronize()
      context.perform("unloading a kernel") { $0.unloadModule(CUHandle(bitPattern: module)) }
    }
  }

  /// The function, loaded when it is asked for first.
  private func function(sharedBytes: Int) -> CUHandle? {
    if state.withLock({ $0.code == nil }) { done.wait() }
    return state.withLock { state -> UInt in
      if state.function == nil {
        let code: [UInt8]
        do { code = try state.code!.get() } catch { Failure.end("cuda: the kernel \(text.name) cannot be compiled: \(error)") }
        var module: CUHandle?, function: CUHandle?
        context.perform("loading the kernel \(text.name)") { driver in code.withUnsafeBytes { driver.loadModule(&module, $0.baseAddress!) }
        }
        context.perform("loading the kernel \(text.name)") { $0.function(&function, module, text.entry) }
        state.module = UInt(bitPattern: module)
        state.function = UInt(bitPattern: function)
      }
      // More than 48 KiB must be asked for.
      if sharedBytes > max(state.sharedBytes, 48 << 10) {
        context.perform("\(sharedBytes) bytes of shared memory for \(text.name)") {
          $0.setFunctionAttribute(CUHandle(bitPattern: state.function!), 8, Int32(sharedBytes))
        }
        state.sharedBytes = sharedBytes
      }
      return state.function!
    }.handle
  }

  /// Has the kernel run in its turn.
  ///
  /// - Parameters:
  ///   - arguments: the bytes of its one parameter, a struct.
  ///   - stream: the backend's, unless launches are captured.
  func launch(_ grid: Grid, _ arguments: inout LaunchArguments, on stream: CUHandle?) {
    if grid.isEmpty { return }
    if Swift.max(grid.blocks.y, grid.blocks.z) > Grid.mostInRow {
      Failure.end(
        "cuda: \(text.name) needs \(grid.blocks) blocks, and a device takes \(Grid.mostInRow) along its second and third axis; split the tensors"
      )
    }
    let function = function(sharedBytes: grid.sharedBytes)
    context.noteLaunch(of: text.name)
    arguments.withBytes { pointer, count in
      var count = count
      withUnsafeMutablePointer(to: &count) { count in
        // One block of parameters: its address, its length, the end.
        var extra: [UnsafeMutableRawPointer?] = [.init(bitPattern: 1), pointer, .init(bitPattern: 2), UnsafeMutableRawPointer(count), nil]
        context.perform("launching \(text.name)") {
          $0.launch(
            function, UInt32(grid.blocks.x), UInt32(grid.blocks.y), UInt32(grid.blocks.z), UInt32(grid.threads.x), UInt32(grid.threads.y),
            1,
            UInt32(grid.sharedBytes), stream, nil, &extra)
        }
      }
    }
  }
}

extension UInt {
  fileprivate var handle: CUHandle? { CUHandle(bitPattern: self) }
}

/// How many threads run a kernel.
struct Grid: Sendable {
  static let mostInRow = 65_535

  /// Along the second and third axis `mostInRow` at most.
  var blocks: (x: Int, y: Int, z: Int)
  var threads: (x: Int, y: Int)
  /// Bytes of shared memory beside those that the kernel declares.
  var sharedBytes = 0

  init(blocks: (x: Int, y: Int, z: Int), threads: (x: Int, y: Int), sharedBytes: Int = 0) {
    self.blocks = blocks
    self.threads = threads
    self.sharedBytes = sharedBytes
  }

  /// `count` threads in blocks of `block`, the last one filled up.
  init(_ count: Int, by block: Int = 256) { self.init(blocks: ((count + block - 1) / block, 1, 1), threads: (block, 1)) }

  var isEmpty: Bool { blocks.x == 0 || blocks.y == 0 || blocks.z == 0 }
}
