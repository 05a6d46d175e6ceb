import Foundation
import Testing
@_spi(Backend) import Wengert
@_spi(Backend) import WengertTestSupport

@testable import WengertCore

@Suite("The code of finished programs")
struct ProgramCodeTests {
  /// A program with symbols, a requirement, constants, attention and row programs.
  private static func code() throws -> [UInt8] {
    let f = compile({ (weights: [Tensor], input: [Tensor]) in SmallEncoder.lossAndGradient(weights, input) }, SmallEncoder.options)
    _ = f(SmallEncoder.weights(blocks: 1), SmallEncoder.input([3, 2]))
    return try f.program!.code()
  }

  private func fault(_ bytes: [UInt8]) -> String { programError { _ = try FinishedProgram(code: bytes) } }

  @Test("bytes that are no program, and those of another form, are refused with the reason")
  func foreign() throws {
    let code = try Self.code()
    #expect(fault(code) == "no error")
    #expect(fault([]) == "there is nothing")
    #expect(fault(Array("# Graphs\n".utf8)) == "it is not a finished program: it begins otherwise")
    #expect(fault(Array(code[..<4])) == "it is cut off")
    var later = code
    later[4] = ProgramCode.version + 1
    #expect(fault(later).hasPrefix("it is written in form \(ProgramCode.version + 1), and this version of the library reads form"))
  }

  @Test("every cut and every changed byte is noticed")
  func damaged() throws {
    let code = try Self.code()
    for length in 0..<code.count { #expect(fault(Array(code[..<length])) != "no error", "\(length) of \(code.count) bytes") }
    #expect(fault(code + [0]).hasPrefix("it is cut off, or something follows it"))
    var noise = SplitMix64(seed: 3)
    for place in code.indices {
      var changed = code
      changed[place] ^= UInt8.random(in: 1...255, using: &noise)
      #expect(fault(changed) != "no error", "byte \(place)")
    }
  }

  @Test("behind a right checksum any damage is an error or another program, which is written and read as itself")
  func guarded() async throws {
    await #expect(processExitsWith: .success) {
      let code = try ProgramCodeTests.code()
      var read = 0
      for seed in 0..<4000 as Range<UInt64> {
        let bytes = ProgramCode.sealed([UInt8](Data(code).damaged(seed: seed)))
        do {
          let first = try ProgramCode(bytes, on: Device.cpu.backend)
          read += 1
          let again = try first.bytes(largestConstant: .max)
          let second = try ProgramCode(again, on: Device.cpu.backend)
          let isSame = try second.bytes(largestConstant: .max) == again
          ensure(isSame, "seed \(seed): written otherwise the second time")
        } catch let error as ProgramError {
          ensure(!error.description.isEmpty, "seed \(seed)")
        }
      }
      ensure(read < 4000, "no damage was noticed")
    }
  }

  @Test("names that this version does not have are refused by name")
  func unknown() throws {
    var writer = ProgramWriter()
    writer.form("convolve", 3)
    let bytes = writer.finish()
    var reader = try ProgramReader(bytes, in: 0..<bytes.count)
    let fault = programError { _ = try Movement(from: &reader) }
    #expect(fault.contains("it names the movement \"convolve\", which this version of the library does not have; make the program again"))
  }

