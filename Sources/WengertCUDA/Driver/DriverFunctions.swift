@_spi(Backend) import WengertCore

// The driver's handles and numbers, as its interface fixes them.
typealias CUStatus = Int32
typealias CUHandle = OpaquePointer
typealias CUAddress = UInt64

/// The functions of the CUDA driver (`libcuda.so.1`), found by name.
///
/// Each returns zero or the number of an error. Names are the driver's, without their prefix.
struct DriverFunctions: Sendable {
  typealias Out<Value> = UnsafeMutablePointer<Value>

  let initialize: @convention(c) (UInt32) -> CUStatus
  let driverVersion: @convention(c) (Out<Int32>) -> CUStatus
  let errorName: @convention(c) (CUStatus, Out<UnsafePointer<CChar>?>) -> CUStatus
  let errorString: @convention(c) (CUStatus, Out<UnsafePointer<CChar>?>) -> CUStatus

  let deviceCount: @convention(c) (Out<Int32>) -> CUStatus
  let device: @convention(c) (Out<Int32>, Int32) -> CUStatus
  let deviceName: @convention(c) (Out<CChar>, Int32, Int32) -> CUStatus
  let deviceAttribute: @convention(c) (Out<Int32>, Int32, Int32) -> CUStatus
  let deviceMemory: @convention(c) (Out<Int>, Int32) -> CUStatus
  let retainContext: @convention(c) (Out<CUHandle?>, Int32) -> CUStatus
  let setContext: @convention(c) (CUHandle?) -> CUStatus

  let createStream: @convention(c) (Out<CUHandle?>, UInt32) -> CUStatus
  let synchronizeStream: @convention(c) (CUHandle?) -> CUStatus
  let createEvent: @convention(c) (Out<CUHandle?>, UInt32) -> CUStatus
  let recordEvent: @convention(c) (CUHandle?, CUHandle?) -> CUStatus
  let synchronizeEvent: @convention(c) (CUHandle?) -> CUStatus
  let destroyEvent: @convention(c) (CUHandle?) -> CUStatus

  let allocate: @convention(c) (Out<CUAddress>, Int, CUHandle?) -> CUStatus
  let free: @convention(c) (CUAddress, CUHandle?) -> CUStatus
  let defaultPool: @convention(c) (Out<CUHandle?>, Int32) -> CUStatus
  let setPoolAttribute: @convention(c) (CUHandle?, Int32, UnsafeMutableRawPointer) -> CUStatus
  let poolAttribute: @convention(c) (CUHandle?, Int32, UnsafeMutableRawPointer) -> CUStatus
  let trimPool: @convention(c) (CUHandle?, Int) -> CUStatus
  let allocateHost: @convention(c) (Out<UnsafeMutableRawPointer?>, Int, UInt32) -> CUStatus
  let freeHost: @convention(c) (UnsafeMutableRawPointer?) -> CUStatus
  let addressOfHost: @convention(c) (Out<CUAddress>, UnsafeMutableRawPointer?, UInt32) -> CUStatus

  let copyToDevice: @convention(c) (CUAddress, UnsafeRawPointer?, Int, CUHandle?) -> CUStatus
  let copyOnDevice: @convention(c) (CUAddress, CUAddress, Int, CUHandle?) -> CUStatus
  let copyToHost: @convention(c) (UnsafeMutableRawPointer?, CUAddress, Int, CUHandle?) -> CUStatus

  let loadModule: @convention(c) (Out<CUHandle?>, UnsafeRawPointer) -> CUStatus
  let unloadModule: @convention(c) (CUHandle?) -> CUStatus
  let function: @convention(c) (Out<CUHandle?>, CUHandle?, UnsafePointer<CChar>) -> CUStatus
  let setFunctionAttribute: @convention(c) (CUHandle?, Int32, Int32) -> CUStatus
  let launch:
    @convention(c) (
      CUHandle?, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, CUHandle?, Out<UnsafeMutableRawPointer?>?,
      Out<UnsafeMutableRawPointer?>?
    ) -> CUStatus

  let beginCapture: @convention(c) (CUHandle?, Int32) -> CUStatus
  let endCapture: @convention(c) (CUHandle?, Out<CUHandle?>) -> CUStatus
  let makeGraph: @convention(c) (Out<CUHandle?>, CUHandle?, UInt64) -> CUStatus
  let launchGraph: @convention(c) (CUHandle?, CUHandle?) -> CUStatus
  let destroyGraph: @convention(c) (CUHandle?) -> CUStatus
  let destroyRecording: @convention(c) (CUHandle?) -> CUStatus

  init(_ library: DynamicLibrary) throws(DeviceUnavailable) {
    initialize = try library.function("cuInit")
    driverVersion = try library.function("cuDriverGetVersion")
    errorName = try library.function("cuGetErrorName")
    errorString = try library.function("cuGetErrorString")
    deviceCount = try library.function("cuDeviceGetCount")
    device = try library.function("cuDeviceGet")
    deviceName = try library.function("cuDeviceGetName")
    deviceAttribute = try library.function("cuDeviceGetAttribute")
    deviceMemory = try library.function("cuDeviceTotalMem_v2")
    retainContext = try library.function("cuDevicePrimaryCtxRetain")
    setContext = try library.function("cuCtxSetCurrent")
    createStream = try library.function("cuStreamCreate")
    synchronizeStream = try library.function("cuStreamSynchronize")
    createEvent = try library.function("cuEventCreate")
    recordEvent = try library.function("cuEventRecord")
    synchronizeEvent = try library.function("cuEventSynchronize")
    destroyEvent = try library.function("cuEventDestroy_v2")
    allocate = try library.function("cuMemAllocAsync")
    free = try library.function("cuMemFreeAsync")
    defaultPool = try library.function("cuDeviceGetDefaultMemPool")
    setPoolAttribute = try library.function("cuMemPoolSetAttribute")
    poolAttribute = try library.function("cuMemPoolGetAttribute")
    trimPool = try library.function("cuMemPoolTrimTo")
    allocateHost = try library.function("cuMemHostAlloc")
    freeHost = try library.function("cuMemFreeHost")
    addressOfHost = try library.function("cuMemHostGetDevicePointer_v2")
    copyToDevice = try library.function("cuMemcpyHtoDAsync_v2")
    copyOnDevice = try library.function("cuMemcpyDtoDAsync_v2")
    copyToHost = try library.function("cuMemcpyDtoHAsync_v2")
    loadModule = try library.function("cuModuleLoadData")
    unloadModule = try library.function("cuModuleUnload")
    function = try library.function("cuModuleGetFunction")
    setFunctionAttribute = try library.function("cuFuncSetAttribute")
    launch = try library.function("cuLaunchKernel")
    beginCapture = try library.function("cuStreamBeginCapture_v2")
    endCapture = try library.function("cuStreamEndCapture")
    makeGraph = try library.function("cuGraphInstantiateWithFlags")
    launchGraph = try library.function("cuGraphLaunch")
    destroyGraph = try library.function("cuGraphExecDestroy")
    destroyRecording = try library.function("cuGraphDestroy")
  }
}
