#if ONNX
  import Foundation
  import SwiftProtobuf
  import Testing
  @testable import WengertONNX

  @Suite("Models in the ONNX format")
  struct ONNXStructureTests {
    /// What a file holds, read again.
    private func written<each Input: TensorTree, Output: TensorTree>(
      _ f: @escaping (repeat each Input) -> Output, at input: repeat each Input, options: CompileOptions = CompileOptions(),
      inputNames: [String]? = nil, outputNames: [String]? = nil
    ) throws -> Onnx_ModelProto {
      let url = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID()).onnx")
      defer { try? FileManager.default.removeItem(at: url) }
      try compile(f, options).exportONNX(repeat each input, to: url.path, inputNames: inputNames, outputNames: outputNames)
      let model = try Onnx_ModelProto(serializedBytes: Data(contentsOf: url))
      try requireSound(model)
      return model
    }

    /// The rules of ONNX's checker that need no table of operators: every name is defined once, before it is used, and initializers hold as many bytes as their type says.
    private func requireSound(_ model: Onnx_ModelProto) throws {
      #expect(model.irVersion == 9 && model.producerName == "wengert")
      #expect(model.opsetImport.map(\.version) == [20] && model.opsetImport.map(\.domain) == [""])
      let graph = model.graph
      var known = Set<String>()
      for name in graph.input.map(\.name) + graph.initializer.map(\.name) { #expect(known.insert(name).inserted, "\(name) is there twice") }
      for node in graph.node {
        #expect(!node.opType.isEmpty && !node.output.isEmpty)
        for input in node.input { #expect(known.contains(input), "\(node.name) reads \(input), which is not there") }
        for output in node.output { #expect(known.insert(output).inserted, "\(output) is there twice") }
      }
      for output in graph.output { #expect(known.contains(output.name), "\(output.name) is made by nothing") }
      let widths: [Int32: Int] = [1: 4, 2: 1, 6: 4, 7: 8, 9: 1, 10: 2, 11: 8, 16: 2]
      for tensor in graph.initializer {
        let width = try #require(widths[tensor.dataType])
        #expect(tensor.rawData.count == tensor.dims.reduce(width) { $0 * Int($1) }, "\(tensor.name)")
      }
    }

    private func operators(_ model: Onnx_ModelProto) -> [String] { model.graph.node.map(\.opType) }

    @Test("a layer is MatMul and Add with its weights as initializers, symbols are named dimensions, and names are those that were given")
    func layer() throws {
      let layer = Linear(3, 2, key: RandomKey(1))
      let model = try written(
        { (x: Tensor) in relu(layer(x)) }, at: Tensor.zeros([4, 3]), options: CompileOptions(shapes: ["0": ["batch", 3]]),
        inputNames: ["x"], outputNames: ["y"])
      #expect(operators(model) == ["MatMul", "Add", "Relu"])
      #expect(model.graph.initializer.map(\.dims).sorted { $0.count > $1.count } == [[3, 2], [2]])
      #expect(model.graph.input.map(\.name) == ["x"] && model.graph.output.map(\.name) == ["y"])
      let shape = model.graph.input[0].type.tensorType.shape.dim
      #expect(shape.map(\.dimParam) == ["batch", ""] && shape.map(\.dimValue) == [0, 3])
      #expect(model.graph.output[0].type.tensorType.shape.dim.map(\.dimParam) == ["batch", ""])
    }

    @Test("softmax, layer norm and GELU are operators of their own, and half types are calculated in float32")
    func rows() throws {
      let norm = LayerNorm(4)
      let model = try written({ (x: Tensor) in gelu(norm(x)).softmax() }, at: Tensor.zeros([2, 4]))
      #expect(operators(model) == ["LayerNormalization", "Gelu", "Softmax"])
      let half = try written({ (x: Tensor) in exp(x) }, at: Tensor.zeros([2], dtype: .bfloat16))
      #expect(operators(half) == ["Cast", "Exp", "Cast"])
    }

    @Test("an extent in symbols is computed from the arguments' shapes")
    func extents() throws {
      let options = CompileOptions(shapes: ["0": ["n", "m"]])
      let model = try written({ (x: Tensor) in x.mean(axes: [0]) * x.extent(1) }, at: Tensor.zeros([3, 2]), options: options)
      #expect(operators(model).filter { $0 == "Shape" }.count == 2)
    }

    @Test("a result that is an argument, and one that is there twice, have names of their own")
    func repeatedResults() throws {
      let model = try written({ (x: Tensor) in Pair(x, Pair(-x, -x)) }, at: Tensor.zeros([2]))
      #expect(Set(model.graph.output.map(\.name)).count == 3)
      #expect(operators(model) == ["Neg", "Identity", "Identity"])
    }

    @Test("what has no form in ONNX is refused with its name and line")
    func refusal() {
      let inverse = compile { (x: Tensor) in x.cholesky() }
      let line = #line - 1
      let error = #expect(throws: ONNXError.self) { try inverse.exportONNX(Tensor.zeros([2, 2]), to: "/nowhere") }
      #expect(error?.operation == "cholesky")
      #expect(error.map { "\($0)".contains("StructureTests.swift:\(line): cholesky of float32[2, 2]") } ?? false)
    }
  }
#endif
