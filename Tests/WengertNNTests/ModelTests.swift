import Foundation
import Testing
import WengertNN
import WengertTestSupport
import WengertCore

private struct Nested: ParameterTree {
  var layers: [Linear]
  var heads: [String: LayerNorm]
  var pooler: Linear?
  static let fields: [Field<Self>] = [.init("layers", \.layers), .init("heads", \.heads), .init("pooler", \.pooler)]

  init(pooler: Bool) {
    layers = [Linear(2, 2, key: RandomKey(1)), Linear(2, 2, bias: false, key: RandomKey(2))]
    heads = ["b": LayerNorm(2), "a": LayerNorm(2)]
    self.pooler = pooler ? Linear(2, 1, key: RandomKey(3)) : nil
  }
}

private struct Forgetful: ParameterTree {
  var weight: Tensor
  var bias: Tensor?
  var layers: [Linear]
  var width: Int
  static let fields: [Field<Self>] = [.init("weight", \.weight)]
}

@Suite("Models as trees of named tensors")
struct ModelTests {
  @Test("names are dotted through arrays, dictionaries and optionals, dictionaries in the order of their keys") func names() {
    let names = [
      "layers.0.weight", "layers.0.bias", "layers.1.weight", "heads.a.weight", "heads.a.bias", "heads.b.weight", "heads.b.bias",
    ]
    #expect(Nested(pooler: false).namedTensors.map(\.name) == names)
    #expect(Nested(pooler: true).namedTensors.map(\.name) == names + ["pooler.weight", "pooler.bias"])
  }

  @Test("map keeps the structure and hands out names") func map() {
    let mapped = Nested(pooler: true).map { name, x in name.hasSuffix("bias") ? .full(7, x.shape) : x }
    #expect(mapped.pooler!.bias!.doubles == [7])
    #expect(mapped.heads["b"]!.bias.doubles == [7, 7])
    #expect(mapped.layers[0].weight.doubles == Nested(pooler: true).layers[0].weight.doubles)
  }

  @Test("a property that holds tensors and is not listed is found") func forgotten() {
    let tree = Forgetful(weight: Tensor(1), bias: nil, layers: [], width: 3)
    #expect(FieldCheck.missingFields(of: tree) == ["bias", "layers"])
    #expect(FieldCheck.missingFields(of: Nested(pooler: false)) == [])
    let block = TransformerBlock(width: 4, heads: 1, key: RandomKey(1))
    #expect(FieldCheck.missingFields(of: block) == [])
    #expect(FieldCheck.missingFields(of: block.attention) == [])
  }

  @Test("layers of several kinds in a row, named by their places") func sequential() {
    let model = Sequential(Embedding(4, 3, key: RandomKey(1)), LayerNorm(3), Activation { relu($0) }, Linear(3, 2, key: RandomKey(2)))
    #expect(model.namedTensors.map(\.name) == ["0.weight", "1.weight", "1.bias", "3.weight", "3.bias"])
    let ids = Tensor([Int32(0), 3])
    #expect(model(ids).shape == [2, 2])
    #expect(gradient(at: model) { $0(ids).sum() }.namedTensors.map(\.tensor.shape) == model.tensors.map(\.shape))
  }

  @Test("a function by its name is a layer") func activation() {
    let x = Tensor([-1, 2])
    #expect(Activation(relu)(x).doubles == [0, 2])
    #expect(Sequential(Activation(tanh), Activation(exp))(x).doubles == exp(tanh(x)).doubles)
  }

  @Test("a compiled function takes another activation for another model, and a copy for the same") func otherActivation() {
    let f = compile { (model: Sequential, x: Tensor) in model(x) }
    let x = Tensor([-1, 2]), first = Sequential(Activation(relu)), copy = first
    #expect(f(first, x).doubles == [0, 2])
    #expect(f(Sequential(Activation(square)), x).doubles == [1, 4])
    #expect(f(copy, x).doubles == [0, 2] && f.statistics.compilations == 2)
    #expect(first.settings == Sequential(Activation(square)).settings)
  }

  @Test("a saved model is loaded again, bit by bit") func roundTrip() throws {
    try Fixtures.withTemporaryFolder { folder in
      let url = folder.appendingPathComponent("model.safetensors")
      let model = Nested(pooler: true).map { name, x in RandomKey(name.count).normal(x.shape) }
      try model.save(to: url, metadata: ["format": "pt"])
      var other = Nested(pooler: true)
      #expect(try other.load(SafeTensors(contentsOf: url)) == LoadReport())
      #expect(other.tensors.map(\.doubles) == model.tensors.map(\.doubles))
    }
  }

  @Test("half-precision weights are widened to the model's type") func widened() throws {
    try Fixtures.withTemporaryFolder { folder in
      let url = folder.appendingPathComponent("half.safetensors")
      try LayerNorm(weight: Tensor([1.5, -2], dtype: .float16), bias: Tensor([0.25, 3], dtype: .bfloat16)).save(to: url)
      var norm = LayerNorm(2)
      try norm.load(SafeTensors(contentsOf: url))
      #expect(norm.weight.dtype == .float32 && norm.bias.dtype == .float32)
      #expect(norm.weight.doubles == [1.5, -2] && norm.bias.doubles == [0.25, 3])
    }
  }

  @Test("weights that do not fit are refused in one message with names and both shapes, and change nothing") func misfits() throws {
    try Fixtures.withTemporaryFolder { folder in
      let url = folder.appendingPathComponent("wrong.safetensors")
      let arrays = [("weight", try HostArray([Float](repeating: 1, count: 6))), ("extra", try HostArray([Float(1)]))]
      try SafeTensors.write(arrays, to: url)
      let file = try SafeTensors(contentsOf: url)

      var linear = Linear(3, 2, key: RandomKey(1))
      let before = linear.weight.doubles
      let wrong = message { try linear.load(file) }
      for part in [
        "wrong.safetensors", "weight is float32[6] in the file, float32[2, 3] in the model", "missing: bias", "unexpected: extra",
      ] {
        #expect(wrong.contains(part), "\(wrong)")
      }
      #expect(message { try linear.load(file, strict: false) }.contains("misshapen"))
      #expect(linear.weight.doubles == before)

      var partial = Linear(weight: .zeros([1, 6]), bias: .ones([1]))
      partial.weight = partial.weight.reshape([6])
      #expect(message { try partial.load(file) }.contains("strict: false"))
      #expect(try partial.load(file, strict: false) == LoadReport(missing: ["bias"], unexpected: ["extra"]))
      #expect(partial.weight.doubles == [1, 1, 1, 1, 1, 1])
      #expect(partial.bias!.doubles == [1])
    }
  }

  @Test("tensors and arrays of files convert into each other, also from an unaligned slice") func arrays() throws {
    let tensor = Tensor([Int32(1), 2, 3, 4, 5, 6], shape: [2, 3])
    #expect(tensor.transpose().hostArray == (try HostArray([Int32(1), 4, 2, 5, 3, 6], shape: [3, 2])))
    let bytes = Data([9, 1, 0, 0, 0, 2, 0, 0, 0])
    #expect(Tensor(try HostArray(dtype: .int32, shape: [2], data: bytes.dropFirst())).array(of: Int32.self) == [1, 2])
  }
}
