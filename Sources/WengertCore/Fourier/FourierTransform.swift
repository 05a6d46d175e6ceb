/// Real and imaginary parts, of one shape.
typealias Parts = (re: Tensor, im: Tensor)

/// The discrete Fourier transform along the middle axis of [rows, n, columns], scale · Σ x[j] e^(±2πi jk/n), composed of products with the matrices of short transforms (`FourierPlan`) and of
/// multiplications by points of the unit circle.
struct FourierTransform {
  var direction: FourierTable.Direction
  var scale: Double
  var caller: Caller

  /// The transform of complex numbers, or of real ones.
  func callAsFunction(_ re: Tensor, _ im: Tensor?) -> Parts {
    let n = re.shape[1]
    guard let radices = FourierPlan.radices(n) else { return chirped(re, im ?? re.constant(0).broadcast(to: re.shape)) }
    if let count = re.shape[dim: 0].number, re.shape[dim: 2].number == 1, radices.count > 1, count >= n {
      // Short transforms of many rows go along columns, which are long.
      let y = self(re.permute(2, 1, 0), im?.permute(2, 1, 0))
      return (y.re.permute(2, 1, 0), y.im.permute(2, 1, 0))
    }
    // Cooley & Tukey 1965, in the order of Stockham. After some steps there are `done` transforms of `rest` numbers left, [rows, done, rest, columns]: a step with radix r reads
    // rest = r · m as numbers j₁m + j₂, transforms along j₁ to k₁, multiplies by w^(j₂k₁), and makes k₁ the first index of what is done, so that the last step's results are in order.
    let rows = re.shape[dim: 0].unnamed, columns = re.shape[dim: 2].unnamed
    var state: (re: Tensor, im: Tensor?) = (re, im), done = 1, rest = n
    for r in radices.dropLast() {
      let m = rest / r
      let extents = [rows, Dimension(done), Dimension(r), Dimension(m) * columns]
      let products = Products(state, .matrices(r, direction, scale: 1), extents, caller)
      let table = FourierTable.twiddles(n: rest, rows: r, columns: m, direction, scale: 1).parts(beside: re)
      if done == 1 && columns.number == 1 {
        // Rows as long as they can be.
        let whole = Shape(dimensions: [rows, Dimension(rest)])
        state = combined(products.map { $0.reshape(whole) }, (table.re.flatten(), table.im.flatten()))
      } else {
        let parts = Shape(dimensions: [rows, Dimension(done), Dimension(r), Dimension(m), columns])
        let turns = Shape([r, 1, m, 1])
        state = combined(products.map { $0.reshape(parts).permute(0, 2, 1, 3, 4) }, (table.re.reshape(turns), table.im.reshape(turns)))
      }
      (done, rest) = (done * r, m)
    }
    let shape = Shape(dimensions: [rows, Dimension(n), columns]), last = FourierTable.matrices(rest, direction, scale: scale)
    let result: Parts
    if columns.number == 1 {
      let products = Products(state, last, [rows, Dimension(done), Dimension(rest)], isTransposed: true, caller)
      result = combined(products.map { $0.reshape(Shape(dimensions: [rows, Dimension(n)])) }, nil)
    } else {
      let products = Products(state, last, [rows, Dimension(done), Dimension(rest), columns], caller)
      result = combined(products.map { $0.permute(0, 2, 1, 3) }, nil)
    }
    return (result.re.reshape(shape), result.im.reshape(shape))
  }

  /// The products of which a complex one is made: (C + iS)(x + iy) = (Cx − Sy) + i(Cy + Sx).
  private struct Products {
    var cx: Tensor, sx: Tensor
    var cy: Tensor?, sy: Tensor?

    init(
      _ state: (re: Tensor, im: Tensor?), _ table: FourierTable, _ dimensions: [Dimension], isTransposed: Bool = false, _ caller: Caller
    ) {
      let (c, s) = table.parts(beside: state.re), shape = Shape(dimensions: dimensions)
      func product(_ matrix: Tensor, _ x: Tensor) -> Tensor {
        let x = x.reshape(shape)
        return matrix.multiplied(by: isTransposed ? x.transpose() : x, caller)
      }
      (cx, sx) = (product(c, state.re), product(s, state.re))
      (cy, sy) = (state.im.map { product(c, $0) }, state.im.map { product(s, $0) })
    }

