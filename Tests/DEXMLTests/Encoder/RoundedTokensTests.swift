import DEXML
import Testing
import WengertNN
import WengertTestSupport

@Suite("Tokens that are filled up to a rounded number")
struct RoundedTokensTests {
  private func encoder(_ pooling: Pooling) -> TextEncoder {
    let shape = BertConfiguration(vocabularySize: 40, hiddenSize: 8, layers: 4, heads: 2, intermediateSize: 16)
    return TextEncoder(BertEncoder(shape, key: RandomKey(1)), pooling: pooling, dropout: 0.2)
  }

  private func texts(_ count: Int) -> PackedTokens {
    PackedTokens((0..<count).map { text in (0..<(1 + text % 9)).map { Int32(1 + ($0 * 7 + text) % 39) } }, first: 5, skipping: 1)
  }

  @Test(
    "embeddings, dropout and gradients are those of the tokens alone",
    arguments: Pooling.Mode.allCases)
  func same(_ mode: Pooling.Mode) {
    let encoder = encoder(Pooling(mode)), packed = texts(20)
    let plain = packed.tensors(on: .cpu, rounds: false), rounded = packed.tensors(on: .cpu, rounds: true)
    #expect(plain.fillers == 0 && rounded.fillers > 0 && rounded.ids.shape[0] > plain.ids.shape[0])
    for key in [nil, RandomKey(3)] {
      func value(_ tokens: TokenTensors) -> (Tensor, TextEncoder) {
        valueAndGradient(at: encoder) { (square($0.embed(tokens, key: key) - 0.1)).sum() }
      }
      let (a, first) = value(plain), (b, second) = value(rounded)
      #expect(encoder.embed(rounded, key: key).shape == encoder.embed(plain, key: key).shape)
      #expect(abs(a.item() - b.item()) < 1e-5 * abs(a.item()))
      for ((name, x), y) in zip(first.namedTensors, second.tensors) {
        #expect(abs(x - y).max().item() < 1e-5 * max(1, abs(x).max().item()), "\(name)")
      }
    }
  }

  @Test("texts of nearly as many tokens run the same program at the same sizes")
  func sizes() {
    let encoder = encoder(.mean)
    let program = compile(EncoderPrograms.evaluate, CompileOptions(shapes: TokenTensors.symbolicShapes(argument: 1)))
    for count in 100..<110 {
      let texts = PackedTokens((0..<40).map { text in [Int32](repeating: 3, count: 4 + (text + count) % 3) })
      let vectors = program(encoder, texts.tensors(on: .cpu, rounds: true))
      #expect(vectors.shape == [40, 8])
      #expect(abs(vectors - encoder.embed(texts)).max().item() < 1e-5)
    }
    #expect(program.statistics.compilations == 1 && program.statistics.bindings == 1)
  }

  @Test("a rounded number has room for the filling sequences, and is at most a sixteenth or 64 tokens more")
  func rounding() {
    for count in [0, 1, 55, 56, 57, 1000, 1023, 4096, 32768, 100_000] {
      let tokens = PackedTokens([[Int32](repeating: 1, count: count)]).tensors(on: .cpu, rounds: true)
      let rounded = tokens.ids.shape[0]
      #expect(rounded >= count + tokens.fillers && Double(rounded - count - tokens.fillers) < max(64, Double(count) / 16 + 1))
    }
  }
}
