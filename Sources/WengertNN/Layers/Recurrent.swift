/// What recurrent layers share: W x + b for all steps at once, and the parameters' start, uniform in ±1/√hidden as PyTorch has it.
private func parameters(_ gates: Int, _ inputs: Int, _ hidden: Int, _ key: RandomKey, _ dtype: DType) -> [Tensor] {
  let bound = 1 / Double(hidden).squareRoot(),
    shapes: [Shape] = [[gates * hidden, inputs], [gates * hidden, hidden], [gates * hidden], [gates * hidden]]
  return shapes.enumerated().map { key.fold($0.offset).uniform($0.element, dtype: dtype) * (2 * bound) - bound }
}

/// Long short-term memory (Hochreiter & Schmidhuber 1997), as one layer of `torch.nn.LSTM`: with i, f, o = σ(…) and g = tanh(…) of W x + b + U h + d, c ← f c + i g and h ← o tanh(c).
///
/// ```swift
/// let layer = LSTM(3, 4, key: RandomKey(1))
/// let (outputs, state) = layer(RandomKey(2).normal([5, 2, 3]))  // 5 steps of 2 sequences: [5, 2, 4]; state.hidden is the last of them
/// ```
///
/// The steps are unrolled: a compiled function holds each.
public struct LSTM: ParameterTree, Sendable {
  /// W [4 · hidden, inputs] and U [4 · hidden, hidden], the rows of i, f, g, o one after another, as PyTorch's `weight_ih_l0` and `weight_hh_l0`.
  public var inputWeight: Tensor, hiddenWeight: Tensor
  /// b and d [4 · hidden].
  public var inputBias: Tensor, hiddenBias: Tensor

  public static let fields: [Field<Self>] = [
    .init("weight_ih_l0", \.inputWeight), .init("weight_hh_l0", \.hiddenWeight), .init("bias_ih_l0", \.inputBias),
    .init("bias_hh_l0", \.hiddenBias),
  ]

  /// What is known of the steps so far.
  public struct State: ParameterTree, Sendable {
    /// h and c, [batch, hidden].
    public var hidden: Tensor, cell: Tensor
    public static let fields: [Field<Self>] = [.init("hidden", \.hidden), .init("cell", \.cell)]

    /// A state of h and c, [batch, hidden] each.
    public init(hidden: Tensor, cell: Tensor) { (self.hidden, self.cell) = (hidden, cell) }
  }

  /// A new layer.
  public init(_ inputs: Int, _ hidden: Int, key: RandomKey, dtype: DType = .float32) {
    let all = parameters(4, inputs, hidden, key, dtype)
    (inputWeight, hiddenWeight, inputBias, hiddenBias) = (all[0], all[1], all[2], all[3])
  }

  /// The hidden values of all steps [steps, batch, hidden], and the state after the last, from inputs [steps, batch, inputs] and a state; nil: zeros.
  ///
  /// - Precondition: The number of steps is known.
  public func callAsFunction(_ x: Tensor, _ state: State? = nil) -> (outputs: Tensor, state: State) {
    let zero = zeroState(x, hiddenWeight), u = hiddenWeight.transpose()
    var state = state ?? State(hidden: zero, cell: zero)
    let projected = x.matmul(inputWeight.transpose()) + (inputBias + hiddenBias)
    let outputs = (0..<x.shape[0]).map { step in
      let gates = (projected[step] + state.hidden.matmul(u)).split(into: 4, axis: -1)
      state.cell = sigmoid(gates[1]) * state.cell + sigmoid(gates[0]) * tanh(gates[2])
      state.hidden = sigmoid(gates[3]) * tanh(state.cell)
      return state.hidden
    }
    return (joined(outputs, projected, hiddenWeight), state)
  }
}

/// Gated recurrent unit (Cho et al. 2014), as one layer of `torch.nn.GRU`: with r, z = σ(…) of W x + b + U h + d, n = tanh(W x + b + r (U h + d)) and h ← (1 − z) n + z h.
///
/// The steps are unrolled: a compiled function holds each.
public struct GRU: ParameterTree, Sendable {
  /// W [3 · hidden, inputs] and U [3 · hidden, hidden], the rows of r, z, n one after another, as PyTorch's `weight_ih_l0` and `weight_hh_l0`.
  public var inputWeight: Tensor, hiddenWeight: Tensor
  /// b and d [3 · hidden].
  public var inputBias: Tensor, hiddenBias: Tensor

  public static let fields: [Field<Self>] = [
    .init("weight_ih_l0", \.inputWeight), .init("weight_hh_l0", \.hiddenWeight), .init("bias_ih_l0", \.inputBias),
    .init("bias_hh_l0", \.hiddenBias),
  ]

  /// A new layer.
  public init(_ inputs: Int, _ hidden: Int, key: RandomKey, dtype: DType = .float32) {
    let all = parameters(3, inputs, hidden, key, dtype)
    (inputWeight, hiddenWeight, inputBias, hiddenBias) = (all[0], all[1], all[2], all[3])
  }

  /// The hidden values of all steps [steps, batch, hidden], the last of which is the state, from inputs [steps, batch, inputs] and a state [batch, hidden]; nil: zeros.
  ///
  /// - Precondition: The number of steps is known.
  public func callAsFunction(_ x: Tensor, _ state: Tensor? = nil) -> (outputs: Tensor, state: Tensor) {
    var h = state ?? zeroState(x, hiddenWeight)
    let u = hiddenWeight.transpose(), projected = x.matmul(inputWeight.transpose()) + inputBias
    let outputs = (0..<x.shape[0]).map { step in
      let a = projected[step].split(into: 3, axis: -1), b = (h.matmul(u) + hiddenBias).split(into: 3, axis: -1)
      let z = sigmoid(a[1] + b[1]), n = tanh(a[2] + sigmoid(a[0] + b[0]) * b[2])
      h = n + z * (h - n)
      return h
    }
    return (joined(outputs, projected, hiddenWeight), h)
  }
}

/// The hidden values of all steps as one tensor, also of none.
private func joined(_ outputs: [Tensor], _ projected: Tensor, _ hiddenWeight: Tensor) -> Tensor {
  outputs.isEmpty ? projected.narrow(-1, from: 0, count: hiddenWeight.shape[dim: 1]) : stack(outputs)
}

/// Zeros [batch, hidden] for inputs [steps, batch, inputs].
private func zeroState(_ x: Tensor, _ hiddenWeight: Tensor) -> Tensor {
  .full(0, Shape(dimensions: [x.shape[dim: 1], hiddenWeight.shape[dim: 1]]), dtype: hiddenWeight.dtype, device: hiddenWeight.device)
}
