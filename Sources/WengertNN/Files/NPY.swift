import Foundation

/// NumPy's `.npy` files: one array each.
///
/// ```swift
/// try NPY.write(HostArray([1.5, 2.5]), to: file)
/// let array = try NPY.read(file)  // float64, of shape [2]
/// ```
public enum NPY {
  /// The array in the file at `url`; its bytes stay memory-mapped if they need no conversion.
  ///
  /// - Throws: `FileError` if the file cannot be read, is damaged, or holds elements of another kind.
  public static func read(_ url: URL) throws -> HostArray { try read(mapFile(url), file: url.path) }

  /// The array in `data`, the content of an `.npy` file of version 1, 2 or 3.
  ///
  /// Fortran order becomes row-major and big endian little endian. int8, int16 and uint16 become int32, uint32 and uint64
  /// int64. Objects, records, complex numbers, dates and texts (see `readText`) are errors.
  /// - Parameters:
  ///   - data: the content of a file.
  ///   - file: the name that errors give.
  /// - Throws: `FileError` if the header or the number of bytes is wrong, or the elements are of another kind.
  public static func read(_ data: Data, file: String = "npy data") throws -> HostArray {
    let (header, end) = try NPYHeader.read(data, file: file)
    let (element, bigEndian) = try element(header.descr, file: file)
    let bytes = try body(data, from: end, header, elementBytes: element.byteCount, file: file)
    let decoded = try element.decode(bytes, bigEndian: bigEndian, file: file, field: "data")
    let ordered =
      header.isFortranOrder && header.shape.count > 1
      ? rowMajor(decoded, shape: header.shape, elementBytes: element.dtype.byteCount) : decoded
    return try HostArray(dtype: element.dtype, shape: header.shape, data: ordered)
  }

  /// The text in `data`, an `.npy` file that holds one string of bytes (`S`, taken as UTF-8) or of characters (`U`).
  ///
  /// - Throws: `FileError` if the data is not one text, or the text is not valid Unicode.
  public static func readText(_ data: Data, file: String = "npy data") throws -> String {
    let (header, end) = try NPYHeader.read(data, file: file)
    var descr = Substring(header.descr)
    let bigEndian = descr.first == ">"
    if let first = descr.first, "<>|=".contains(first) { descr.removeFirst() }
    let isWide = descr.first == "U"
    guard isWide || descr.first == "S", let length = Int(descr.dropFirst()), length >= 0, length <= data.count else {
      throw FileError(file: file, field: "descr", value: header.descr, advice: "one text (S or U) is expected")
    }
    let bytes = try body(data, from: end, header, elementBytes: isWide ? length * 4 : length, file: file)
    guard header.shape.allSatisfy({ $0 == 1 }) else {
      throw FileError(file: file, field: "shape", value: "\(header.shape)", advice: "one text is expected, not an array of them")
    }
    let text: String?
    if isWide {
      let scalars = bytes.mapElements(UInt32.self) { Unicode.Scalar(bigEndian ? $0.byteSwapped : $0) }
      text = scalars.contains(nil) ? nil : String(String.UnicodeScalarView(scalars.compactMap { $0 }))
    } else {
      text = String(data: bytes, encoding: .utf8)
    }
    guard let text else {
      throw FileError(file: file, field: "data", value: "\(Array(bytes.prefix(16)))", advice: "not a text in Unicode")
    }
    // NumPy fills texts up with NUL.
    return String(text.unicodeScalars.reversed().drop { $0.value == 0 }.reversed().map(Character.init))
  }

  /// `array` as an `.npy` file, version 1; bfloat16, which NumPy lacks, becomes float32.
  ///
  /// - Throws: `FileError` if the array cannot be converted.
  public static func encode(_ array: HostArray) throws -> Data {
    let array = array.dtype == .bfloat16 ? try array.converted(to: .float32) : array
    return NPYHeader(descr: descr(array.dtype), shape: array.shape).encoded() + array.data
  }

  /// `text` as an `.npy` file that holds one string of bytes, NumPy's type `S`.
  static func encode(text: String) -> Data {
    NPYHeader(descr: "|S\(max(text.utf8.count, 1))", shape: []).encoded() + (text.isEmpty ? Data([0]) : Data(text.utf8))
  }

  /// Writes `array` to the file at `url`, aside and then renamed into place; bfloat16 becomes float32.
  ///
  /// - Throws: `FileError` if the file cannot be written.
  public static func write(_ array: HostArray, to url: URL) throws {
    let array = array.dtype == .bfloat16 ? try array.converted(to: .float32) : array
    let output = try FileBeingWritten(url)
    try output.append(NPYHeader(descr: descr(array.dtype), shape: array.shape).encoded())
    try output.append(array.data)
    try output.commit()
  }

  /// NumPy's name of a type.
  static func descr(_ dtype: DType) -> String {
    switch dtype {
    case .bool: "|b1"
    case .uint8: "|u1"
    case .int32: "<i4"
    case .int64: "<i8"
    case .float16: "<f2"
    case .bfloat16, .float32: "<f4"
    case .float64: "<f8"
    }
  }

  private static func element(_ descr: String, file: String) throws -> (StoredElement, bigEndian: Bool) {
    var name = Substring(descr)
    let order = name.first.flatMap { "<>|=".contains($0) ? name.removeFirst() : nil }
    let element: StoredElement? =
      switch name {
      case "b1", "?": .bool
      case "u1", "B": .uint8
      case "i1", "b": .int8
      case "u2": .uint16
      case "i2": .int16
      case "u4": .uint32
      case "i4": .int32
      case "u8": .uint64
      case "i8": .int64
      case "f2": .float16
      case "f4": .float32
      case "f8": .float64
      default: nil
      }
    guard let element else {
      throw FileError(
        file: file, field: "descr", value: descr, advice: "save the array as bool, integers or floats of at most 64 bits")
    }
    return (element, order == ">")
  }

  private static func body(_ data: Data, from start: Int, _ header: NPYHeader, elementBytes: Int, file: String) throws -> Data {
    let expected = try HostArray.byteCount(header.shape, elementBytes, file: file, field: "shape")
    guard data.count - start == expected else {
      throw FileError(
        file: file, field: "data", value: "\(data.count - start) bytes",
        advice: "shape (\(header.shape.map(String.init).joined(separator: ", "))) of \(header.descr) takes \(expected): the file is damaged"
      )
    }
    return data.dropFirst(start)
  }

  /// The elements of a column-major array in row-major order.
  private static func rowMajor(_ data: Data, shape: [Int], elementBytes: Int) -> Data {
    func permuted<T: BitwiseCopyable>(_ type: T.Type) -> Data {
      let source = data.mapElements(type) { $0 }
      var strides: [Int] = []
      var stride = 1
      for size in shape {
        strides.append(stride)
        stride *= size
      }
      var index = [Int](repeating: 0, count: shape.count)
      var offset = 0
      return Data(
        copying: source.indices.map { _ in
          let value = source[offset]
          var axis = shape.count - 1
          while axis >= 0 {
            index[axis] += 1
            offset += strides[axis]
            if index[axis] < shape[axis] { break }
            offset -= strides[axis] * shape[axis]
            index[axis] = 0
            axis -= 1
          }
          return value
        })
    }
    return switch elementBytes {
    case 1: permuted(UInt8.self)
    case 2: permuted(UInt16.self)
    case 4: permuted(UInt32.self)
    default: permuted(UInt64.self)
    }
  }
}
