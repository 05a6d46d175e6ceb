// Arithmetic of complex tensors with complex ones, with tensors of real numbers and with numbers; shapes broadcast, dtypes are promoted.
extension ComplexTensor {
  /// The sum, element by element; real operands count as complex ones, here and for all operators.
  ///
  /// - Precondition: The shapes broadcast.
  public static func + (a: ComplexTensor, b: ComplexTensor) -> ComplexTensor { ComplexTensor(a.real + b.real, a.imaginary + b.imaginary) }
  /// The difference, element by element.
  public static func - (a: ComplexTensor, b: ComplexTensor) -> ComplexTensor { ComplexTensor(a.real - b.real, a.imaginary - b.imaginary) }

  /// (a + bi)(c + di) = (ac − bd) + (ad + bc)i, element by element.
  public static func * (a: ComplexTensor, b: ComplexTensor) -> ComplexTensor {
    ComplexTensor(a.real * b.real - a.imaginary * b.imaginary, a.real * b.imaginary + a.imaginary * b.real)
  }

  /// The quotient, element by element, of operands that are scaled by the larger part of the divisor, so that no square overflows or vanishes (cf. Smith 1962).
  public static func / (a: ComplexTensor, b: ComplexTensor) -> ComplexTensor {
    let size = stopGradient(maximum(abs(b.real), abs(b.imaginary)))
    // A divisor of zero or of infinity is not scaled.
    let scale = select((size .> 0) .& isFinite(size), size, size.constant(1))
    let divisor = b / scale
    let product = a * divisor.conjugate
    return product / divisor.squaredMagnitude / scale
  }

