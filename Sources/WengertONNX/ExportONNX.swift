#if ONNX
  import Foundation
  import SwiftProtobuf
  @_spi(Backend) import WengertNN

  extension CompiledFunction {
    /// Writes the function as an ONNX model (opset 20), which runs wherever ONNX does.
    ///
    /// The model is the function's graph for arguments of these structures, dtypes and shapes; extents that `CompileOptions.shapes` calls by symbols are named dimensions, and the
    /// model takes any of them. What the function holds and is not given, the weights of a model that it was made with say, is stored in the model:
    ///
    /// ```swift
    /// let predict = compile({ (x: Tensor) in network(x) }, CompileOptions(shapes: ["0": ["batch", 16]]))
    /// try predict.exportONNX(Tensor.zeros([1, 16]), to: "network.onnx", inputNames: ["x"], outputNames: ["logits"])
    /// ```
    ///
    /// Nothing runs. A finished program (`CompiledFunction.init(finished:)`) is written too.
    ///
    /// - Parameters:
    ///   - input: arguments as of a call; their numbers do not matter.
    ///   - path: a file, which is replaced.
    ///   - inputNames: of all tensors of the arguments, in order; nil: "input_" and the tensor's name.
    ///   - outputNames: of all tensors of the result, in order; nil: "output_" and the tensor's name, or its number.
    ///   - file: the caller's file, which messages name.
    ///   - line: the caller's line, likewise.
    /// - Throws: `ONNXError` if an operation has no form in ONNX, with its name and the line that asked for it, or if the model is too large for a file of this format (2 GB);
    ///   `FileError` if the file cannot be written.
    /// - Precondition: As for a call of the function; there are as many names as tensors, and no two are equal.
    public func exportONNX(
      _ input: repeat each Input, to path: String, inputNames: [String]? = nil, outputNames: [String]? = nil,
      file: StaticString = #fileID, line: UInt = #line
    ) throws {
      let model = try onnxModel(repeat each input, inputNames: inputNames, outputNames: outputNames, Caller(file, line))
      let bytes: Data = try model.serializedBytes()
      try FileBeingWritten.write(bytes, to: URL(fileURLWithPath: path))
    }

    func onnxModel(_ input: repeat each Input, inputNames: [String]?, outputNames: [String]?, _ caller: Caller) throws -> Onnx_ModelProto {
      do {
        return try Onnx_ModelProto(plainGraph(repeat each input), inputNames, outputNames, caller)
      } catch var error as ONNXError {
        error.place = place(of: error.caller, repeat each input)
        throw error
      }
    }
  }

  extension Onnx_ModelProto {
    /// The version of the operators, and that of the format that came with them: runtimes from 2023 on read both.
    static let opset: Int64 = 20, irVersion: Int64 = 9
    /// What a file of the format can hold is below 2 GB.
    static let largestSize = 1 << 31 - 1 << 20

    init(_ graph: PlainGraph, _ inputNames: [String]?, _ outputNames: [String]?, _ caller: Caller) throws {
      self.init()
      let inputs = Self.names("input", inputNames, graph.inputs.map(\.name), caller)
      let outputs = Self.names("output", outputNames, graph.outputs.map(\.name), caller)
      if let twice = inputs.first(where: outputs.contains) {
        caller.fail("exportONNX", "an input and an output are both called \(twice.debugDescription), which must name one of them")
      }
      let known = graph.symbolSources
      let symbols = graph.inputs.flatMap { graph.values[$0.value].type.shape.dimensions.flatMap(\.symbols) }
      for symbol in symbols where known[symbol] == nil {
        throw ONNXError(operation: "exportONNX", reason: "no extent of an argument gives the symbol \(symbol) alone", caller: caller)
      }
      var lowering = Lowering(graph, inputNames: inputs, outputNames: outputs)
      for node in graph.nodes { try lowering.lower(node) }
      let results = lowering.finish(outputs)
      if lowering.model.byteCount > Self.largestSize {
        let size = lowering.model.byteCount
        let reason = "the weights take \(size) bytes, and a file of this format holds 2 GB"
        throw ONNXError(operation: "exportONNX", reason: reason, caller: caller)
      }
      irVersion = Self.irVersion
      producerName = "wengert"
      opsetImport = [.with { $0.version = Self.opset }]
      self.graph = .with { proto in
        proto.name = "graph"
        proto.input = zip(inputs, graph.inputs).map { Onnx_ValueInfoProto($0, graph.values[$1.value].type) }
        proto.output = zip(results, graph.outputs).map { Onnx_ValueInfoProto($0, graph.values[$1.value].type) }
        proto.node = lowering.model.nodes
        proto.initializer = lowering.model.initializers
      }
    }

    private static func names(_ word: String, _ given: [String]?, _ known: [String], _ caller: Caller) -> [String] {
      guard let given else {
        return known.enumerated().map { number, name in
          "\(word)_\(name.isEmpty ? (known.count == 1 ? "0" : "\(number)") : name)"
        }
      }
      caller.require(
        given.count == known.count, "exportONNX",
        "there are \(given.count) names for \(known.count) \(word)s: \(known.joined(separator: ", "))")
      let twice = Dictionary(grouping: given) { $0 }.first { $1.count > 1 || $0.isEmpty }
      let name = twice?.key.debugDescription ?? ""
      caller.require(twice == nil, "exportONNX", "an \(word) is called \(name), which must name one and no other")
      return given
    }
  }
#endif
