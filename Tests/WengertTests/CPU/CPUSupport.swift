import Testing
@_spi(Backend) import Wengert
@_spi(Backend) import WengertCPU
@_spi(Backend) import WengertTestSupport

extension SplitMix64 {
  /// Each case has numbers of its own.
  init(_ number: Int) { self.init(seed: UInt64(number) &* 0x9E37_79B9_7F4A_7C15) }

  mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }
}

extension Shape {
  /// Every index, row-major.
  var everyIndex: [Shape] {
    (0..<elementCount).map { flat in
      var rest = flat
      var index = self
      for axis in indices.reversed() {
        index[axis] = rest % self[axis]
        rest /= self[axis]
      }
      return index
    }
  }
}

/// How a test's view lies in memory.
enum Lie: CaseIterable {
  case contiguous, transposed, sliced, reversed, gapped
}

extension View {
  /// A view of this shape, filled with the row-major `values`.
  init(_ values: [Double], _ shape: Shape, _ dtype: DType, _ lie: Lie = .contiguous) {
    let rank = shape.rank
    var layout: Layout
    switch lie {
    case .contiguous:
      layout = Layout(rowMajor: shape)
    case .transposed:
      let order = Shape(shape.indices.reversed())
      layout = Layout(rowMajor: Shape(order.map { shape[$0] })).permuted(order)
    case .sliced:
      layout = Layout(rowMajor: Shape(shape.map { 2 * $0 + 1 }))
        .sliced(starts: Shape(repeating: 1, count: rank), steps: Shape(repeating: 2, count: rank), counts: shape)
    case .reversed:
      layout = Layout(rowMajor: shape)
        .sliced(starts: Shape(shape.map { max(0, $0 - 1) }), steps: Shape(repeating: -1, count: rank), counts: shape)
    case .gapped:
      layout = Layout(rowMajor: Shape(shape.map { $0 + 3 }))
      layout.shape = shape
      layout.offset += 1
    }
    let byteCount = ((layout.extent?.upperBound ?? 0) + 1) * dtype.byteCount
    self.init(storage: CPUBackend.shared.allocate(byteCount: byteCount), layout: layout, dtype: dtype)
    precondition(isInBounds)
    for (index, value) in zip(shape.everyIndex, values) { self[index] = value }
  }

  static func random(_ shape: Shape, _ dtype: DType, _ lie: Lie = .contiguous, _ numbers: inout SplitMix64) -> View {
    let values = (0..<shape.elementCount).map { _ in
      switch dtype {
      case .bool: Double(numbers.below(2))
      case .uint8: Double(numbers.below(20))
      case .int32, .int64: Double(numbers.below(200) - 100)
      default: numbers.unit() * 2 - 1
      }
    }
    return View(values, shape, dtype, lie)
  }

  /// One element, as a double.
  subscript(_ index: Shape) -> Double {
    get {
      let place = (layout.offset + zip(index, layout.strides).reduce(0) { $0 + $1.0 * $1.1 }) * dtype.byteCount
      return CPUBackend.shared.withBytes(of: storage) { bytes in
        switch dtype {
        case .bool, .uint8: Double(bytes.unsafeLoadUnaligned(fromByteOffset: place, as: UInt8.self))
        case .int32: Double(bytes.unsafeLoadUnaligned(fromByteOffset: place, as: Int32.self))
        case .int64: Double(bytes.unsafeLoadUnaligned(fromByteOffset: place, as: Int64.self))
        case .float16: Double(bytes.unsafeLoadUnaligned(fromByteOffset: place, as: Float16.self))
        case .bfloat16: Double(Float(bitPattern: UInt32(bytes.unsafeLoadUnaligned(fromByteOffset: place, as: UInt16.self)) << 16))
        case .float32: Double(bytes.unsafeLoadUnaligned(fromByteOffset: place, as: Float.self))
        case .float64: bytes.unsafeLoadUnaligned(fromByteOffset: place, as: Double.self)
        }
      }
    }
    nonmutating set {
      let place = (layout.offset + zip(index, layout.strides).reduce(0) { $0 + $1.0 * $1.1 }) * dtype.byteCount
      func put<Value: BitwiseCopyable>(_ value: Value) {
        withUnsafeBytes(of: value) {
          CPUBackend.shared.write(RawSpan(_unsafeBytes: $0), to: storage, at: place)
        }
      }
      switch dtype {
      case .bool, .uint8: put(UInt8(newValue))
      case .int32: put(Int32(newValue))
      case .int64: put(Int64(newValue))
      case .float16: put(Float16(newValue))
      case .bfloat16: put(UInt16(truncatingIfNeeded: Float(newValue).bitPattern >> 16))
      case .float32: put(Float(newValue))
      case .float64: put(newValue)
      }
    }
  }

  var values: [Double] { shape.everyIndex.map { self[$0] } }
}

/// Wraps a whole number as the dtype does.
func wrapped(_ value: Double, _ dtype: DType) -> Double {
  switch dtype {
  case .bool: value == 0 ? 0 : 1
  case .uint8: Double(UInt8(truncatingIfNeeded: Int(value)))
  case .int32: Double(Int32(truncatingIfNeeded: Int(value)))
  default: value
  }
}

/// Relative rounding error of a dtype.
func epsilon(_ dtype: DType) -> Double {
  switch dtype {
  case .float16: 0x1p-10
  case .bfloat16: 0x1p-7
  case .float32: 0x1p-22
  case .float64: 0x1p-50
  default: 0
  }
}

func expectClose(_ view: View, _ expected: [Double], _ tolerance: Double, _ note: String = "") {
  let values = view.values
  #expect(values.count == expected.count)
  if let i = values.indices.first(where: { !(abs(values[$0] - expected[$0]) <= tolerance) }) {
    Issue.record("element \(i) of \(values.count) is \(values[i]), expected \(expected[i]) ± \(tolerance) \(note)")
  }
}
