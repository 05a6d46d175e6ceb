import Foundation

/// An element type of GGUF: its number in files, its name, and how many bytes a block of so many elements takes.
struct GGUFType: Sendable {
  let name: String
  let blockSize: Int
  let byteCount: Int
  private let reading: Reading?

  private enum Reading: Sendable {
    case plain(StoredElement)
    case blocks(@Sendable (_ block: UnsafeRawBufferPointer, _ place: Int, _ result: UnsafeMutableBufferPointer<Float>) -> Void)
  }

  /// The type that elements have once they are read; nil for one that cannot be read.
  var dtype: DType? {
    switch reading {
    case .plain(let element): element.dtype
    case .blocks: .float32
    case nil: nil
    }
  }

  /// The elements as little-endian `dtype`; a type that cannot be read gives nothing.
  func decode(_ data: Data, file: String, field: String) throws -> Data {
    switch reading {
    case .plain(let element): return try element.decode(data, bigEndian: false, file: file, field: field)
    case .blocks(let expand):
      let blocks = data.count / byteCount
      if blocks == 0 { return Data() }
      let values = data.withUnsafeBytes { bytes in
        [Float](unsafeUninitializedCapacity: blocks * blockSize) { result, count in
          for number in 0..<blocks {
            let block = UnsafeRawBufferPointer(rebasing: bytes[number * byteCount..<(number + 1) * byteCount])
            expand(block, number * blockSize, result)
          }
          count = blocks * blockSize
        }
      }
      return Data(copying: values)
    case nil: return Data()
    }
  }

  /// The type of this number in files; nil if it is not known.
  init?(_ number: UInt32) {
    guard let type = Self.all[number] else { return nil }
    self = type
  }

  private init(_ name: String, _ blockSize: Int, _ byteCount: Int, _ reading: Reading? = nil) {
    (self.name, self.blockSize, self.byteCount, self.reading) = (name, blockSize, byteCount, reading)
  }

  /// The names of the types that can be read.
  static let readable = all.sorted { $0.key < $1.key }.filter { $0.value.reading != nil }.map(\.value.name).joined(separator: ", ")

  private static let all: [UInt32: GGUFType] = [
    0: .init("F32", 1, 4, .plain(.float32)), 1: .init("F16", 1, 2, .plain(.float16)),
    2: .init("Q4_0", 32, 18, .blocks { small($0, $1, $2, hasMinimum: false, hasHighBits: false) }),
    3: .init("Q4_1", 32, 20, .blocks { small($0, $1, $2, hasMinimum: true, hasHighBits: false) }),
    6: .init("Q5_0", 32, 22, .blocks { small($0, $1, $2, hasMinimum: false, hasHighBits: true) }),
    7: .init("Q5_1", 32, 24, .blocks { small($0, $1, $2, hasMinimum: true, hasHighBits: true) }),
    8: .init("Q8_0", 32, 34, .blocks(bytes)), 9: .init("Q8_1", 32, 40), 10: .init("Q2_K", 256, 84), 11: .init("Q3_K", 256, 110),
    12: .init("Q4_K", 256, 144, .blocks(fourBits)), 13: .init("Q5_K", 256, 176), 14: .init("Q6_K", 256, 210, .blocks(sixBits)),
    15: .init("Q8_K", 256, 292), 16: .init("IQ2_XXS", 256, 66), 17: .init("IQ2_XS", 256, 74), 18: .init("IQ3_XXS", 256, 98),
    19: .init("IQ1_S", 256, 50), 20: .init("IQ4_NL", 32, 18), 21: .init("IQ3_S", 256, 110), 22: .init("IQ2_S", 256, 82),
    23: .init("IQ4_XS", 256, 136), 24: .init("I8", 1, 1, .plain(.int8)), 25: .init("I16", 1, 2, .plain(.int16)),
    26: .init("I32", 1, 4, .plain(.int32)), 27: .init("I64", 1, 8, .plain(.int64)), 28: .init("F64", 1, 8, .plain(.float64)),
    29: .init("IQ1_M", 256, 56), 30: .init("BF16", 1, 2, .plain(.bfloat16)), 34: .init("TQ1_0", 256, 54), 35: .init("TQ2_0", 256, 66),
    39: .init("MXFP4", 32, 17), 40: .init("NVFP4", 64, 36), 41: .init("Q1_0", 128, 18),
  ]

