import Foundation

/// An array as a file holds it: its element type, its shape, and its bytes, row-major and little-endian.
///
/// `data` may be a slice of a memory-mapped file: its indices need not start at 0, nor its address be aligned.
public struct HostArray: Sendable, Equatable {
  /// The type of the elements.
  public let dtype: DType
  /// The sizes of the axes.
  public let shape: [Int]
  /// The bytes of the elements.
  public let data: Data

  /// The array of `shape` whose bytes are `data`.
  ///
  /// - Throws: `FileError` if the number of bytes is not that of `shape` and `dtype`, or `shape` has a negative size, more than 64 axes, or overflows.
  public init(dtype: DType, shape: [Int], data: Data) throws {
    let expected = try Self.byteCount(shape, dtype.byteCount, file: "array", field: "shape")
    guard data.count == expected else {
      throw FileError(
        file: "array", field: "data", value: "\(data.count) bytes", advice: "shape \(shape) of \(dtype) takes \(expected)")
    }
    self.dtype = dtype
    self.shape = shape
    self.data = data
  }

  /// The array of these values, of shape `[count]` unless one is given.
  ///
  /// - Throws: `FileError` if `shape` does not hold as many elements.
  public init(_ values: [Float], shape: [Int]? = nil) throws { try self.init(.float32, values, shape) }
  /// An array of these values, of shape `[count]` unless one is given.
  ///
  /// - Throws: `FileError` if `shape` does not hold as many elements.
  public init(_ values: [Double], shape: [Int]? = nil) throws { try self.init(.float64, values, shape) }
  /// An array of these values, of shape `[count]` unless one is given.
  ///
  /// - Throws: `FileError` if `shape` does not hold as many elements.
  public init(_ values: [Int32], shape: [Int]? = nil) throws { try self.init(.int32, values, shape) }
  /// An array of these values, of shape `[count]` unless one is given.
  ///
  /// - Throws: `FileError` if `shape` does not hold as many elements.
  public init(_ values: [Int64], shape: [Int]? = nil) throws { try self.init(.int64, values, shape) }
  /// An array of these values, of shape `[count]` unless one is given.
  ///
  /// - Throws: `FileError` if `shape` does not hold as many elements.
  public init(_ values: [Int], shape: [Int]? = nil) throws { try self.init(.int64, values, shape) }
  /// An array of these values, of shape `[count]` unless one is given.
  ///
  /// - Throws: `FileError` if `shape` does not hold as many elements.
  public init(_ values: [UInt8], shape: [Int]? = nil) throws { try self.init(.uint8, values, shape) }
  /// An array of these values, of shape `[count]` unless one is given.
  ///
  /// - Throws: `FileError` if `shape` does not hold as many elements.
  public init(_ values: [Bool], shape: [Int]? = nil) throws { try self.init(.bool, values, shape) }

  private init<T: BitwiseCopyable>(_ dtype: DType, _ values: [T], _ shape: [Int]?) throws {
    try self.init(dtype: dtype, shape: shape ?? [values.count], data: Data(copying: values))
  }

  /// The number of elements.
  public var count: Int { data.count / dtype.byteCount }

  /// Rows, columns … × bytes of an element; an error if a size is negative, there are more than 64, or the product overflows.
  static func byteCount(_ shape: [Int], _ elementBytes: Int, file: String, field: String) throws -> Int {
    func wrong(_ advice: String) -> FileError {
      FileError(file: file, field: field, value: "(\(shape.prefix(8).map(String.init).joined(separator: ", ")))", advice: advice)
    }
    guard shape.count <= 64 else { throw wrong("\(shape.count) axes: at most 64 are possible") }
    guard shape.allSatisfy({ $0 >= 0 }) else { throw wrong("sizes cannot be negative") }
    // Sizes beside a zero count too, as in NumPy: strides are made of them.
    var product = elementBytes
    for size in shape where size > 0 {
      let (next, overflow) = product.multipliedReportingOverflow(by: size)
      if overflow { throw wrong("that many elements fit in no memory: the file is damaged") }
      product = next
    }
    return shape.contains(0) ? 0 : product
  }
}

// Element conversions.
extension HostArray {
  /// The elements as `Float`, rounded to nearest; false and true are 0 and 1.
  public func floats() -> [Float] {
    switch dtype {
    case .bool: data.mapElements(UInt8.self) { $0 == 0 ? 0 : 1 }
    case .uint8: data.mapElements(UInt8.self) { Float($0) }
    case .int32: data.mapElements(Int32.self) { Float($0) }
    case .int64: data.mapElements(Int64.self) { Float($0) }
    case .float16: data.mapElements(UInt16.self) { Float(Float16(bitPattern: $0)) }
    case .bfloat16: data.mapElements(UInt16.self) { Float(bfloat16Bits: $0) }
    case .float32: data.mapElements(Float.self) { $0 }
    case .float64: data.mapElements(Double.self) { Float($0) }
    }
  }

  /// The elements as `Double`; exact except for int64 beyond 2^53.
  public func doubles() -> [Double] {
    switch dtype {
    case .int32: data.mapElements(Int32.self) { Double($0) }
    case .int64: data.mapElements(Int64.self) { Double($0) }
    case .float64: data.mapElements(Double.self) { $0 }
    case .bool, .uint8, .float16, .bfloat16, .float32: floats().map(Double.init)
    }
  }

  /// The elements as `Int`; errors name `file` and `field`.
  ///
  /// - Throws: `FileError` naming the first element that is not a whole number.
  public func ints(file: String = "array", field: String = "data") throws -> [Int] {
    switch dtype {
    case .bool: return data.mapElements(UInt8.self) { $0 == 0 ? 0 : 1 }
    case .uint8: return data.mapElements(UInt8.self) { Int($0) }
    case .int32: return data.mapElements(Int32.self) { Int($0) }
    case .int64: return data.mapElements(Int64.self) { Int($0) }
    case .float16, .bfloat16, .float32, .float64:
      let values = doubles()
      return try values.indices.map { i in
        guard let value = Int(exactly: values[i]) else {
          throw FileError(file: file, field: "\(field)[\(i)]", value: "\(values[i])", advice: "a whole number is needed here")
        }
        return value
      }
    }
  }

  /// The elements as truth values: whether each differs from 0.
  public func bools() -> [Bool] { dtype == .int64 ? data.mapElements(Int64.self) { $0 != 0 } : doubles().map { $0 != 0 } }

  /// The same values in another type, rounded to nearest, ties to even.
  ///
  /// - Throws: `FileError` naming the first element that an integer type cannot hold.
  public func converted(to target: DType) throws -> HostArray {
    func narrowed<T: FixedWidthInteger & BitwiseCopyable>(_ type: T.Type) throws -> Data {
      let values = try ints()
      return Data(
        copying: try values.indices.map { i in
          guard let value = T(exactly: values[i]) else {
            throw FileError(file: "array", field: "data[\(i)]", value: "\(values[i])", advice: "\(target) cannot hold it")
          }
          return value
        })
    }
    let converted =
      switch target {
      case dtype: data
      case .bool: Data(copying: bools())
      case .uint8: try narrowed(UInt8.self)
      case .int32: try narrowed(Int32.self)
      case .int64: try narrowed(Int64.self)
      case .float16: Data(copying: doubles().map { Float16($0).bitPattern })
      case .bfloat16: Data(copying: floats().map(\.bfloat16Bits))
      case .float32: Data(copying: floats())
      case .float64: Data(copying: doubles())
      }
    return try HostArray(dtype: target, shape: shape, data: converted)
  }
}
