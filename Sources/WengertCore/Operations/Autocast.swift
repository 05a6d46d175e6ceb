/// Mixed precision (Micikevicius et al. 2018): products in a half type, parameters and everything that rounding would spoil in float32. PyTorch has this as `torch.autocast`.
///
/// | operations | their floating operands | their results |
/// |---|---|---|
/// | `matmul`, `einsum`, `attention`, and layers of them (`Linear`, `MultiHeadAttention`) with their biases | in the half type | in the half type |
/// | losses of WengertNN | in float32 | in float32 |
/// | all others | as they are, promoted where they differ | of the promoted dtype |
///
/// Float64 stays float64 everywhere. The others need no rule of their own: kernels compute in float32 whatever half type they read, and add up in float32.
///
/// A derivative of what ran so is computed likewise, wherever it is asked for, and the gradient of a float32 parameter is float32. Bfloat16 has the range of float32; gradients
/// in float16 may vanish or overflow, against which their loss is scaled (`LossScale`).
///
/// ```swift
/// let weight = Tensor([[1, 2], [3, 4]])
/// let y = Autocast.with(.bfloat16) { weight.matmul(weight) }  // bfloat16 [[7, 10], [15, 22]]
/// ```
public enum Autocast {
  /// The half type in which products are computed; nil where there is no `with`.
  public static var dtype: DType? { current }
  @TaskLocal private static var current: DType?

  /// Runs `body` with products in a half type, or as they are for nil. A compiled function that is called in it has programs of its own for that.
  ///
  /// - Precondition: `dtype` is float16, bfloat16 or nil.
  public static func with<Result>(
    _ dtype: DType?, file: StaticString = #fileID, line: UInt = #line, _ body: () throws -> Result
  ) rethrows -> Result {
    if let dtype, !dtype.isHalf {
      Caller(file, line).fail("Autocast", "products can be computed in float16 or bfloat16, not in \(dtype)")
    }
    return try $current.withValue(dtype, operation: body)
  }

  /// A factor in the half type, as an operation of one's own casts it; the tensor itself where there is no `with`, and if it is float64 or not floating.
  public static func lowered(_ x: Tensor) -> Tensor {
    guard let dtype, x.dtype.isFloating, x.dtype != .float64 else { return x }
    return x.cast(to: dtype)
  }

  /// What a loss is computed from, in float32 if it is of a half type; the tensor itself where there is no `with`.
  public static func raised(_ x: Tensor) -> Tensor { dtype != nil && x.dtype.isHalf ? x.cast(to: .float32) : x }
}

extension DType {
  /// Whether an element has 16 bits.
  var isHalf: Bool { self == .float16 || self == .bfloat16 }
}
