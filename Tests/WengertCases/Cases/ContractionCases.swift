extension CaseList {
  /// Base shape [m, k, n].
  private static let sizes: [Shape] = [
    [3, 4, 5], [1, 1, 1], [7, 3, 2], [8, 16, 9], [17, 33, 15], [2, 65, 3], [3, 0, 2], [0, 3, 2], [64, 65, 63], [1, 40, 30], [30, 40, 1],
  ]
  private static let small: [Shape] = [[3, 4, 5], [1, 1, 1], [7, 3, 2], [5, 17, 9], [2, 0, 3]]

  private static func product(
    _ name: String, shapes: [Shape] = small, dtypes: [DType] = DType.floats, _ a: @escaping @Sendable (Shape) -> Shape,
    _ b: @escaping @Sendable (Shape) -> Shape, _ f: @escaping @Sendable (Tensor, Tensor) -> Tensor = { $0.matmul($1) }
  ) -> OperationCase {
    OperationCase(name, [.real(shape: a), .real(shape: b)], shapes: shapes, dtypes: dtypes, accuracy: .composed(4), two(f))
  }

  public static let contraction: [OperationCase] = [
    product("matmul", shapes: sizes, dtypes: DType.floats + [.int32, .int64], { [$0[0], $0[1]] }, { [$0[1], $0[2]] }),
    product("matmul batched", { [2, $0[0], $0[1]] }, { [2, $0[1], $0[2]] }),
    product("matmul batch by matrix", { [2, 3, $0[0], $0[1]] }, { [$0[1], $0[2]] }),
    product("matmul matrix by batch", { [$0[0], $0[1]] }, { [3, $0[1], $0[2]] }),
    product("matmul broadcast batches", { [2, 1, $0[0], $0[1]] }, { [1, 3, $0[1], $0[2]] }),
    product("matmul vector by matrix", { [$0[1]] }, { [$0[1], $0[2]] }),
    product("matmul matrix by vector", { [$0[0], $0[1]] }, { [$0[1]] }),
    product("matmul vectors", { [$0[1]] }, { [$0[1]] }),
    product("matmul batch by vector", { [2, $0[0], $0[1]] }, { [$0[1]] }),
    product("matmul transposed", shapes: sizes, { [$0[1], $0[0]] }, { [$0[2], $0[1]] }) { $0.transpose().matmul($1.transpose()) },
    product("matmul batched transposed", { [2, $0[0], $0[1]] }, { [2, $0[2], $0[1]] }) { $0.matmul($1.transpose()) },

    product("einsum bij,bjk->bik", { [2, $0[0], $0[1]] }, { [2, $0[1], $0[2]] }) { einsum("bij,bjk->bik", $0, $1) },
    product("einsum ij,kj", { [$0[0], $0[1]] }, { [$0[2], $0[1]] }) { einsum("ij,kj", $0, $1) },
    product("einsum i,j->ij", { [$0[0]] }, { [$0[1]] }) { einsum("i,j->ij", $0, $1) },
    product("einsum ij,ij->", { [$0[0], $0[1]] }, { [$0[0], $0[1]] }) { einsum("ij,ij->", $0, $1) },
    product("einsum bhqd,bhkd->bhqk", { [2, $0[0], 3, $0[1]] }, { [2, $0[0], $0[2], $0[1]] }) { einsum("bhqd,bhkd->bhqk", $0, $1) },
    product("einsum ...ij,jk->...ik", { [2, 3, $0[0], $0[1]] }, { [$0[1], $0[2]] }) { einsum("...ij,jk->...ik", $0, $1) },
    product("einsum ij,j->ji", { [$0[0], $0[1]] }, { [$0[1]] }) { einsum("ij,j->ji", $0, $1) },
    OperationCase("einsum ii->i", [.real(shape: { [$0[0], $0[0]] })], shapes: small, accuracy: .composed(4)) { [einsum("ii->i", $0[0])] },
    OperationCase("einsum ii", [.real(shape: { [$0[0], $0[0]] })], shapes: small, accuracy: .composed(4)) { [einsum("ii", $0[0])] },
    OperationCase("einsum ijk->kj", [.real()], shapes: small, accuracy: .composed(4)) { [einsum("ijk->kj", $0[0])] },
    OperationCase(
      "einsum ij,jk,kl->il", [.real(shape: { [$0[0], $0[1]] }), .real(shape: { [$0[1], $0[2]] }), .real(shape: { [$0[2], 2] })],
      shapes: small, accuracy: .composed(8)
    ) { [einsum("ij,jk,kl->il", $0[0], $0[1], $0[2])] },
  ]
}
