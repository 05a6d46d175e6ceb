import Glibc

/// A table of constants of a transform: computed in double precision on the host, and kept for the backends that have asked for it.
/// Real parts come first, imaginary parts behind them.
enum FourierTable: Hashable, Sendable {
  /// Which way a transform goes: e^(−2πi jk/n), or e^(+2πi jk/n).
  enum Direction: Hashable, Sendable {
    case forward, inverse
    var sign: Double { self == .forward ? -1 : 1 }
  }

  /// cos 2πjk/r and ± sin 2πjk/r, scaled: [2, r, r].
  case matrices(Int, Direction, scale: Double)
  /// e^(±2πi jk/n) for k < rows and j < columns, scaled: [2, rows, columns].
  case twiddles(n: Int, rows: Int, columns: Int, Direction, scale: Double)
  /// e^(±πi j²/n), scaled: [2, n].
  case chirp(Int, Direction, scale: Double)
  /// The transform of length m of the conjugate chirp, which is wrapped round at its end, over m: [2, m].
  case chirpSpectrum(n: Int, m: Int, Direction)

  /// cos πk/2n and sin πk/2n, scaled, the first by a factor of its own: [2, n].
  case halfAngles(Int, first: Double, others: Double)

  private struct Key: Hashable {
    let table: FourierTable
    let dtype: DType
    let backend: ObjectIdentifier
  }

  /// What is kept refers to its backend, so that no other one takes that one's place.
  private static let tables = Cache<Key, Tensor>(capacity: 128)

  static func removeAll() { tables.removeAll() }

  /// Both parts of the table for a transform of `x`: constants of the graph if `x` is a value of one.
  func parts(beside x: Tensor) -> (re: Tensor, im: Tensor) {
    let pair = tensor(beside: x)
    return (pair.narrow(0, from: 0, count: 1).squeeze(0), pair.narrow(0, from: 1, count: 1).squeeze(0))
  }

  private func tensor(beside x: Tensor) -> Tensor {
    Self.tables.value(for: Key(table: self, dtype: x.dtype, backend: ObjectIdentifier(x.backend))) {
      let (values, shape) = numbers
      return x.dtype == .float64
        ? Tensor(values, shape: shape, backend: x.backend) : Tensor(values.map { Float($0) }, shape: shape, backend: x.backend)
    }
  }

  var numbers: ([Double], Shape) {
    switch self {
    case .matrices(let r, let direction, let scale):
      return FourierTable.twiddles(n: r, rows: r, columns: r, direction, scale: scale).numbers
    case .twiddles(let n, let rows, let columns, let direction, let scale):
      var values = [Double](repeating: 0, count: 2 * rows * columns)
      for k in 0..<rows {
        for j in 0..<columns {
          let point = UnitCircle.point(j * k, of: n)
          values[k * columns + j] = scale * point.cos
          values[(rows + k) * columns + j] = scale * direction.sign * point.sin
        }
      }
      return (values, [2, rows, columns])
    case .halfAngles(let n, let first, let others):
      let points = (0..<n).map { UnitCircle.point($0, of: 4 * n) }
      func scaled(_ values: [Double]) -> [Double] { values.enumerated().map { $0 == 0 ? first * $1 : others * $1 } }
      return (scaled(points.map(\.cos)) + scaled(points.map(\.sin)), [2, n])
    case .chirp(let n, let direction, let scale):
      let chirp = Self.chirp(n, direction)
      return ((chirp.map(\.cos) + chirp.map(\.sin)).map { scale * $0 }, [2, n])
    case .chirpSpectrum(let n, let m, let direction):
      var (re, im) = ([Double](repeating: 0, count: m), [Double](repeating: 0, count: m))
      for (j, point) in Self.chirp(n, direction).enumerated() {
        for place in [j, (m - j) % m] { (re[place], im[place]) = (point.cos, -point.sin) }
      }
      UnitCircle.transform(&re, &im)
      return ((re + im).map { $0 / Double(m) }, [2, m])
    }
  }

  /// e^(±πi j²/n): j² is reduced by 2n, of which it is a whole number of parts.
  private static func chirp(_ n: Int, _ direction: Direction) -> [(cos: Double, sin: Double)] {
    (0..<n).map { j in
      let point = UnitCircle.point(j * j, of: 2 * n)
      return (point.cos, direction.sign * point.sin)
    }
  }
}

/// Points e^(2πi k/n), each within an ulp or so: k is reduced by whole numbers to the first eighth of the circle.
enum UnitCircle {
  static func point(_ k: Int, of n: Int) -> (cos: Double, sin: Double) {
    let k = k % n
    let (eighth, rest) = (8 * k).quotientAndRemainder(dividingBy: n)
    // The distance from the nearest axis, in eighths of n.
    let near = eighth % 2 == 0 ? rest : n - rest
    let angle = Double.pi / 4 * (Double(near) / Double(n))
    // On the diagonal both are equal.
    let (c, s) = near == n ? (0.5.squareRoot(), 0.5.squareRoot()) : (Glibc.cos(angle), Glibc.sin(angle))
    switch eighth {
    case 0: return (c, s)
    case 1: return (s, c)
    case 2: return (-s, c)
    case 3: return (-c, s)
    case 4: return (-c, -s)
    case 5: return (-s, -c)
    case 6: return (s, -c)
    default: return (c, -s)
    }
  }

  static func points(_ n: Int) -> [(cos: Double, sin: Double)] { (0..<n).map { point($0, of: n) } }

  /// The forward transform in place, of a length that is a power of two.
  static func transform(_ re: inout [Double], _ im: inout [Double]) {
    let n = re.count
    var (a, b) = (re, im), (c, d) = (re, im)
    let roots = points(n)
    // One pass for each factor of two; the results of half transforms stand side by side.
    var half = n / 2, count = 1
    while half > 0 {
      for p in 0..<count {
        for j in 0..<half {
          let x = p * 2 * half + j, y = x + half, root = roots[j * count]
          let (re, im) = (a[x] - a[y], b[x] - b[y])
          (c[p * half + j], d[p * half + j]) = (a[x] + a[y], b[x] + b[y])
          (c[(count + p) * half + j], d[(count + p) * half + j]) = (re * root.cos + im * root.sin, im * root.cos - re * root.sin)
        }
      }
      swap(&a, &c)
      swap(&b, &d)
      half /= 2
      count *= 2
    }
    (re, im) = (a, b)
  }
}
