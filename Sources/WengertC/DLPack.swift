import CWengert
import Foundation
@_spi(Backend) import WengertCPU
@_spi(Backend) import WengertNN

extension DType {
  /// The codes of DLPack's DLDataTypeCode.
  private enum Code {
    static let int: UInt8 = 0, uint: UInt8 = 1, float: UInt8 = 2, bfloat: UInt8 = 4, bool: UInt8 = 6
  }

  var dlpack: DLDataType {
    let code =
      switch self {
      case .bool: Code.bool
      case .uint8: Code.uint
      case .int32, .int64: Code.int
      case .float16, .float32, .float64: Code.float
      case .bfloat16: Code.bfloat
      }
    return DLDataType(code: code, bits: UInt8(8 * byteCount), lanes: 1)
  }

  init(_ type: DLDataType) throws {
    let known = DType.allCases.first { dtype in
      let own = dtype.dlpack
      return own.code == type.code && own.bits == type.bits && own.lanes == type.lanes
    }
    guard let known else {
      let codes = ["int", "uint", "float", "handle", "bfloat", "complex", "bool"]
      let code = codes.indices.contains(Int(type.code)) ? codes[Int(type.code)] : "code \(type.code) "
      throw CallError("no tensor has elements of \(code)\(type.bits)\(type.lanes == 1 ? "" : " in \(type.lanes) lanes")")
    }
    self = known
  }
}

extension Tensor {
  /// A tensor of somebody else's: over its memory, where that can be read in place, or else a copy.
  static func lent(_ tensor: DLTensor, _ name: String) throws -> (tensor: Tensor, isCopied: Bool) {
    guard tensor.device.device_type == 1 else {
      throw CallError("argument \(name) is on a device of type \(tensor.device.device_type); only host memory (type 1) is read")
    }
    let dtype = try DType(tensor.dtype), rank = Int(tensor.ndim)
    guard (0...Shape.maximumRank).contains(rank) else {
      throw CallError("argument \(name) has \(rank) axes; there are at most \(Shape.maximumRank)")
    }
    guard rank == 0 || tensor.shape != nil else { throw CallError("argument \(name) has no shape") }
    let extents = (0..<rank).map { Int(tensor.shape[$0]) }
    var count = 1
    for extent in extents {
      let (product, overflows) = count.multipliedReportingOverflow(by: extent)
      guard extent >= 0, !overflows, product <= Int.max / 16 else { throw CallError("argument \(name) has the shape \(extents)") }
      count = product
    }
    let shape = Shape(extents)
    if count == 0 { return (.full(0, shape, dtype: dtype, device: .cpu), false) }
    guard let data = tensor.data, let offset = Int(exactly: tensor.byte_offset) else { throw CallError("argument \(name) has no data") }
    let strides = tensor.strides.map { strides in (0..<rank).map { Int(strides[$0]) } } ?? Array(shape.rowMajorStrides)
    let start = data + offset
    var low = 0, high = 0
    for (extent, stride) in zip(extents, strides) {
      let (reach, overflows) = (extent - 1).multipliedReportingOverflow(by: stride)
      guard !overflows, abs(reach) < Int.max / 64 else { throw CallError("argument \(name) has the strides \(strides)") }
      if reach < 0 { low += reach } else { high += reach }
    }
    let size = dtype.byteCount, isAligned = UInt(bitPattern: start) % UInt(size) == 0
    let isRowMajor = zip(zip(extents, strides), shape.rowMajorStrides).allSatisfy { $0.0 == 1 || $0.1 == $1 }
    if isAligned && isRowMajor {
      let storage = CPUBackend.shared.storage(lent: start, byteCount: count * size)
      return (Tensor(View(storage: storage, layout: Layout(rowMajor: shape), dtype: dtype)), false)
    }
    if isAligned {
      let storage = CPUBackend.shared.storage(lent: start + low * size, byteCount: (high - low + 1) * size)
      let layout = Layout(shape: shape, strides: Shape(strides), offset: -low)
      return (Tensor(View(storage: storage, layout: layout, dtype: dtype)).contiguousCopy, true)
    }
    // Bytes of elements that begin anywhere are first put together.
    let bytes = UnsafeRawBufferPointer(start: start + low * size, count: (high - low + 1) * size)
    let whole = Tensor(bytes: RawSpan(_unsafeBytes: bytes), shape: [high - low + 1], dtype: dtype, device: .cpu)
    let view = whole.view.with(Layout(shape: shape, strides: Shape(strides), offset: -low))
    return (Tensor(view).contiguousCopy, true)
  }

  private var contiguousCopy: Tensor { Tensor(hostArray, device: .cpu) }
}

/// What a result's `manager_ctx` is: the tensor whose memory it is, and the lists that the result points to.
final class SharedResult {
  let tensor: Tensor
  private let numbers: UnsafeMutablePointer<Int64>

  private init(_ tensor: Tensor) {
    self.tensor = tensor
    let rank = tensor.rank
    numbers = .allocate(capacity: max(2 * rank, 1))
    for axis in 0..<rank {
      numbers[axis] = Int64(tensor.shape[axis])
      numbers[rank + axis] = Int64(tensor.strides[axis])
    }
  }

  deinit { numbers.deallocate() }

  /// A tensor as DLPack hands it over; its deleter gives it back.
  static func handOver(_ tensor: Tensor) -> UnsafeMutablePointer<DLManagedTensor> {
    let shared = SharedResult(tensor), view = tensor.view
    let data = CPUBackend.shared.address(of: view.storage) + view.layout.offset * view.dtype.byteCount
    let managed = UnsafeMutablePointer<DLManagedTensor>.allocate(capacity: 1)
    managed.initialize(
      to: DLManagedTensor(
        dl_tensor: DLTensor(
          data: data, device: DLDevice(device_type: 1, device_id: 0), ndim: Int32(tensor.rank), dtype: tensor.dtype.dlpack,
          shape: shared.numbers, strides: shared.numbers + tensor.rank, byte_offset: 0),
        manager_ctx: Unmanaged.passRetained(shared).toOpaque(), deleter: deleter))
    return managed
  }

  /// By which a result of ours is known.
  static let deleter: @convention(c) (UnsafeMutablePointer<DLManagedTensor>?) -> Void = { managed in
    guard let managed, let context = managed.pointee.manager_ctx else { return }
    Unmanaged<SharedResult>.fromOpaque(context).release()
    managed.deallocate()
  }

  static func of(_ managed: UnsafePointer<DLManagedTensor>?) -> SharedResult? {
    guard let managed, let context = managed.pointee.manager_ctx,
      unsafeBitCast(managed.pointee.deleter, to: Int.self) == unsafeBitCast(deleter, to: Int.self)
    else { return nil }
    return Unmanaged<SharedResult>.fromOpaque(context).takeUnretainedValue()
  }
}