    func map(_ change: (Tensor) -> Tensor) -> Products {
      var result = self
      (result.cx, result.sx, result.cy, result.sy) = (change(cx), change(sx), cy.map(change), sy.map(change))
      return result
    }
  }

  /// The sums of products, times constants if there are any.
  private func combined(_ products: Products, _ turns: Parts?) -> Parts {
    if let cy = products.cy, let sy = products.sy { return run([products.cx, sy, cy, products.sx], areSums: false, turns) }
    return turns == nil ? (products.cx, products.sx) : run([products.cx, products.sx], areSums: true, turns)
  }

  /// Complex numbers times constants that broadcast against them.
  private func turned(_ x: Parts, _ turns: Parts) -> Parts { run([x.re, x.im], areSums: true, turns) }

  /// One pass over a complex number, or over the four products that it is made of, and constants by which it is multiplied.
  private func run(_ numbers: [Tensor], areSums: Bool, _ turns: Parts?) -> Parts {
    let dtype = numbers[0].dtype
    let program = RowFunctions.program(areSums ? "turn" : turns == nil ? "complex sum" : "complex sum turned", dtype) { b in
      let n = numbers.map { _ in b.row(dtype) }
      let (re, im) = areSums ? (n[0], n[1]) : (n[0] - n[1], n[2] + n[3])
      if turns == nil {
        b.store(re, as: dtype)
        b.store(im, as: dtype)
      } else {
        let c = b.row(dtype), s = b.row(dtype)
        b.store(re * c - im * s, as: dtype)
        b.store(im * c + re * s, as: dtype)
      }
    }
    let operation = RowOperation(program: program, rule: .replay, shape: numbers[0].shape)
    let parts = apply(operation, numbers + (turns.map { [$0.re, $0.im] } ?? []), caller)
    return (parts[0], parts[1])
  }

  /// A transform of any length as a convolution with e^(±πi j²/n) (Bluestein 1970), by transforms of a power of two that is long enough: 2jk = j² + k² − (j − k)².
  private func chirped(_ re: Tensor, _ im: Tensor) -> Parts {
    let n = re.shape[1]
    var m = 1
    while m < 2 * n - 1 { m *= 2 }
    func table(_ table: FourierTable, _ count: Int) -> Parts {
      let parts = table.parts(beside: re)
      return (parts.re.reshape([count, 1]), parts.im.reshape([count, 1]))
    }
    func padded(_ x: Tensor) -> Tensor { x.pad([(0, 0), (0, m - n), (0, 0)]) }
    func cut(_ x: Tensor) -> Tensor { x.narrow(1, 0, Dimension(n), caller) }
    let there = FourierTransform(direction: .forward, scale: 1, caller: caller)
    let back = FourierTransform(direction: .inverse, scale: 1, caller: caller)
    let a = turned((re, im), table(.chirp(n, direction, scale: 1), n))
    let spectrum = turned(there(padded(a.re), padded(a.im)), table(.chirpSpectrum(n: n, m: m, direction), m))
    let y = back(spectrum.re, spectrum.im)
    return turned((cut(y.re), cut(y.im)), table(.chirp(n, direction, scale: scale), n))
  }
}

