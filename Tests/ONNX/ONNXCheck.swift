import Foundation

#if ONNX
  import DEXML
  @_spi(Backend) import WengertCases
  @_spi(Backend) import WengertONNX

  /// Writes models, and every row of the case list, as ONNX files with the arguments and results of our own runs beside: what `check.py` runs in onnxruntime.
  @main
  struct ONNXCheck {
    let folder: URL
    /// One line for each file, or each row without one.
    private var lines: [Line] = []

    /// What is to be checked: a file, or why there is none.
    private struct Line: Encodable {
      var name: String
      var isModel: Bool
      /// The number of the files, which hold "in0", "in1", …, and "out0", …
      var number: Int
      var inputs: Int, outputs: Int
      var refused: String?
    }

    static func main() throws {
      let arguments = CommandLine.arguments.dropFirst()
      guard let path = arguments.first else {
        FileHandle.standardError.write(Data("usage: onnx-check FOLDER [a folder with MiniLM [a part of the rows' names]]\n".utf8))
        exit(64)
      }
      let folder = URL(fileURLWithPath: path, isDirectory: true)
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      var check = ONNXCheck(folder: folder)
      try check.models(arguments.dropFirst().first)
      let part = arguments.dropFirst(2).first ?? ""
      for operation in CaseList.all where part.isEmpty || operation.name.contains(part) {
        try check.rows(of: operation)
        try check.derivatives(of: operation)
      }
      try JSONEncoder().encode(check.lines).write(to: folder.appendingPathComponent("list.json"))
      print("\(check.lines.count) files or refusals are in \(folder.path)")
    }

    private init(folder: URL) { self.folder = folder }

    private func url(_ ending: String) -> URL { folder.appendingPathComponent("\(lines.count).\(ending)") }

    /// Writes one file: `export` the model, and the tensors of a call.
    private mutating func add(
      _ name: String, isModel: Bool, _ arguments: [Tensor], _ results: () -> [Tensor], export: (String) throws -> Void
    ) throws {
      var line = Line(name: name, isModel: isModel, number: lines.count, inputs: arguments.count, outputs: 0)
      do {
        try export(url("onnx").path)
        let results = results()
        line.outputs = results.count
        let named =
          arguments.enumerated().map { ("in\($0)", $1.hostArray) } + results.enumerated().map { ("out\($0)", $1.hostArray) }
        try SafeTensors.write(named, to: url("safetensors"))
      } catch let error as ONNXError {
        line.refused = "\(error.operation): \(error.reason)"
      }
      lines.append(line)
    }

    // MARK: Models

    private mutating func add<each Input: TensorTree, Output: TensorTree>(
      model name: String, _ options: CompileOptions, _ f: @escaping (repeat each Input) -> Output, at first: repeat each Input,
      then input: repeat each Input
    ) throws {
      let compiled = compile(f, options)
      var arguments: [Tensor] = []
      func collect(_ tree: some TensorTree) { arguments += tree.tensors }
      repeat collect(each input)
      try add(name, isModel: true, arguments, { f(repeat each input).tensors }) { path in
        try compiled.exportONNX(repeat each first, to: path)
      }
    }

    private mutating func models(_ miniLM: String?) throws {
      let key = RandomKey(1)
      try encoder(key, miniLM)

      let images = Sequential(
        Convolution(3, 8, kernel: [3, 3], padding: 1, key: key.fold(1)), BatchNorm(8), Activation(relu),
        Convolution(8, 12, kernel: [3, 3], stride: 2, padding: 1, groups: 2, key: key.fold(2)), BatchNorm(12), Activation(gelu))
      let head = Linear(12, 5, key: key.fold(3))
      let network = { (x: Tensor) in head(images(x).maxPool(2).averagePool(2).mean(axes: [2, 3])).softmax() }
      try add(
        model: "convolutional network", CompileOptions(shapes: ["0": ["batch", 3, "height", "width"]]), network,
        at: key.fold(4).normal([2, 3, 16, 16]), then: key.fold(5).normal([3, 3, 24, 17]))

      let lstm = LSTM(6, 9, key: key.fold(6)), classes = Linear(9, 4, key: key.fold(7))
      try add(
        model: "LSTM", CompileOptions(shapes: ["0": [7, "batch", 6]]),
        { (x: Tensor) in
          let (outputs, state) = lstm(x)
          return Pair(classes(outputs), state.cell)
        }, at: key.fold(8).normal([7, 2, 6]), then: key.fold(8).normal([7, 5, 6]))

      let fused = compile(network, CompileOptions(shapes: ["0": ["batch", 3, "height", "width"]]))
      let small = key.fold(4).normal([2, 3, 16, 16]), large = key.fold(5).normal([3, 3, 24, 17])
      _ = fused(small)
      let code = try FinishedProgram(code: fused.program!.code())
      try add("the network as a finished program", isModel: true, [large], { [fused(large)] }) { path in
        try CompiledFunction<Tensor, Tensor>(finished: code).exportONNX(small, to: path)
      }

      let slope = { (x: Tensor) in gradient(at: x) { square(network($0)).sum() } }
      let batch = key.fold(9).normal([2, 3, 16, 16])
      try add(model: "the network's gradient", CompileOptions(), slope, at: batch, then: batch)
    }

    private mutating func encoder(_ key: RandomKey, _ miniLM: String?) throws {
      let shape = BertConfiguration(vocabularySize: 40, hiddenSize: 24, layers: 2, heads: 3, intermediateSize: 48)
      var encoders = [("encoder of packed texts", TextEncoder(BertEncoder(shape, key: key), pooling: .mean))]
      if let miniLM {
        encoders.append(("MiniLM", try ModelFolder(URL(fileURLWithPath: miniLM, isDirectory: true)).textEncoder()))
      }
      for (name, encoder) in encoders {
        let device = encoder.encoder.wordEmbeddings.weight.device
        func tokens(_ texts: [[Int32]]) -> TokenTensors { PackedTokens(texts).tensors(on: device) }
        try add(
          model: name, CompileOptions(shapes: TokenTensors.symbolicShapes(argument: 0)),
          { (tokens: TokenTensors) in encoder.embed(tokens) },
          at: tokens([[2, 5, 3], [2, 3]]), then: tokens([[2, 5, 7, 9, 3], [2, 3], [2, 11, 4, 3]]))
      }
    }

    // MARK: The case list

    /// The row with symbols for its extents, its pullback and its derivative along the operands: written at one size, and run at another.
    private mutating func derivatives(of operation: OperationCase) throws {
      guard operation.slope != .none, operation.dtypes.contains(.float32), let symbolic = SymbolicCase.all(of: operation).last else {
        return
      }
      let function = { (x: [Tensor]) in
        let (value, pullback) = vjp(at: x, operation.apply)
        return value + pullback(value) + jvp(at: x, along: x, operation.apply).tangent
      }
      func operands(_ base: Shape) -> [Tensor] {
        Variant(operation, .float32, base, .contiguous).operands.map { $0.tensor(on: Device.cpu.backend) }
      }
      let compiled = compile(function, symbolic.options)
      let first = operands(symbolic.bases[0]), other = operands(symbolic.bases.last!)
      try add("\(operation.name) with symbols and derivatives, float32", isModel: false, other, { function(other) }) { path in
        try compiled.exportONNX(first, to: path)
      }
    }

    /// Two small shapes of every dtype, row-major.
    private mutating func rows(of operation: OperationCase) throws {
      let small = operation.shapes.filter { (2...400).contains($0.elementCount) }.prefix(2)
      for dtype in operation.dtypes {
        for shape in small.isEmpty ? operation.shapes.prefix(1) : small {
          let variant = Variant(operation, dtype, shape, .contiguous)
          let operands = variant.operands.map { $0.tensor(on: Device.cpu.backend) }
          if operands.isEmpty { continue }
          let compiled = compile { (x: [Tensor]) in operation.apply(x) }
          try add("\(operation.name), \(dtype)\(shape)", isModel: false, operands, { operation.apply(operands) }) { path in
            try compiled.exportONNX(operands, to: path)
          }
        }
      }
    }
  }
#else
  @main
  struct ONNXCheck {
    static func main() {
      FileHandle.standardError.write(Data("onnx-check is built with the package trait ONNX: make test-onnx\n".utf8))
      exit(64)
    }
  }
#endif
