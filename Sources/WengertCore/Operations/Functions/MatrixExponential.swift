extension Tensor {
  /// eᴬ = Σ Aᵏ/k! for each matrix A of [..., n, n].
  ///
  /// Float32 or float64, by the Padé approximant of degree 13 of A/2ˢ, squared s times (Higham 2005). Always 16 squarings are computed, of which each matrix takes as many as
  /// it needs: a matrix whose largest sum of |aᵢⱼ| of a column is above 3.5·10⁵ gives NaN. `scipy.linalg.expm` is alike.
  ///
  /// - Precondition: Square matrices on the last two axes, of float32 or float64.
  public func matrixExponential(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    let caller = Caller(file, line)
    requireSquare("matrixExponential", caller)
    let squarings = 16, norm = abs(stopGradient(self)).sum(axes: [-2]).largest.expandDims(-1)
    /// Whether squaring number `i` is needed.
    func isNeeded(_ i: Int) -> Tensor { norm .> 5.371920351148152 * Double(1 << i) }
    let isTooLarge = isNeeded(squarings)
    var scaled = WengertCore.select(isTooLarge, constant(0), self)
    for i in 0..<squarings { scaled = scaled * WengertCore.select(isNeeded(i), constant(0.5), constant(1)) }
    var power = Self.padeExponential(scaled, caller)
    for i in 0..<squarings {
      // What is squared for nothing is zero, so that nothing overflows.
      let base = WengertCore.select(isNeeded(i), power, constant(0))
      power = WengertCore.select(isNeeded(i), base.multiplied(by: base, caller), power)
    }
    return WengertCore.select(isTooLarge, constant(.nan), power)
  }

  private static func padeExponential(_ a: Tensor, _ caller: Caller) -> Tensor {
    let b = [
      64_764_752_532_480_000, 32_382_376_266_240_000, 7_771_770_303_897_600, 1_187_353_796_428_800, 129_060_195_264_000, 10_559_470_521_600,
      670_442_572_800, 33_522_128_640, 1_323_241_920, 40_840_800, 960_960, 16_380, 182, 1.0,
    ].map { $0 / 64_764_752_532_480_000 }
    func product(_ x: Tensor, _ y: Tensor) -> Tensor { x.multiplied(by: y, caller) }
    let one = identity(a.shape[dim: a.rank - 1], beside: a), a2 = product(a, a), a4 = product(a2, a2), a6 = product(a4, a2)
    /// The terms of b whose degrees are even (from 0 on) or odd (from 1 on), divided by A if these.
    func sum(_ first: Int) -> Tensor {
      let high = a6 * b[first + 12] + a4 * b[first + 10] + a2 * b[first + 8]
      return product(a6, high) + a6 * b[first + 6] + a4 * b[first + 4] + a2 * b[first + 2] + one * b[first]
    }
    let odd = product(a, sum(1)), even = sum(0)
    return solve(even - odd, even + odd, file: caller.file, line: caller.line)
  }
}
