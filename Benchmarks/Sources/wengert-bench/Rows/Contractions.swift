import Wengert

extension Row {
  private static let heads: Shape = [32, 8, 128, 64]

  // Operations are counted as those of the products that are the largest part of each.
  static let contractions: [Row] = joined(
    arithmetic(
      "[64, 128, 128] twice", flops: 2 * 64 * 128 * 128 * 128, { [normal([64, 128, 128]), normal([64, 128, 128], seed: 2)] },
      [
        "einsum-batched": { [einsum("bij,bjk->bik", $0[0], $0[1])] }, "einsum-transposed": { [einsum("bij,bkj->bki", $0[0], $0[1])] },
        "tensordot": { [$0[0].tensordot($0[1], axes: ([0, 2], [0, 2]))] },
      ]),
    arithmetic(
      "\(heads) twice", flops: 4 * Double(heads.elementCount) * 128, { [normal(heads), normal(heads, seed: 2)] },
      ["einsum-attention": { [einsum("bhqd,bhkd->bhqk", $0[0], $0[1])] }]),
    arithmetic(
      "[512, 512] thrice", flops: 4 * 512 * 512 * 512,
      { [normal([512, 512]), normal([512, 512], seed: 2), normal([512, 512], seed: 3)] },
      ["einsum-chain": { [einsum("ij,jk,kl->il", $0[0], $0[1], $0[2])] }]),
    arithmetic(
      "[1024, 64] twice", flops: 2 * 1024 * 1024 * 64, { [normal([1024, 64]), normal([1024, 64], seed: 2)] },
      ["cdist": { [$0[0].cdist($0[1])] }, "cdist-1": { [$0[0].cdist($0[1], p: 1)] }, "cdist-inf": { [$0[0].cdist($0[1], p: .infinity)] }]),
    memory(
      "[2097152] twice", elements: 2 << 21, { [normal([1 << 21]), normal([1 << 21], seed: 2)] },
      ["dot": { [$0[0].matmul($0[1])] }, "einsum-dot": { [einsum("i,i->", $0[0], $0[1])] }]),
    memory(
      "[1024], [2048]", elements: 1 << 21, { [normal([1024]), normal([2048], seed: 2)] },
      ["outer": { [$0[0].outer($0[1])] }, "einsum-outer": { [einsum("i,j->ij", $0[0], $0[1])] }]),
    memory(
      "[64, 64], [24, 24]", elements: 1536 * 1536, { [normal([64, 64]), normal([24, 24], seed: 2)] }, ["kron": { [$0[0].kron($0[1])] }]),
    memory(
      "[1000000, 3] twice", elements: 9_000_000, { [normal([1_000_000, 3]), normal([1_000_000, 3], seed: 2)] },
      ["cross": { [$0[0].cross($0[1])] }]),
    memory(
      "[64, 256, 128]", elements: 2 << 21, { [normal([64, 256, 128])] },
      ["einsum-permuted": { [einsum("ijk->kji", $0[0]) + 1] }, "einsum-sum": { [einsum("ijk->kj", $0[0])] }]),
    memory(
      "[16384, 16, 16]", elements: 16384 * 16, { [normal([16384, 16, 16])] },
      [
        "diagonal": { [$0[0].diagonal() + 1] }, "trace": { [$0[0].diagonal().sum(axes: [-1])] },
        "einsum-diagonal": { [einsum("bii->bi", $0[0]) + 1] },
      ]))
}
