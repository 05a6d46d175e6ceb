@_spi(Backend) import Wengert

/// What a model is made of, as a table: `print(summary(of: model))`.
public struct ModelSummary: Sendable, CustomStringConvertible {
  /// A tensor of the model.
  public struct Row: Sendable {
    /// The dotted name.
    public let name: String
    /// Shape and dtype.
    public let type: TensorType
    /// The number of elements.
    public let count: Int
    /// How many bytes they take.
    public let byteCount: Int
    /// Whether it is floating: optimizers leave others alone.
    public var isTrainable: Bool { type.dtype.isFloating }
  }

  /// What a call of the model takes.
  public struct Cost: Sendable {
    /// Floating-point operations, products and sums counted apart, of the kernels whose number does not depend on data.
    public let flops: Double
    /// Bytes between the kernels at a time, besides arguments and results.
    public let arenaByteCount: Int
    /// How many kernels a call runs.
    public let kernelCount: Int
    /// The result's tensors by name.
    public let results: [(name: String, type: TensorType)]
  }

  /// The model's tensors, in the order of the tree.
  public let rows: [Row]
  /// What a call takes; nil if none was made.
  public let cost: Cost?

  /// The number of elements of all tensors.
  public var parameterCount: Int { rows.reduce(0) { $0 + $1.count } }
  /// The number of elements of floating tensors.
  public var trainableCount: Int { rows.reduce(0) { $0 + ($1.isTrainable ? $1.count : 0) } }
  /// How many bytes all tensors take.
  public var byteCount: Int { rows.reduce(0) { $0 + $1.byteCount } }

  /// A line for each tensor, the sums, and what a call takes.
  public var description: String {
    var lines = [["name", "shape", "dtype", "parameters", "bytes"]]
    for row in rows {
      let dtype = "\(row.type.dtype)" + (row.isTrainable ? "" : " (not trained)")
      lines.append([row.name.isEmpty ? "(the tensor)" : row.name, "\(row.type.shape)", dtype, grouped(row.count), grouped(row.byteCount)])
    }
    let trained = trainableCount == parameterCount ? "" : "\(grouped(trainableCount)) trained"
    lines.append(["all", "", trained, grouped(parameterCount), grouped(byteCount)])
    var text = columns(lines, rightAligned: [3, 4])
    guard let cost else { return text }
    let results = cost.results.map { "\($0.name.isEmpty ? "" : $0.name + ": ")\($0.type)" }.joined(separator: ", ")
    text +=
      "\na call: \(grouped(Int(exactly: cost.flops.rounded()) ?? .max)) floating-point operations, \(grouped(cost.kernelCount)) kernels, "
    text += "\(grouped(cost.arenaByteCount)) bytes besides arguments and results\nresult: \(results)"
    return text
  }
}

/// The tensors of a model: names, shapes, dtypes, how many elements and bytes each has and all have.
///
/// ```swift
/// let text = summary(of: Linear(4, 3, key: RandomKey(1))).description  // weight  [3, 4]  float32  12  48 …
/// ```
public func summary(of model: some TensorTree) -> ModelSummary { ModelSummary(rows: model.rows, cost: nil) }

/// The same, and what a call takes: `function` is compiled for these inputs and run once.
///
/// ```swift
/// let cost = summary(of: Linear(4, 3, bias: false, key: RandomKey(1)), at: Tensor.ones([2, 4])) { $0($1) }.cost!
/// let flops = cost.flops  // 2 · 2 · 4 · 3
/// ```
///
/// Kernels whose work depends on data, attention over packed sequences for one, are not in the number of operations.
public func summary<Model: TensorTree, Input: TensorTree, Output: TensorTree>(
  of model: Model, at input: Input, options: CompileOptions = CompileOptions(), _ function: @escaping (Model, Input) -> Output
) -> ModelSummary {
  let compiled = compile(function, options), profiler = Profiler()
  compiled.profiler = profiler
  let output = compiled(model, input), program = compiled.program, measured = profiler.sum(ofKernelsNamed: "")
  let cost = ModelSummary.Cost(
    flops: (measured.milliseconds * measured.gigaflopsPerSecond * 1e6).rounded(), arenaByteCount: program?.arenaByteCount ?? 0,
    kernelCount: program?.kernelCount ?? 0, results: output.namedTensors.map { ($0.name, $0.tensor.type) })
  return ModelSummary(rows: model.rows, cost: cost)
}

extension TensorTree {
  fileprivate var rows: [ModelSummary.Row] {
    namedTensors.map { name, tensor in
      ModelSummary.Row(name: name, type: tensor.type, count: tensor.count, byteCount: tensor.count * tensor.dtype.byteCount)
    }
  }
}

/// A number with commas between its thousands.
private func grouped(_ number: Int) -> String {
  let digits = Array("\(number)")
  return digits.enumerated().map { $0.offset > 0 && (digits.count - $0.offset) % 3 == 0 ? ",\($0.element)" : "\($0.element)" }.joined()
}

/// Rows in columns as wide as their widest cell.
private func columns(_ rows: [[String]], rightAligned: Set<Int>) -> String {
  let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
  return rows.map { row in
    let cells = row.enumerated().map { column, cell in
      let space = String(repeating: " ", count: widths[column] - cell.count)
      return rightAligned.contains(column) ? space + cell : cell + space
    }
    let line = cells.joined(separator: "  ")
    return String(line.reversed().drop { $0 == " " }.reversed())
  }.joined(separator: "\n")
}