  /// The sum with real numbers, element by element.
  public static func + (a: ComplexTensor, b: Tensor) -> ComplexTensor { a + ComplexTensor(b) }
  /// The sum with real numbers, element by element.
  public static func + (a: Tensor, b: ComplexTensor) -> ComplexTensor { ComplexTensor(a) + b }
  /// The difference of complex numbers and real ones, element by element.
  public static func - (a: ComplexTensor, b: Tensor) -> ComplexTensor { a - ComplexTensor(b) }
  /// The difference of real numbers and complex ones, element by element.
  public static func - (a: Tensor, b: ComplexTensor) -> ComplexTensor { ComplexTensor(a) - b }
  /// The product with real numbers, element by element.
  public static func * (a: ComplexTensor, b: Tensor) -> ComplexTensor {
    let b = b.complexPart("multiply", Caller(#fileID, #line))
    return a.mapParts { $0 * b }
  }
  /// The product with real numbers, element by element.
  public static func * (a: Tensor, b: ComplexTensor) -> ComplexTensor { b * a }
  /// The quotient by real numbers, element by element.
  public static func / (a: ComplexTensor, b: Tensor) -> ComplexTensor {
    let b = b.complexPart("divide", Caller(#fileID, #line))
    return a.mapParts { $0 / b }
  }
  /// The quotient of real numbers by complex ones, element by element.
  public static func / (a: Tensor, b: ComplexTensor) -> ComplexTensor { ComplexTensor(a) / b }

  /// The sum with a real number.
  public static func + (a: ComplexTensor, b: Double) -> ComplexTensor { ComplexTensor(a.real + b, a.imaginary) }
  /// The sum with a real number.
  public static func + (a: Double, b: ComplexTensor) -> ComplexTensor { b + a }
  /// Each element less a real number.
  public static func - (a: ComplexTensor, b: Double) -> ComplexTensor { ComplexTensor(a.real - b, a.imaginary) }
  /// A real number less each element.
  public static func - (a: Double, b: ComplexTensor) -> ComplexTensor { ComplexTensor(a - b.real, -b.imaginary) }
  /// The product with a real number.
  public static func * (a: ComplexTensor, b: Double) -> ComplexTensor { a.mapParts { $0 * b } }
  /// The product with a real number.
  public static func * (a: Double, b: ComplexTensor) -> ComplexTensor { b * a }
  /// The quotient by a real number.
  public static func / (a: ComplexTensor, b: Double) -> ComplexTensor { a.mapParts { $0 / b } }
  /// A real number divided by each element.
  public static func / (a: Double, b: ComplexTensor) -> ComplexTensor { ComplexTensor(b.real.constant(a)) / b }

  /// The negative of each element.
  public static prefix func - (a: ComplexTensor) -> ComplexTensor { a.mapParts { -$0 } }
  /// Adds, element by element.
  public static func += (a: inout ComplexTensor, b: ComplexTensor) { a = a + b }
  /// Subtracts, element by element.
  public static func -= (a: inout ComplexTensor, b: ComplexTensor) { a = a - b }
  /// Multiplies, element by element.
  public static func *= (a: inout ComplexTensor, b: ComplexTensor) { a = a * b }
  /// Divides, element by element.
  public static func /= (a: inout ComplexTensor, b: ComplexTensor) { a = a / b }
}

extension ComplexTensor {
  /// x − iy of each x + iy.
  public var conjugate: ComplexTensor { ComplexTensor(real, -imaginary) }

  /// |z|² = x² + y² of each element.
  public var squaredMagnitude: Tensor { square(real) + square(imaginary) }

  /// The angle in −π…π of each element: atan2(y, x). Its gradient is zero at 0, which has no angle.
  public var angle: Tensor { atan2(imaginary, real) }

  /// The conjugate of the matrices of the last two axes, transposed (PyTorch's mH).
  ///
  /// - Precondition: There are at least two axes.
  public func adjoint(file: StaticString = #fileID, line: UInt = #line) -> ComplexTensor { conjugate.transpose(file: file, line: line) }

  /// The matrix product of the last two axes, as of tensors: four real products. Three would do (Gauss), but they add parts of different sizes, and lose what is small in one part beside
  /// what is large in the other.
  ///
  /// - Precondition: As for tensors.
  public func matmul(_ other: ComplexTensor, file: StaticString = #fileID, line: UInt = #line) -> ComplexTensor {
    func product(_ a: Tensor, _ b: Tensor) -> Tensor { a.matmul(b, file: file, line: line) }
    return ComplexTensor(
      product(real, other.real) - product(imaginary, other.imaginary), product(real, other.imaginary) + product(imaginary, other.real))
  }

  /// The product with real matrices.
  ///
  /// - Precondition: As for tensors.
  public func matmul(_ other: Tensor, file: StaticString = #fileID, line: UInt = #line) -> ComplexTensor {
    let other = other.complexPart("matmul", Caller(file, line))
    return mapParts { $0.matmul(other, file: file, line: line) }
  }
}

/// |z| = √(x² + y²), without overflow of the squares. The gradient at 0 is zero.
public func abs(_ z: ComplexTensor) -> Tensor { hypot(z.real, z.imaginary) }

/// eᶻ = eˣ (cos y + i sin y), element by element.
public func exp(_ z: ComplexTensor) -> ComplexTensor { ComplexTensor(magnitude: exp(z.real), angle: z.imaginary) }

/// ln |z| + i · angle, element by element: the principal value, with an imaginary part in −π…π. −∞ at 0, without a gradient there.
public func log(_ z: ComplexTensor) -> ComplexTensor { ComplexTensor(log(abs(z)), z.angle) }

/// √z, element by element: the root whose real part is not negative. The gradient at 0 is zero.
public func sqrt(_ z: ComplexTensor) -> ComplexTensor {
  let (x, y) = (z.real, z.imaginary), one = x.constant(1), zero = x.constant(0)
  let isZero = (x .== 0) .& (y .== 0)
  // The larger part t of the root; the other is y/2t.
  let larger = sqrt(select(isZero, one, abs(z) / 2 + abs(x) / 2))
  let other = abs(y) / (2 * larger), isRight = x .>= 0
  let (re, im) = (select(isRight, larger, other), select(isRight, other, larger))
  return ComplexTensor(select(isZero, zero, re), select(isZero, y, select(y .< 0, -im, im)))
}

/// zⁿ for a whole n, element by element, by repeated squares; 1/z⁻ⁿ below zero, and 1 for n = 0.
public func pow(_ z: ComplexTensor, _ n: Int) -> ComplexTensor {
  if n < 0 { return 1 / pow(z, -n) }
  var power = ComplexTensor(z.real.constant(1).broadcast(to: z.shape)), square = z, rest = n
  while rest > 0 {
    if rest & 1 == 1 { power = rest == n ? square : power * square }
    rest >>= 1
    if rest > 0 { square = square * square }
  }
  return power
}
