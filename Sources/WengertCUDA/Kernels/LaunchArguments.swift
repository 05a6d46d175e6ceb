@_spi(Backend) import WengertCore

/// The struct that a kernel gets as its one parameter, field by field as C lays it out.
struct LaunchArguments: Sendable {
  private var bytes: [UInt8] = []
  /// Addresses that are known only when the kernel is launched: where they stand, and of what.
  private var views: [(place: Int, view: View)] = []

  /// The device's limit.
  static let largest = 4096

  mutating func append<Value: BitwiseCopyable>(_ value: Value) {
    align(MemoryLayout<Value>.alignment)
    withUnsafeBytes(of: value) { bytes.append(contentsOf: $0) }
  }

  /// The address that a view's first element has at each launch.
  mutating func append(_ view: View) {
    align(8)
    views.append((bytes.count, view))
    append(0 as CUAddress)
  }

  /// A number as an element of the type in which kernels calculate with `dtype`.
  mutating func append(_ number: Double, as dtype: DType) {
    switch dtype.computeType {
    case .float32: append(Float(number))
    case .float64: append(number)
    case .int64: append(Int64(clamping: number))
    default: append(Int32(truncatingIfNeeded: Int64(clamping: number)))
    }
  }

  private mutating func align(_ alignment: Int) {
    while bytes.count % alignment != 0 { bytes.append(0) }
  }

  /// Whether a view, by its number among those of the struct, begins at a multiple of `alignment` bytes now.
  func isAligned(_ number: Int, to alignment: Int) -> Bool { Int(truncatingIfNeeded: views[number].view.deviceAddress) % alignment == 0 }

  /// Lends the bytes with the addresses of now.
  mutating func withBytes(_ body: (UnsafeMutableRawPointer, Int) -> Void) {
    // As long as the struct: it has addresses, which are its widest fields.
    align(8)
    ensure(bytes.count <= LaunchArguments.largest, "a kernel with \(bytes.count) bytes of parameters")
    let addresses = views.map(\.view.deviceAddress)
    bytes.withUnsafeMutableBytes { buffer in
      for (number, address) in addresses.enumerated() {
        buffer.storeBytes(of: address, toByteOffset: views[number].place, as: CUAddress.self)
      }
      body(buffer.baseAddress!, buffer.count)
    }
  }
}

extension Int64 {
  /// The nearest whole number towards zero; the least or the greatest for those beyond, zero for NaN.
  init(clamping number: Double) {
    let cut = number.rounded(.towardZero)
    self = Int64(exactly: cut) ?? (cut > 0 ? .max : cut < 0 ? .min : 0)
  }
}
