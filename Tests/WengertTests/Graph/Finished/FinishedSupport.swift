import Testing
@_spi(Backend) import Wengert
@_spi(Backend) import WengertTestSupport

@testable import WengertCore

extension Tensor {
  /// The elements' bits.
  var bits: [UInt8] { withBytes { bytes in bytes.withUnsafeBytes { Array($0) } } }
}

/// A function from a list of tensors to a list, and the finished program of its compiled form.
struct FinishedCopy {
  let compiled: CompiledFunction<[Tensor], [Tensor]>
  let finished: CompiledFunction<[Tensor], [Tensor]>

  /// Compiles the function at these arguments, writes its program and reads it.
  init(of f: @escaping ([Tensor]) -> [Tensor], at arguments: [Tensor], _ options: CompileOptions = CompileOptions()) throws {
    compiled = compile(f, options)
    let count = compiled(arguments).count
    let code = try compiled.program!.code(largestConstant: 1 << 20)
    let program = try FinishedProgram(code: code)
    finished = CompiledFunction(finished: program) { (x: [Tensor]) in [Tensor](repeating: x.first ?? Tensor(0), count: count) }
    // What was read is written as the same.
    let backend = arguments.first?.backend ?? Device.current.backend
    #expect(try program.program(on: backend).code(largestConstant: 1 << 20) == code)
  }

  /// Fails unless both give the same bits.
  func compare(at arguments: [Tensor], _ name: @autoclosure () -> String, sourceLocation: SourceLocation = #_sourceLocation) {
    let expected = compiled(arguments), found = finished(arguments)
    #expect(found.map { $0.type } == expected.map { $0.type }, "\(name())", sourceLocation: sourceLocation)
    for (number, (a, b)) in zip(found, expected).enumerated() where a.bits != b.bits {
      Issue.record("\(name()): result \(number) has other bits", sourceLocation: sourceLocation)
    }
    #expect(finished.statistics.compilations == 0, sourceLocation: sourceLocation)
  }
}

/// What a body throws.
func programError(_ body: () throws -> Void) -> String {
  do {
    try body()
    return "no error"
  } catch let error as ProgramError {
    return error.description
  } catch {
    return "another error: \(error)"
  }
}

/// An encoder of some blocks by plain operations, with symbols tokens and sequences: its loss and gradient.
enum SmallEncoder {
  static let options = CompileOptions(shapes: ["1.0": ["tokens", -1], "1.1": [Dimension("sequences") + 1]])

  static func weights(blocks: Int, width: Int = 8) -> [Tensor] {
    (0..<blocks).flatMap { block in
      [[width, width], [width, width], [width, width], [width], [width], [width, 2 * width], [2 * width, width]].enumerated().map {
        RandomKey(10 * block + $0.offset).normal(Shape($0.element), standardDeviation: 0.3)
      }
    }
  }

  /// Tokens and offsets of sequences of these lengths.
  static func input(_ lengths: [Int], width: Int = 8) -> [Tensor] {
    let offsets = lengths.reduce(into: [0]) { $0.append($0.last! + $1) }
    return [RandomKey(lengths.count).normal([offsets.last!, width]), Tensor(offsets)]
  }

  static func encode(_ weights: [Tensor], _ input: [Tensor]) -> Tensor {
    stride(from: 0, to: weights.count, by: 7).reduce(input[0]) { x, start in
      let w = Array(weights[start..<start + 7])
      let attended = attention(query: x.matmul(w[0]), key: x.matmul(w[1]), value: x.matmul(w[2]), offsets: input[1], heads: 2)
      let y = (x + attended).layerNorm(gain: w[3], bias: w[4])
      return y + gelu(y.matmul(w[5])).matmul(w[6])
    }
  }

  static func lossAndGradient(_ weights: [Tensor], _ input: [Tensor]) -> Pair<Tensor, [Tensor]> {
    let (loss, gradient) = valueAndGradient(at: weights) { square(encode($0, input)).mean() }
    return Pair(loss, gradient)
  }
}
