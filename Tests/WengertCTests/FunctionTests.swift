import CWengert
import Foundation
import Testing
import WengertC
import WengertNN

@Suite("The functions of wengert.h")
struct FunctionTests {
  /// The program of x ↦ 2x of any number of elements, loaded.
  private func loaded() throws -> OpaquePointer {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID())")
    defer { try? FileManager.default.removeItem(at: url) }
    let double = compile({ (x: Tensor) in 2 * x }, CompileOptions(shapes: ["0": ["n"]]))
    _ = double(Tensor([1.0]))
    try double.program!.save(to: url)
    return try #require(url.path.withCString { load($0) })
  }

  private func error() -> String { lastError().map { String(cString: $0) } ?? "" }

  @Test("a program tells its tensors, and a call's results stay when it is gone")
  func call() throws {
    let program = try loaded()
    #expect(count(program, 0) == 1 && count(program, 1) == 1)
    var dtype = DLDataType(), rank: Int32 = 0, number: Int64 = 0, symbols: UnsafePointer<CChar>?
    #expect(type(program, 0, 0, &dtype, &rank) == 0 && dtype.code == 2 && dtype.bits == 32 && rank == 1)
    #expect(extent(program, 0, 0, 0, &number, &symbols) == 0 && number == -1 && symbols.map { String(cString: $0) } == "n")
    #expect(name(program, 0, 0).map { String(cString: $0) } == "0")

    var numbers: [Float] = [1, 2, 3], shape: [Int64] = [3]
    var result: UnsafeMutablePointer<DLManagedTensor>?
    var copied: Int32 = -1
    let status = numbers.withUnsafeMutableBytes { bytes in
      shape.withUnsafeMutableBufferPointer { shape in
        withUnsafePointer(to: Self.tensor(bytes.baseAddress, dtype, shape.baseAddress)) { argument in
          withUnsafePointer(to: Optional(argument)) { WengertC.call(program, $0, 1, &result, 1, &copied) }
        }
      }
    }
    #expect(status == 0 && copied == 0, "\(error())")
    release(program)
    let made = try #require(result), again = try #require(share(made))
    made.pointee.deleter(made)
    let data = again.pointee.dl_tensor.data.assumingMemoryBound(to: Float.self)
    #expect((0..<3).map { data[$0] } == [2, 4, 6])
    again.pointee.deleter(again)
  }

  @Test("what is not there, and what does not fit, is an error with a message")
  func mistakes() throws {
    #expect("/nowhere".withCString { load($0) } == nil && error().contains("/nowhere"))
    #expect(load(nil) == nil && count(nil, 0) == -1 && share(nil) == nil)
    let program = try loaded()
    defer { release(program) }
    #expect(name(program, 1, 1) == nil && error() == "there is no result 1; the program has 1")
    #expect(extent(program, 0, 0, 1, nil, nil) != 0)
    var result: UnsafeMutablePointer<DLManagedTensor>?
    #expect(WengertC.call(program, nil, 0, &result, 1, nil) != 0 && error() == "there are 0 arguments, and the program takes 1")
    #expect(WengertC.call(program, nil, 1, &result, 1, nil) != 0 && error() == "argument 0 is not there")
    var nothing = Self.tensor(nil, DLDataType(code: 2, bits: 32, lanes: 1), nil)
    nothing.device.device_type = 2
    let status = withUnsafePointer(to: nothing) { argument in
      withUnsafePointer(to: Optional(argument)) { WengertC.call(program, $0, 1, &result, 1, nil) }
    }
    #expect(status != 0 && error() == "argument 0 is on a device of type 2; only host memory (type 1) is read")
  }

  private static func tensor(_ data: UnsafeMutableRawPointer?, _ dtype: DLDataType, _ shape: UnsafeMutablePointer<Int64>?) -> DLTensor {
    DLTensor(
      data: data, device: DLDevice(device_type: 1, device_id: 0), ndim: 1, dtype: dtype, shape: shape, strides: nil, byte_offset: 0)
  }
}
