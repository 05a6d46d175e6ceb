extension Tensor {
  /// The tensor converted to `dtype`; itself if it has it already. Derivatives flow between floating types.
  ///
  /// Floating dtypes round to the nearest, ties to even (half types from float64 by way of float32). Real numbers become whole ones by cutting them off at the point; beyond the range of int32 or int64 they become its
  /// ends, and NaN becomes 0. Whole numbers keep their last bits, in uint8 the last eight (a real number: of its int32). bool is "not zero".
  ///
  /// ```swift
  /// let x = Tensor([2.9, -2.9]).cast(to: .int32)  // [2, -2]
  /// ```
  public func cast(to dtype: DType) -> Tensor {
    dtype == self.dtype ? self : apply1(Elementwise.cast(dtype), [self], Caller(#fileID, #line))
  }

  /// Promotes both operands to one dtype, broadcasts them to one shape and applies `operation`.
  @inline(never) static func broadcasting(_ operation: Elementwise, _ a: Tensor, _ b: Tensor, _ caller: Caller) -> Tensor {
    let dtype = DType.promote(a.dtype, b.dtype)
    let shape = a.shape == b.shape ? a.shape : caller.broadcast([a.shape, b.shape], of: [a, b], operation.name)
    return apply1(operation, [a.cast(to: dtype).broadcast(to: shape), b.cast(to: dtype).broadcast(to: shape)], caller)
  }

  @inline(never) static func select(_ condition: Tensor, _ a: Tensor, _ b: Tensor, _ caller: Caller) -> Tensor {
    caller.expect(
      condition.dtype == .bool, "select", "the condition must be bool, it is \(condition.dtype)", of: [condition])
    let dtype = DType.promote(a.dtype, b.dtype)
    let shape = caller.broadcast([condition.shape, a.shape, b.shape], of: [condition, a, b], "select")
    return apply1(
      Elementwise.select,
      [condition.broadcast(to: shape), a.cast(to: dtype).broadcast(to: shape), b.cast(to: dtype).broadcast(to: shape)], caller)
  }

  /// A function of real numbers: whole numbers are converted to float32 first.
  static func real(_ op: UnaryOp, _ x: Tensor, _ caller: Caller) -> Tensor {
    apply1(Elementwise.unary(op), [x.dtype.isFloating ? x : x.cast(to: .float32)], caller)
  }

  /// A number beside this tensor, in an operation whose dtype follows from both: of this tensor's dtype where that holds the number. Whole numbers that
  /// another integer does not hold become int64, so that the result is int64 and nothing wraps on the way in; what no integer holds becomes float32,
  /// and float64 from 2⁶³ on.
  func scalar(_ value: Double) -> Tensor {
    .full(value, [], dtype: dtype.meeting(value), beside: self)
  }

  func binary(_ op: BinaryOp, _ other: Tensor) -> Tensor { .broadcasting(.binary(op), self, other, Caller(#fileID, #line)) }
  func compare(_ op: CompareOp, _ other: Tensor) -> Tensor { .broadcasting(.compare(op), self, other, Caller(#fileID, #line)) }

  /// Each element against a number. Whole numbers are compared exactly, whatever the number is; floating ones with the number rounded to their dtype.
  func compare(_ op: CompareOp, _ number: Double) -> Tensor {
    if dtype.isFloating || DType.int64.holds(number) { return compare(op, scalar(number)) }
    // No int64 is between a fraction and the whole number below it; beyond ±2⁶³ infinity stands for the number, and NaN for what equals nothing.
    let isBetween = number.magnitude < 0x1p63
    switch op {
    case .equal, .notEqual: return compare(op, Tensor.full(.nan, [], dtype: .float32, beside: self))
    case .less, .lessOrEqual: return isBetween ? compare(.lessOrEqual, scalar(number.rounded(.down))) : compare(op, infinity(like: number))
    case .greater, .greaterOrEqual:
      return isBetween ? compare(.greater, scalar(number.rounded(.down))) : compare(op, infinity(like: number))
    }
  }

  /// ±∞ beside whole numbers, NaN for NaN.
  private func infinity(like number: Double) -> Tensor { .full(number * .infinity, [], dtype: .float32, beside: self) }

  /// The quotient of real numbers, also for whole operands.
  func quotient(_ other: Tensor) -> Tensor {
    let a = dtype.isFloating || other.dtype.isFloating ? self : cast(to: .float32)
    return a.binary(.divide, other)
  }
}

// Arithmetic between tensors, and between a tensor and a number; shapes broadcast, dtypes are promoted.
extension Tensor {
  /// The sum, element by element. Shapes broadcast and dtypes are promoted.
  ///
  /// ```swift
  /// let sum = Tensor([[1], [2]]) + Tensor([10.0, 20.0])  // [[11, 21], [12, 22]]
  /// ```
  ///
  /// - Precondition: The shapes broadcast, here and for all operators of two tensors.
  public static func + (a: Tensor, b: Tensor) -> Tensor { a.binary(.add, b) }
  /// The difference, element by element.
  ///
  /// - Precondition: The shapes broadcast, and not both tensors are bool.
  public static func - (a: Tensor, b: Tensor) -> Tensor { a.binary(.subtract, b) }
  /// The product, element by element.
  public static func * (a: Tensor, b: Tensor) -> Tensor { a.binary(.multiply, b) }
  /// The quotient of real numbers, element by element: whole operands are converted to float32.
  public static func / (a: Tensor, b: Tensor) -> Tensor { a.quotient(b) }
  /// The sum with a number, which takes the tensor's dtype if that holds it; so for all operators of a tensor and a number.
  public static func + (a: Tensor, b: Double) -> Tensor { a.binary(.add, a.scalar(b)) }
  /// Each element less a number.
  public static func - (a: Tensor, b: Double) -> Tensor { a.binary(.subtract, a.scalar(b)) }
  /// The product with a number, element by element.
  public static func * (a: Tensor, b: Double) -> Tensor { a.binary(.multiply, a.scalar(b)) }
  /// The quotient by a number, element by element; whole operands are converted to float32.
  public static func / (a: Tensor, b: Double) -> Tensor { a.quotient(a.scalar(b)) }
  /// The sum with a number, element by element.
  public static func + (a: Double, b: Tensor) -> Tensor { b.scalar(a).binary(.add, b) }
  /// A number less each element.
  public static func - (a: Double, b: Tensor) -> Tensor { b.scalar(a).binary(.subtract, b) }
  /// The product with a number, element by element.
  public static func * (a: Double, b: Tensor) -> Tensor { b.scalar(a).binary(.multiply, b) }
  /// A number divided by each element; whole operands are converted to float32.
  public static func / (a: Double, b: Tensor) -> Tensor { b.scalar(a).quotient(b) }
  /// The negative of each element.
  ///
  /// - Precondition: The tensor is not bool.
  public static prefix func - (a: Tensor) -> Tensor { apply1(Elementwise.unary(.negate), [a], Caller(#fileID, #line)) }
  /// The sum, over this tensor's memory where no other tensor shares it; so for all of these.
  public static func += (a: inout Tensor, b: Tensor) { a.combine(.add, with: b) }
  /// The difference, over this tensor's memory where no other tensor shares it.
  public static func -= (a: inout Tensor, b: Tensor) { a.combine(.subtract, with: b) }
  /// The product, over this tensor's memory where no other tensor shares it.
  public static func *= (a: inout Tensor, b: Tensor) { a.combine(.multiply, with: b) }
  /// The quotient, over this tensor's memory where no other tensor shares it and the dtype is floating.
  public static func /= (a: inout Tensor, b: Tensor) { if a.dtype.isFloating { a.combine(.divide, with: b) } else { a = a / b } }
  /// Adds a number to each element.
  public static func += (a: inout Tensor, b: Double) { a.combine(.add, with: a.scalar(b)) }
  /// Subtracts a number from each element.
  public static func -= (a: inout Tensor, b: Double) { a.combine(.subtract, with: a.scalar(b)) }
  /// Multiplies each element by a number.
  public static func *= (a: inout Tensor, b: Double) { a.combine(.multiply, with: a.scalar(b)) }
  /// Divides each element by a number; whole operands are converted to float32.
  public static func /= (a: inout Tensor, b: Double) { if a.dtype.isFloating { a.combine(.divide, with: a.scalar(b)) } else { a = a / b } }

  /// The quotient rounded down to a whole number; `%` is the remainder, with the divisor's sign.
  ///
  /// - Precondition: The shapes broadcast.
  public func floorDivided(by other: Tensor) -> Tensor { binary(.floorDivide, other) }
  /// The remainder of `floorDivided(by:)`, with the divisor's sign.
  public static func % (a: Tensor, b: Tensor) -> Tensor { a.binary(.remainder, b) }
  /// The remainder of the division by a number, with its sign.
  public static func % (a: Tensor, b: Double) -> Tensor { a.binary(.remainder, a.scalar(b)) }
}

// Comparisons element by element, as bool.
extension Tensor {
  /// Whether the elements are equal, as bool; so are all comparisons here. NaN equals nothing.
  ///
  /// - Precondition: The shapes broadcast.
  public static func .== (a: Tensor, b: Tensor) -> Tensor { a.compare(.equal, b) }
  /// Whether the elements are different; NaN is different from everything.
  public static func .!= (a: Tensor, b: Tensor) -> Tensor { a.compare(.notEqual, b) }
  /// Whether each element is less than the other tensor's.
  public static func .< (a: Tensor, b: Tensor) -> Tensor { a.compare(.less, b) }
  /// Whether each element is at most the other tensor's.
  public static func .<= (a: Tensor, b: Tensor) -> Tensor { a.compare(.lessOrEqual, b) }
  /// Whether each element is greater than the other tensor's.
  public static func .> (a: Tensor, b: Tensor) -> Tensor { a.compare(.greater, b) }
  /// Whether each element is at least the other tensor's.
  public static func .>= (a: Tensor, b: Tensor) -> Tensor { a.compare(.greaterOrEqual, b) }
  /// Whether each element is equal to a number.
  public static func .== (a: Tensor, b: Double) -> Tensor { a.compare(.equal, b) }
  /// Whether each element is different from a number.
  public static func .!= (a: Tensor, b: Double) -> Tensor { a.compare(.notEqual, b) }
  /// Whether each element is less than a number.
  public static func .< (a: Tensor, b: Double) -> Tensor { a.compare(.less, b) }
  /// Whether each element is at most a number.
  public static func .<= (a: Tensor, b: Double) -> Tensor { a.compare(.lessOrEqual, b) }
  /// Whether each element is greater than a number.
  public static func .> (a: Tensor, b: Double) -> Tensor { a.compare(.greater, b) }
  /// Whether each element is at least a number.
  public static func .>= (a: Tensor, b: Double) -> Tensor { a.compare(.greaterOrEqual, b) }
  /// Logical and, also `.|` (or) and `.^` (exclusive or), of bool tensors; bit by bit for whole numbers.
  public static func .& (a: Tensor, b: Tensor) -> Tensor { a.binary(.and, b) }
  /// Logical or of bool tensors; bit by bit for whole numbers.
  public static func .| (a: Tensor, b: Tensor) -> Tensor { a.binary(.or, b) }
  /// Exclusive or of bool tensors; bit by bit for whole numbers.
  public static func .^ (a: Tensor, b: Tensor) -> Tensor { a.binary(.xor, b) }
  /// Logical not: whether each element is zero.
  public static prefix func .! (a: Tensor) -> Tensor {
    apply1(Elementwise.unary(.not), [a.cast(to: .bool)], Caller(#fileID, #line))
  }
}

/// `a` where the bool `condition` holds, elsewhere `b`; the three broadcast. What is not chosen gets a gradient of exactly zero; if a
/// function with an infinite slope made it (√ at 0), choose that function's operand first.
///
/// ```swift
/// let x = Tensor([1.0, -2.0, 3.0])
/// let y = select(x .> 0, x, -x)  // [1, 2, 3]
/// ```
///
/// - Precondition: `condition` is bool, and the three shapes broadcast.
public func select(_ condition: Tensor, _ a: Tensor, _ b: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  .select(condition, a, b, Caller(file, line))
}