// Real numbers of an even length n are h = n/2 complex ones, xⱼ = a₂ⱼ + i a₂ⱼ₊₁. The transform Z of these holds those of both: E + iO, where E = (Z[k] + Z̄[h − k])/2 and O = (Z[k] − Z̄[h − k])/2i,
// and the transform of the whole is E + e^(−2πik/n) O.
extension FourierTransform {
  /// The first ⌊n/2⌋ + 1 frequencies of real numbers [rows, n, columns].
  func ofReal(_ x: Tensor) -> Parts {
    let n = x.shape[1], h = n / 2
    guard n % 2 == 0 else {
      let all = self(x, nil)
      return (all.re.narrow(1, 0, Dimension(h + 1), caller), all.im.narrow(1, 0, Dimension(h + 1), caller))
    }
    let (rows, columns) = (x.shape[dim: 0], x.shape[dim: 2])
    let pairs = x.reshape(Shape(dimensions: [rows, Dimension(h), 2, columns]))
    func half(_ i: Int) -> Tensor { pairs.narrow(2, Dimension(i), 1, caller).squeeze([2]) }
    var inner = self
    inner.scale = scale / 2
    let z = inner(half(0), half(1))
    // Z[h] is Z[0].
    func round(_ x: Tensor) -> Tensor { concatenate([x, x.narrow(1, 0, 1, caller)], axis: 1) }
    let dtype = x.dtype
    return passed("real spectrum", (round(z.re), round(z.im)), h, n) { b in
      let (a, f) = (b.row(dtype), b.row(dtype)), (c, g) = (b.row(dtype), b.row(dtype))
      let (cos, sin) = (b.row(dtype), b.row(dtype)), (oddReal, oddImaginary) = (f + g, a - c)
      b.store(a + c + (oddReal * cos + oddImaginary * sin), as: dtype)
      b.store(f - g + (oddReal * sin - oddImaginary * cos), as: dtype)
    }
  }

  /// n real numbers [rows, n, columns] from their first ⌊n/2⌋ + 1 frequencies.
  func toReal(_ x: Parts, _ n: Int) -> Tensor {
    let h = n / 2
    guard n % 2 == 0 else {
      func mirrored(_ x: Tensor) -> Tensor { x.narrow(1, 1, Dimension(h), caller).flip(1) }
      return self(concatenate([x.re, mirrored(x.re)], axis: 1), concatenate([x.im, -mirrored(x.im)], axis: 1)).re
    }
    // The frequencies 0 and n/2 are real.
    let imaginary = x.im.narrow(1, 1, Dimension(h - 1), caller).pad([(0, 0), (1, 1), (0, 0)])
    let dtype = x.re.dtype
    let z = passed("real numbers", (x.re, imaginary), h, n) { b in
      let (a, f) = (b.row(dtype), b.row(dtype)), (c, g) = (b.row(dtype), b.row(dtype))
      let (cos, sin) = (b.row(dtype), b.row(dtype)), (oddReal, oddImaginary) = (a - c, f + g)
      b.store(a + c - (oddImaginary * cos + oddReal * sin), as: dtype)
      b.store(f - g + (oddReal * cos - oddImaginary * sin), as: dtype)
    }
    func cut(_ x: Tensor) -> Tensor { x.narrow(1, 0, Dimension(h), caller) }
    let pairs = self(cut(z.re), cut(z.im))
    let shape = Shape(dimensions: [x.re.shape[dim: 0], Dimension(n), x.re.shape[dim: 2]])
    return stack([pairs.re, pairs.im], axis: 2).reshape(shape)
  }

  /// A pass over a spectrum of h + 1 frequencies, the same backwards, and e^(±2πik/n).
  private func passed(_ name: String, _ x: Parts, _ h: Int, _ n: Int, _ build: (RowBuilder) -> Void) -> Parts {
    let roots = FourierTable.twiddles(n: n, rows: 2, columns: h + 1, direction, scale: 1).parts(beside: x.re)
    let shape = x.re.shape, isLine = shape[dim: 2].number == 1
    // Rows as long as they can be.
    let line = isLine ? shape.prefix(2) : shape, column: Shape = isLine ? [h + 1] : [h + 1, 1]
    func root(_ x: Tensor) -> Tensor { x.narrow(0, 1, 1, caller).reshape(column) }
    let (re, im) = (x.re.reshape(line), x.im.reshape(line))
    let program = RowFunctions.program(name, x.re.dtype, build)
    let operands = [re, im, re.flip(1), im.flip(1), root(roots.re), root(roots.im)]
    let parts = apply(RowOperation(program: program, rule: .replay, shape: line), operands, caller)
    return (parts[0].reshape(shape), parts[1].reshape(shape))
  }
}
