import Testing
import WengertNN
import WengertTestSupport

@testable import DEXML

@Suite("Finished programs of encoders")
struct EncoderProgramsTests {
  private static func encoder(heads: Int = 2, dropout: Double = 0.1) -> TextEncoder {
    var shape = BertConfiguration(vocabularySize: 20, hiddenSize: 8, layers: 2, heads: heads, intermediateSize: 16)
    shape.hiddenDropout = dropout
    return TextEncoder(BertEncoder(shape, key: RandomKey(1)), pooling: .mean)
  }

  private static let options = CompileOptions(shapes: TokenTensors.symbolicShapes(argument: 1))

  private static func tokens(_ lengths: [Int]) -> TokenTensors {
    PackedTokens(lengths.map { count in (0..<count).map { Int32($0 % 20) } }).tensors(on: .cpu)
  }

  @Test("training takes the program of an encoder of its structure and settings, with the bits of a traced one; others are traced")
  func training() throws {
    let traced = compile(EncoderPrograms.train, Self.options), encoder = Self.encoder(), key: Tensor? = RandomKey(3).data
    _ = traced(encoder, Self.tokens([3, 2]), key)
    let program = try FinishedProgram(code: traced.program!.code(), device: .cpu)
    typealias Training = CompiledFunction<TextEncoder, TokenTensors, Tensor?, Tensor>
    let f = compile(EncoderPrograms.train, Self.options, finished: [Training(finished: program)])
    for lengths in [[5, 1, 2], [4]] {
      #expect(
        f(encoder, Self.tokens(lengths), key).array(of: Float.self) == traced(encoder, Self.tokens(lengths), key).array(of: Float.self))
    }
    #expect(f.statistics.compilations == 0)
    // Without a key, with other heads, with other dropout: each is its own program.
    let tokens = Self.tokens([3, 2])
    for (number, (other, key)) in [
      (encoder, nil), (Self.encoder(heads: 4), key), (Self.encoder(dropout: 0.5), key),
    ].enumerated() {
      let g = compile(EncoderPrograms.train, Self.options, finished: [Training(finished: program)])
      #expect(
        g(other, tokens, key).array(of: Float.self)
          == compile(EncoderPrograms.train, Self.options)(other, tokens, key).array(of: Float.self), "\(number)")
      #expect(g.statistics.compilations == 1, "\(number)")
    }
  }

  @Test("a pullback takes the program of a pullback, not that of the forward pass, and adds up the gradient of a traced one")
  func pullback() throws {
    let forward = compile(EncoderPrograms.train, Self.options), traced = compilePullback(EncoderPrograms.train, Self.options)
    let encoder = Self.encoder(), key: Tensor? = RandomKey(3).data, tokens = Self.tokens([3, 2])
    _ = forward(encoder, tokens, key)
    let pending = traced(encoder, tokens, key)
    func finished(_ handle: CompiledHandle) throws -> FinishedProgram { try FinishedProgram(code: handle.program!.code(), device: .cpu) }
    typealias Pullback = CompiledPullback<TextEncoder, TokenTensors, Tensor?>
    let f = try compilePullback(
      EncoderPrograms.train, Self.options, finished: [Pullback(finished: finished(forward)), Pullback(finished: finished(traced))])
    let found = f(encoder, tokens, key)
    #expect(found.value.array(of: Float.self) == pending.value.array(of: Float.self) && f.statistics.compilations == 0)
    var sums = encoder.map { Tensor.zeros($1.shape) }, expected = sums
    let cotangent = RandomKey(4).normal([2, 8])
    found.add(cotangent, to: &sums)
    pending.add(cotangent, to: &expected)
    #expect(sums.tensors.map { $0.array(of: Float.self) } == expected.tensors.map { $0.array(of: Float.self) })
  }
}
