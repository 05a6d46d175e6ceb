/// The one case list.
public enum CaseList {
  public static let all: [OperationCase] =
    unary + special + binary + comparison + selection + reduction + running + rowwise + movement + subscripts + contraction + indexing
    + sorting + random + packed + linearAlgebra + factorization + statistics + scatter + convolution + windows + pooling + complex + fourier
    + controlFlow

  /// The row of a name.
  public static func named(_ name: String) -> OperationCase? { all.first { $0.name == name } }
}

/// The only result of a one-operand function.
func one(_ f: @escaping @Sendable (Tensor) -> Tensor) -> @Sendable ([Tensor]) -> [Tensor] { { [f($0[0])] } }
func two(_ f: @escaping @Sendable (Tensor, Tensor) -> Tensor) -> @Sendable ([Tensor]) -> [Tensor] { { [f($0[0], $0[1])] } }