  // MARK: Blocks

  private static func half(_ block: UnsafeRawBufferPointer, _ offset: Int) -> Float {
    Float(Float16(bitPattern: UInt16(block[offset]) | UInt16(block[offset + 1]) << 8))
  }

  /// Blocks of 32: the scale d, with a minimum m, fifth bits of all elements, and two elements in each of 16 bytes, number i and number i + 16. An element is d · (q − 8), with fifth bits
  /// d · (q − 16), or d · q + m.
  private static func small(
    _ block: UnsafeRawBufferPointer, _ place: Int, _ result: UnsafeMutableBufferPointer<Float>, hasMinimum: Bool, hasHighBits: Bool
  ) {
    let scale = half(block, 0), minimum = hasMinimum ? half(block, 2) : 0
    let bits = hasMinimum ? 4 : 2, low = bits + (hasHighBits ? 4 : 0), middle = hasMinimum ? 0 : hasHighBits ? 16 : 8
    func element(_ number: Int, _ value: UInt8) {
      var q = Int(value)
      if hasHighBits { q |= Int(block[bits + number / 8] >> UInt8(number % 8) & 1) << 4 }
      let scaled = scale * Float(q - middle)
      result[place + number] = hasMinimum ? scaled + minimum : scaled
    }
    for i in 0..<16 {
      element(i, block[low + i] & 15)
      element(i + 16, block[low + i] >> 4)
    }
  }

  /// Q8_0, blocks of 32: the scale d and a byte with a sign for each element, d · q.
  private static func bytes(_ block: UnsafeRawBufferPointer, _ place: Int, _ result: UnsafeMutableBufferPointer<Float>) {
    let scale = half(block, 0)
    for i in 0..<32 { result[place + i] = scale * Float(Int8(bitPattern: block[2 + i])) }
  }

  /// Q4_K, 8 parts of 32: d and e, for each part a scale s and a minimum m of six bits, and two parts in each of 4 × 32 bytes. An element is d · s · q − e · m.
  private static func fourBits(_ block: UnsafeRawBufferPointer, _ place: Int, _ result: UnsafeMutableBufferPointer<Float>) {
    let d = half(block, 0), e = half(block, 2)
    for part in 0..<8 {
      let scale: UInt8, minimum: UInt8
      if part < 4 {
        (scale, minimum) = (block[4 + part] & 63, block[8 + part] & 63)
      } else {
        // Four bits of both are in the last four bytes, their upper two those of the first eight that the parts before leave.
        let both = block[8 + part]
        (scale, minimum) = (both & 15 | block[part] >> 2 & 48, both >> 4 | block[4 + part] >> 2 & 48)
      }
      let factor = d * Float(scale), offset = e * Float(minimum), first = 16 + part / 2 * 32
      for i in 0..<32 {
        let byte = block[first + i]
        result[place + part * 32 + i] = factor * Float(part % 2 == 0 ? byte & 15 : byte >> 4) - offset
      }
    }
  }

  /// Q6_K, 16 parts of 16: four lower bits of each element, two upper ones, a scale s with a sign for each part, and d. An element is d · s · (q − 32).
  private static func sixBits(_ block: UnsafeRawBufferPointer, _ place: Int, _ result: UnsafeMutableBufferPointer<Float>) {
    let d = half(block, 208)
    for number in 0..<256 {
      // In each half of 128, four times 32 elements share their bytes: two of the lower bits, all four of the upper ones.
      let (half, quarter, i) = (number / 128, number % 128 / 32, number % 32)
      let low = block[half * 64 + quarter % 2 * 32 + i] >> UInt8(quarter / 2 * 4) & 15
      let high = block[128 + half * 32 + i] >> UInt8(quarter * 2) & 3
      let factor = d * Float(Int8(bitPattern: block[192 + number / 16]))
      result[place + number] = factor * Float(Int(low | high << 4) - 32)
    }
  }
}
