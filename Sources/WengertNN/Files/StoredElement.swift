import Foundation

/// An element type as files store it; those that are not a `DType` are widened to the next one that holds every value.
enum StoredElement {
  case bool, uint8, int8, uint16, int16, uint32, int32, uint64, int64, float16, bfloat16, float32, float64

  var byteCount: Int {
    switch self {
    case .bool, .uint8, .int8: 1
    case .uint16, .int16, .float16, .bfloat16: 2
    case .uint32, .int32, .float32: 4
    case .uint64, .int64, .float64: 8
    }
  }

  /// The type the elements have once read.
  var dtype: DType {
    switch self {
    case .bool: .bool
    case .uint8: .uint8
    case .int8, .int16, .uint16, .int32: .int32
    case .uint32, .int64, .uint64: .int64
    case .float16: .float16
    case .bfloat16: .bfloat16
    case .float32: .float32
    case .float64: .float64
    }
  }

  /// The elements as little-endian `dtype`: `data` itself if it is that already.
  func decode(_ data: Data, bigEndian: Bool, file: String, field: String) throws -> Data {
    let data = bigEndian && byteCount > 1 ? swapped(data) : data
    switch self {
    case .int8: return widen(data, Int8.self, Int32.self)
    case .int16: return widen(data, Int16.self, Int32.self)
    case .uint16: return widen(data, UInt16.self, Int32.self)
    case .uint32: return widen(data, UInt32.self, Int64.self)
    case .uint64:
      // The bits are those of int64 as long as the top one is clear.
      try data.withUnsafeBytes { bytes in
        for i in 0..<bytes.count / 8 {
          let value = bytes.loadUnaligned(fromByteOffset: i * 8, as: UInt64.self)
          guard value <= UInt64(Int64.max) else {
            throw FileError(
              file: file, field: "\(field)[\(i)]", value: "\(value)", advice: "uint64 values above 2^63 - 1 cannot be held: store int64")
          }
        }
      }
      return data
    default: return data
    }
  }

  private func widen<From, To>(_ data: Data, _ from: From.Type, _ to: To.Type) -> Data
  where From: FixedWidthInteger & BitwiseCopyable, To: FixedWidthInteger & BitwiseCopyable {
    Data(copying: data.mapElements(from) { To($0) })
  }

  private func swapped(_ data: Data) -> Data {
    switch byteCount {
    case 2: Data(copying: data.mapElements(UInt16.self) { $0.byteSwapped })
    case 4: Data(copying: data.mapElements(UInt32.self) { $0.byteSwapped })
    default: Data(copying: data.mapElements(UInt64.self) { $0.byteSwapped })
    }
  }
}

extension Data {
  /// The bytes as elements of `Element`, at any alignment, each sent through `transform`.
  func mapElements<Element: BitwiseCopyable, Result>(
    _ type: Element.Type, _ transform: (Element) throws -> Result
  ) rethrows -> [Result] {
    try withUnsafeBytes { bytes in
      let stride = MemoryLayout<Element>.stride
      let count = bytes.count / stride
      if count == 0 { return [] }
      return try [Result](unsafeUninitializedCapacity: count) { result, filled in
        while filled < count {
          let element = bytes.loadUnaligned(fromByteOffset: filled * stride, as: Element.self)
          result.initializeElement(at: filled, to: try transform(element))
          filled += 1
        }
      }
    }
  }

  /// The memory of an array of plain values.
  init<Element: BitwiseCopyable>(copying values: [Element]) {
    self = values.withUnsafeBytes { Data($0) }
  }
}
