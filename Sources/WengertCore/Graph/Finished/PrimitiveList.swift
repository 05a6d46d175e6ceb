/// The primitives that a finished program can hold, by the names that its code has for them.
enum PrimitiveList {
  static let all: [String: any Operation.Type] = [
    "attention": Attention.self, "attentionBackward": AttentionBackward.self, "branch": Branch.self, "classLoss": ClassLoss.self,
    "convolution": Convolution.self, "creation": Creation.self,
    "elementwise": Elementwise.self, "factorization": Factorization.self, "indexing": Indexing.self, "linearAlgebra": LinearAlgebra.self,
    "linearAlgebraWithInfo": LinearAlgebraWithInfo.self, "loop": Loop.self, "matMul": MatMul.self, "matMulAdd": MatMulAdd.self,
    "matMulEpilogue": MatMulEpilogue.self, "movement": Movement.self, "recurrence": Recurrence.self, "reduction": Reduction.self,
    "rows": RowOperation.self, "scan": Scan.self, "scatterAddInto": ScatterAddInto.self, "sorting": Sorting.self,
    "windows": Windows.self,
  ]

  private static let names = Dictionary(uniqueKeysWithValues: all.map { (ObjectIdentifier($0.value), $0.key) })

  /// The name of a primitive's type; nil if it is not in the list.
  static func name(of operation: any Operation) -> String? { names[ObjectIdentifier(type(of: operation))] }
}
