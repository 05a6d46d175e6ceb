import Foundation

/// A file of tensors by name that PyTorch's `torch.save` has written, `pytorch_model.bin` for instance: a ZIP with a pickle and the tensors' bytes, memory-mapped.
///
/// A pickle is a program. This one is read and not run: `PickleReader` knows the few steps that a dictionary of tensors takes, and refuses every other by name.
///
/// ```swift
/// let file = try TorchFile(contentsOf: url)  // of a linear layer: its names are weight and bias
/// let weight = try file.array("weight")  // float32, [outputs, inputs]
/// ```
public struct TorchFile: Sendable {
  /// The tensors' names, in the file's order.
  public let names: [String]
  /// The path of the file, for errors.
  public let file: String
  private let archive: ZipReader
  private let entries: [String: TorchTensor]
  private let members: [String: ZipReader.Member]

  /// Opens the file at `url`, memory-mapped.
  ///
  /// - Throws: `FileError` if the file cannot be read, or is not a dictionary of tensors as `torch.save` writes it since PyTorch 1.6.
  public init(contentsOf url: URL) throws { try self.init(mapFile(url), file: url.path) }

  /// The file whose content is `data`.
  /// - Parameters:
  ///   - data: the content of a file.
  ///   - file: the name that errors give.
  /// - Throws: `FileError` if the data is not a dictionary of tensors as `torch.save` writes it since PyTorch 1.6.
  public init(_ data: Data, file: String = "torch data") throws { try self.init(data, file: file, replacing: nil) }

  /// The same with another pickle, for tests of what its checksum would hide.
  init(_ data: Data, file: String = "torch data", replacing pickle: Data?) throws {
    let replacement = pickle
    self.file = file
    guard data.starts(with: [0x50, 0x4b]) else {
      let isOld = data.starts(with: Self.oldStart)
      throw FileError(
        file: file, field: "format", value: isOld ? "that of PyTorch before 1.6" : "no zip archive",
        advice: isOld
          ? "open it in PyTorch and save it again, or save the model as safetensors"
          : "a file that torch.save has written is expected")
    }
    archive = try ZipReader(data, file: file)
    // All members lie in one folder, whose name is free.
    guard let pickle = archive.members.first(where: { $0.name.hasSuffix("/data.pkl") }) else {
      throw FileError(file: file, field: "member data.pkl", value: "missing", advice: "a file that torch.save has written is expected")
    }
    let folder = pickle.name.dropLast("data.pkl".count)
    var members: [String: ZipReader.Member] = [:]
    for member in archive.members where member.name.hasPrefix(folder) { members[String(member.name.dropFirst(folder.count))] = member }
    self.members = members
    if let order = members["byteorder"] {
      let text = String(decoding: try archive.contents(order).prefix(16), as: UTF8.self)
      guard text == "little" else {
        throw FileError(
          file: file, field: "byteorder", value: text.debugDescription, advice: "little is expected: save it on another machine")
      }
    }
    var reader = PickleReader(try replacement ?? archive.contents(pickle), file: file)
    let tensors = try reader.tensors()
    names = tensors.map(\.name)
    entries = Dictionary(tensors.map { ($0.name, $0.tensor) }) { $1 }
    guard entries.count == names.count else {
      throw FileError(file: file, field: "names", value: "one occurs twice", advice: "the file is damaged")
    }
  }

  /// A pickle of protocol 2 whose first object is the old format's number.
  private static let oldStart: [UInt8] = [0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19]

  /// The tensor of this name, row-major; nil if there is none. int8 and int16 are given as int32.
  ///
  /// - Throws: `FileError` if the bytes of the tensor are missing or damaged, or its layout leads out of them.
  public func array(_ name: String) throws -> HostArray? {
    guard let tensor = entries[name] else { return nil }
    func wrong(_ field: String, _ value: String, _ advice: String) -> FileError {
      FileError(file: file, field: "\(field) of \(name)", value: value, advice: advice)
    }
    guard let member = members["data/\(tensor.storage)"] else {
      throw wrong("storage", tensor.storage, "the archive has no such member: the file is damaged")
    }
    let width = tensor.element.byteCount
    let bytes = try archive.contents(member)
    let stored = bytes.count / width
    guard tensor.shape.count == tensor.strides.count, tensor.strides.allSatisfy({ $0 >= 0 }), tensor.offset >= 0, tensor.shape.count <= 8
    else {
      throw wrong("layout", "shape \(tensor.shape.prefix(9)), strides \(tensor.strides.prefix(9))", "the file is damaged")
    }
    let total = try HostArray.byteCount(tensor.shape, width, file: file, field: "shape of \(name)")
    guard total > 0 else { return try HostArray(dtype: tensor.element.dtype, shape: tensor.shape, data: Data()) }
    var last = tensor.offset
    for (extent, stride) in zip(tensor.shape, tensor.strides) {
      let (reach, over) = (extent - 1).multipliedReportingOverflow(by: stride)
      let (sum, beyond) = last.addingReportingOverflow(reach)
      guard !over, !beyond else { throw wrong("strides", "\(tensor.strides)", "they lead out of the storage: the file is damaged") }
      last = sum
    }
    // As many elements as the storage has at most: a repeated one would let a small file ask for any memory.
    guard last < stored, total / width <= stored else {
      throw wrong(
        "size", "shape \(tensor.shape), strides \(tensor.strides), offset \(tensor.offset)",
        "its storage has \(stored) elements: the file is damaged, or the tensor repeats some; save a contiguous copy of it")
    }
    let data = tensor.isContiguous ? bytes.dropFirst(tensor.offset * width).prefix(total) : gathered(bytes, tensor, width, total)
    return try HostArray(
      dtype: tensor.element.dtype, shape: tensor.shape,
      data: tensor.element.decode(data, bigEndian: false, file: file, field: name))
  }

  /// The elements one by one, in the order of the shape.
  private func gathered(_ bytes: Data, _ tensor: TorchTensor, _ width: Int, _ total: Int) -> Data {
    var result = Data(capacity: total)
    var place = [Int](repeating: 0, count: tensor.shape.count)
    bytes.withUnsafeBytes { bytes in
      while true {
        let start = (tensor.offset + zip(place, tensor.strides).reduce(0) { $0 + $1.0 * $1.1 }) * width
        result.append(contentsOf: bytes[start..<start + width])
        var axis = place.count - 1
        while axis >= 0 {
          place[axis] += 1
          if place[axis] < tensor.shape[axis] { break }
          place[axis] = 0
          axis -= 1
        }
        if axis < 0 { break }
      }
    }
    return result
  }
}

/// A tensor as a torch file describes it.
struct TorchTensor: Sendable {
  /// The member of the archive with its bytes.
  var storage: String
  var element: StoredElement
  /// In elements.
  var offset: Int
  var shape: [Int], strides: [Int]

  var isContiguous: Bool {
    var expected = 1
    for (extent, stride) in zip(shape, strides).reversed() {
      if extent != 1 && stride != expected { return false }
      expected *= extent
    }
    return true
  }
}
