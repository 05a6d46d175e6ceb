import WengertNN

extension PyTorchOperationsGuide {
  /// Shapes.
  func shapes(_ row: TableValues) {
    row(#"v.expandDims(0)"#, v.expandDims(0))
    row(
      #"concatenate([x.pad([(0, 0), (0, 3)]), a.pad([(0, 0), (3, 0)])])"#,
      concatenate([x.pad([(0, 0), (0, 3)]), a.pad([(0, 0), (3, 0)])]))
    row(#"x, v.broadcast(to: x.shape)"#, x, v.broadcast(to: x.shape))
    row(#"v.broadcast(to: [2, 3])"#, v.broadcast(to: [2, 3]))
    row(#"stack([v.repeated(3, axis: 0), t.tile([3])], axis: 1)"#, stack([v.repeated(3, axis: 0), t.tile([3])], axis: 1))
    row(#"concatenate([x, y], axis: 1)"#, concatenate([x, y], axis: 1))
    row(#"x.split(into: 3, axis: 1)"#, x.split(into: 3, axis: 1))
    row(#"stack([v, t], axis: 1)"#, stack([v, t], axis: 1))
    row(#"v.gather(Tensor.ones([3, 3]).upperTriangle(1).nonzero())"#, v.gather(Tensor.ones([3, 3]).upperTriangle(1).nonzero()))
    row(#"x.transpose().contiguous()"#, x.transpose().contiguous())
    row(#"Tensor.eye(3) * v, a.diagonal()"#, Tensor.eye(3) * v, a.diagonal())
    row(#"x.expandDims(2) * Tensor.eye(3)"#, x.expandDims(2) * Tensor.eye(3))
    row(#"Tensor.eye(6) * x.flatten()"#, Tensor.eye(6) * x.flatten())
    row(#"a.diagonal(offset: 1)"#, a.diagonal(offset: 1))
    row(#"z.split(into: 2, axis: 2)"#, z.split(into: 2, axis: 2))
    row(#"stack([x, y], axis: 2)"#, stack([x, y], axis: 2))
    row(#"v.broadcast(to: [2, 3])"#, v.broadcast(to: [2, 3]))
    row(#"v.broadcast(to: x.shape)"#, v.broadcast(to: x.shape))
    row(#"v.fftShift()"#, v.fftShift())
    row(#"v.ifftShift()"#, v.ifftShift())
    row(#"x.flatten()"#, x.flatten())
    row(#"x.flip(0, 1)"#, x.flip(0, 1))
    row(#"x.flip(1)"#, x.flip(1))
    row(#"x.flip(0)"#, x.flip(0))
    row(#"x.split(into: 3, axis: 1)"#, x.split(into: 3, axis: 1))
    row(#"concatenate([x, y], axis: 1)"#, concatenate([x, y], axis: 1))
    row(#"z.transpose()"#, z.transpose())
    row(
      #"v.expandDims(1).broadcast(to: [3, 3]), b.broadcast(to: [3, 3])"#, v.expandDims(1).broadcast(to: [3, 3]), b.broadcast(to: [3, 3]))
    row(#"z.moveAxis(0, to: 2)"#, z.moveAxis(0, to: 2))
    row(#"x.narrow(1, from: 1, count: 2)"#, x.narrow(1, from: 1, count: 2))
    row(#"q.reshape([1, 2, 2, 2, 3]).transpose(1, 2).reshape(q.shape)"#, q.reshape([1, 2, 2, 2, 3]).transpose(1, 2).reshape(q.shape))
    row(
      #"x.pad([(0, 0), (1, 2)]), x.pad([(0, 0), (1, 1)], mode: .replicate)"#, x.pad([(0, 0), (1, 2)]),
      x.pad([(0, 0), (1, 1)], mode: .replicate))
    row(
      #"q.reshape([1, 1, 2, 2, 2, 3]).permute(0, 1, 4, 2, 5, 3).reshape([1, 1, 4, 6])"#,
      q.reshape([1, 1, 2, 2, 2, 3]).permute(0, 1, 4, 2, 5, 3).reshape([1, 1, 4, 6]))
    row(
      #"r.reshape([2, 2, 2, 2, 2, 2]).permute(0, 1, 3, 5, 2, 4).reshape([2, 8, 2, 2])"#,
      r.reshape([2, 2, 2, 2, 2, 2]).permute(0, 1, 3, 5, 2, 4).reshape([2, 8, 2, 2]))
    row(
      #"r.unfold(2, size: 2).unfold(3, size: 2).permute(0, 1, 4, 5, 2, 3).reshape([2, 8, 9])"#,
      r.unfold(2, size: 2).unfold(3, size: 2).permute(0, 1, 4, 5, 2, 3).reshape([2, 8, 9]))
    row(#"z.permute(2, 0, 1)"#, z.permute(2, 0, 1))
    row(#"x.flatten()"#, x.flatten())
    row(#"x.tile([2, 1])"#, x.tile([2, 1]))
    row(#"x.repeated(2, axis: 0)"#, x.repeated(2, axis: 0))
    row(#"x.reshape([3, 2])"#, x.reshape([3, 2]))
    row(#"x.flatten().reshape(y.shape)"#, x.flatten().reshape(y.shape))
    row(#"x.roll(1, axis: 1)"#, x.roll(1, axis: 1))
    row(#"x.transpose().flip(0)"#, x.transpose().flip(0))
    row(#"x[0..., 2]"#, x[0..., 2])
    row(#"x[0..., 0..<2]"#, x[0..., 0..<2])
    row(#"x.split([1, 1])"#, x.split([1, 1]))
    row(#"x.split([1, 2], axis: 1)"#, x.split([1, 2], axis: 1))
    row(#"q.squeeze(0)"#, q.squeeze(0))
    row(#"stack([x, y])"#, stack([x, y]))
    row(#"x.sum(axis: 0, keepDims: true)"#, x.sum(axis: 0, keepDims: true))
    row(#"x.transpose()"#, x.transpose())
    row(#"x.transpose()"#, x.transpose())
    row(#"v.split([2, 1])"#, v.split([2, 1]))
    row(#"x.tile([2, 1])"#, x.tile([2, 1]))
    row(#"z.transpose(0, 1)"#, z.transpose(0, 1))
    row(#"a.lowerTriangle()"#, a.lowerTriangle())
    row(#"a.upperTriangle(1)"#, a.upperTriangle(1))
    row(#"x.split(into: 2).map { $0.squeeze(0) }"#, x.split(into: 2).map { $0.squeeze(0) })
    row(#"z.reshape([2, 3, 2, 2])"#, z.reshape([2, 3, 2, 2]))
    row(#"v.unfold(0, size: 2)"#, v.unfold(0, size: 2))
    row(#"x.expandDims(1)"#, x.expandDims(1))
    row(#"x.reshape([3, 2])"#, x.reshape([3, 2]))
    row(#"x.reshape(y.shape)"#, x.reshape(y.shape))
    row(#"x.split(into: 2)"#, x.split(into: 2))
    row(#"concatenate([x, y])"#, concatenate([x, y]))
  }

  /// Indices.
  func indices(_ row: TableValues) {
    do {
      let c = 2 * Tensor.iota(2).expandDims(1) + Tensor.iota(2)
      row(#"let c = 2 * Tensor.iota(2).expandDims(1) + Tensor.iota(2); x.flatten().gather(c)"#, x.flatten().gather(c))
    }
    do {
      let c = 2 * Tensor.iota(2).expandDims(1) + Tensor.iota(2)
      row(
        #"let c = 2 * Tensor.iota(2).expandDims(1) + Tensor.iota(2); x.flatten().scatter(y[0..., 0..<2], at: c).reshape(x.shape)"#,
        x.flatten().scatter(y[0..., 0..<2], at: c).reshape(x.shape))
    }
    row(#"select(Tensor.eye(3) .== 1, v, a)"#, select(Tensor.eye(3) .== 1, v, a))
    row(#"x.takeAlong(j, axis: 1)"#, x.takeAlong(j, axis: 1))
    row(#"x.scatter(y, at: i, mode: .add)"#, x.scatter(y, at: i, mode: .add))
    row(#"x.scatter(y, at: i)"#, x.scatter(y, at: i))
    row(#"x.scatter(Tensor(9), at: i, axis: 1)"#, x.scatter(Tensor(9), at: i, axis: 1))
    row(#"x.scatter(y, at: i)"#, x.scatter(y, at: i))
    row(#"x.scatter(y, at: i, mode: .maximum)"#, x.scatter(y, at: i, mode: .maximum))
    row(#"x.gather(i, axis: 1)"#, x.gather(i, axis: 1))
    do {
      let c = m.flatten().cast(to: .int64).cumulativeSum() - 1
      row(
        #"let c = m.flatten().cast(to: .int64).cumulativeSum() - 1; select(m, y.flatten().gather(c).reshape(x.shape), x)"#,
        select(m, y.flatten().gather(c).reshape(x.shape), x))
    }
    row(#"x.maskedSelect(m)"#, x.maskedSelect(m))
    row(#"a.gather(i)"#, a.gather(i))
    row(#"x.flatten().scatter(v[0..<2], at: i).reshape(x.shape)"#, x.flatten().scatter(v[0..<2], at: i).reshape(x.shape))
    row(#"x.scatterAlong(y, at: j, axis: 1)"#, x.scatterAlong(y, at: j, axis: 1))
    row(#"x.scatterAlong(y, at: j, axis: 1, mode: .add)"#, x.scatterAlong(y, at: j, axis: 1, mode: .add))
    row(#"x.scatterAlong(y, at: j, axis: 1, mode: .mean)"#, x.scatterAlong(y, at: j, axis: 1, mode: .mean))
    row(#"x.scatter(v.expandDims(0), at: Tensor([1]))"#, x.scatter(v.expandDims(0), at: Tensor([1])))
    row(#"x.scatter(y[0..., 1...], at: Tensor([1, 2]), axis: 1)"#, x.scatter(y[0..., 1...], at: Tensor([1, 2]), axis: 1))
    row(#"x.flatten().gather(j)"#, x.flatten().gather(j))
    row(#"x.takeAlong(j, axis: 1)"#, x.takeAlong(j, axis: 1))
  }
}