  @Test("a graph whose operands do not fit is refused with the node")
  func broken() throws {
    var graph = Graph()
    let x = graph.addInput("x", .float32(2, 3)), y = graph.addInput("y", .float32(4, 5))
    graph.outputs = graph.addNode(MatMul(), [x, y], [.float32(2, 5)], Caller(#fileID, #line))
    let bytes = try ProgramCode(graph: graph).bytes(largestConstant: 0)
    #expect(fault(bytes).hasPrefix("its graph is broken: %2 = matmul %0, %1: the factors do not fit"))
  }

  @Test("operands that fit for some numbers of the symbols are looked at again at a call")
  func open() async throws {
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var graph = Graph()
      let x = graph.addInput("0", .float32(2, "n")), y = graph.addInput("1", .float32("m", 3))
      graph.outputs = graph.addNode(MatMul(), [x, y], [.float32(2, 3)], Caller("Models/Encoder.swift", 12))
      let program = try FinishedProgram(code: ProgramCode(graph: graph).bytes(largestConstant: 0))
      let f = CompiledFunction<Tensor, Tensor, Tensor>(finished: program)
      ensure(f(.ones([2, 4]), .ones([4, 3])).shape == [2, 3], "it fits")
      _ = f(.ones([2, 4]), .ones([5, 3]))
    }
    .expectsMessage("Models/Encoder.swift:12: Fatal error: matmul: the factors do not fit", "with m = 5, n = 4")
  }

  @Test("small tensors that a function uses are in the code as they lie in memory; large ones are refused, with who uses them")
  func constants() throws {
    let small = RandomKey(1).normal([6, 4])
    let views = [
      small, small.transpose(), small[1..<4], small[Axis.all, 2], small.flip(0), Tensor.full(3, [5, 2]), small[0..<0],
      Tensor([true, false]),
    ]
    let f: ([Tensor]) -> [Tensor] = { x in views.map { $0.cast(to: .float32) * x[0] } + [small.transpose().matmul(small) + x[0]] }
    let x = [Tensor(2)]
    try FinishedCopy(of: f, at: x).compare(at: x, "constants")
    let table = RandomKey(2).normal([300, 100])
    let compiled = compile { (x: Tensor) in x.matmul(table) }
    _ = compiled(Tensor.ones([2, 300]))
    let refusal = programError { _ = try compiled.program!.code() }
    #expect(refusal.hasPrefix("the tensor float32[300, 100] that matmul (WengertTests/ProgramCodeTests.swift:"))
    #expect(
      refusal.hasSuffix(
        "uses is not an argument of the function, and takes 120000 bytes, where at most 65536 are written; pass it as an argument"))
    #expect(try compiled.program!.code(largestConstant: 120_000).count > 120_000)
  }

  @Test("code that another program has written by the description of the form is read")
  func description() {
    // Both are made by Tests/Fuzz/seeds.py.
    let exponential = FinishedProgram(
      "iVdncAFvVHIdGFyTTmoAAAAAAAAACgZzeW1ib2wBbgNzdW0HZmxvYXQzMgEwAAtlbGVtZW50d2lzZQV1bmFyeQNleHAOTW9kZWxzL00uc3dpZnQCAAECAQIBAAECAgAGAQADAAEJBwEBBAAAAQEFAQAAAQYHCAABAQEAAQEAAAaK5r0M91go"
    )
    let x = RandomKey(1).normal([5, 3])
    #expect(CompiledFunction<Tensor, Tensor>(finished: exponential)(x).bits == exp(x).bits)
    let sums = FinishedProgram(
      "iVdncAFvVHIdGFyTTtoAAAAAAAAADgZzeW1ib2wBbgNzdW0HZmxvYXQzMgRsb2FkCGNvbnN0YW50BmJpbmFyeQhtdWx0aXBseQNhZGQGcmVkdWNlATAEcm93cwZyZXBsYXkOTW9kZWxzL00uc3dpZnQCAAECAQIBAAMCAgAEAQAEAgIAAgMAAwEDAgMBBHJvd3MCAwEDAQYDBAADBQEAACBAAwYHBAIDBAIDBggEAgMJAgIBCgMAAg0JDQoBAQoAAAABAAEBAgABAgAAgD8AAABAAQsADAEAAAICAQECAQIAAQACAQICb3AEdGV4dAFVj7lQSygnEg=="
    )
    let found = CompiledFunction<Tensor, Tensor>(finished: sums)(Tensor([[1, 1], [3, 2]]))
    #expect(found.shape == [2, 1] && found.array() == [8, 15.5] as [Float])
  }

  @Test("a literal is the code in base64, and one that is damaged ends the program at its line")
  func literal() async throws {
    let code = try Self.code()
    #expect(try Base64.bytes(Base64.text(code)) == code)
    for length in 0..<5 { #expect(try Base64.bytes(Base64.text(Array(code[..<length]))) == Array(code[..<length])) }
    #expect(Base64.text(Array("any carnal pleas".utf8)) == "YW55IGNhcm5hbCBwbGVhcw==")
    #expect(programError { _ = try Base64.bytes("YW5") }.contains("a part of it is missing"))
    #expect(programError { _ = try Base64.bytes("YW*5") } == "the literal has a character at 2 that is not a letter of base64")
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = CompiledFunction<Tensor, Tensor>(finished: FinishedProgram("YW55IGNhcm5h"))(Tensor(1))
    }
    .expectsMessage("ProgramCodeTests.swift:", "finished program: it is not a finished program: it begins otherwise")
  }

  @Test("a six-block encoder with its gradient takes a few kilobytes")
  func size() throws {
    let f = compile({ (weights: [Tensor], input: [Tensor]) in SmallEncoder.lossAndGradient(weights, input) }, SmallEncoder.options)
    _ = f(SmallEncoder.weights(blocks: 6), SmallEncoder.input([3, 2]))
    #expect(try f.program!.literal().utf8.count < 32_000)
  }
}
