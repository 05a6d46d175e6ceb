/// An n-dimensional array of complex numbers: two tensors of one shape and dtype. Of float32 it is PyTorch's complex64, of float64 complex128.
///
/// It is a tree of two tensors, so that derivatives, `vmap` and `compile` take it as they take any tree. The gradient of a real loss L by z = x + iy is the complex tensor ∂L/∂x + i ∂L/∂y, as in PyTorch:
/// the direction of steepest ascent, which is twice the Wirtinger derivative by z̄. A step of gradient descent is z − η · gradient.
///
/// ```swift
/// let z = ComplexTensor(real: Tensor([3.0, 0]), imaginary: Tensor([4.0, 1]))
/// let sizes = abs(z)  // [5, 1]
/// ```
public struct ComplexTensor: TensorTree, Sendable {
  /// The real parts.
  public var real: Tensor
  /// The imaginary parts, of the shape and dtype of the real ones.
  public var imaginary: Tensor

  /// real + i · imaginary. Shapes broadcast, dtypes are promoted, and whole numbers become float32.
  ///
  /// - Precondition: The shapes broadcast, and neither part is float16 or bfloat16.
  public init(real: Tensor, imaginary: Tensor, file: StaticString = #fileID, line: UInt = #line) {
    let caller = Caller(file, line)
    let dtype = DType.promote(real.complexPart("ComplexTensor", caller).dtype, imaginary.complexPart("ComplexTensor", caller).dtype)
    let shapes = [real.shape, imaginary.shape]
    let shape = shapes[0] == shapes[1] ? shapes[0] : caller.broadcast(shapes, of: [real, imaginary], "ComplexTensor")
    self.init(real.cast(to: dtype).broadcast(to: shape), imaginary.cast(to: dtype).broadcast(to: shape))
  }

  /// Real numbers as complex ones.
  ///
  /// - Precondition: The numbers are not float16 or bfloat16.
  public init(_ real: Tensor, file: StaticString = #fileID, line: UInt = #line) {
    let real = real.complexPart("ComplexTensor", Caller(file, line))
    self.init(real, real.constant(0).broadcast(to: real.shape))
  }

  /// magnitude · e^(i · angle).
  ///
  /// - Precondition: The shapes broadcast, and neither is float16 or bfloat16.
  public init(magnitude: Tensor, angle: Tensor, file: StaticString = #fileID, line: UInt = #line) {
    self.init(real: magnitude * cos(angle), imaginary: magnitude * sin(angle), file: file, line: line)
  }

  /// Two parts that fit.
  init(_ real: Tensor, _ imaginary: Tensor) { (self.real, self.imaginary) = (real, imaginary) }

  public mutating func visit(_ prefix: String, _ body: (String, inout Tensor) -> Void) {
    real.visit(dotted(prefix, "real"), body)
    imaginary.visit(dotted(prefix, "imaginary"), body)
  }

  public func read(into contents: inout TreeContents) {
    contents.add(real)
    contents.add(imaginary)
  }

  /// The extents, outermost axis first.
  public var shape: Shape { real.shape }
  /// The type of the parts: float32 or float64.
  public var dtype: DType { real.dtype }
  /// How many axes there are.
  public var rank: Int { real.rank }
  /// How many complex numbers there are.
  public var count: Int { real.count }

  /// The numbers with parts of another type.
  ///
  /// - Precondition: It is float32 or float64.
  public func cast(to dtype: DType, file: StaticString = #fileID, line: UInt = #line) -> ComplexTensor {
    Caller(file, line).require(
      dtype == .float32 || dtype == .float64, "cast", "complex numbers have parts of float32 or float64, not \(dtype)")
    return mapParts { $0.cast(to: dtype) }
  }

  /// The same change of both parts: what moves elements, and what is linear with real factors.
  ///
  /// ```swift
  /// let z = ComplexTensor(real: Tensor([1.0, 2]), imaginary: Tensor([3.0, 4])).mapParts { $0.flip() }  // [2 + 4i, 1 + 3i]
  /// ```
  public func mapParts(_ change: (Tensor) -> Tensor) -> ComplexTensor { ComplexTensor(change(real), change(imaginary)) }
}

extension Tensor {
  /// This tensor as a part of complex numbers.
  func complexPart(_ name: String, _ caller: Caller) -> Tensor {
    caller.require(
      dtype != .float16 && dtype != .bfloat16, name,
      "complex numbers have parts of float32 or float64, not \(dtype); convert with cast(to:)")
    return dtype.isFloating ? self : cast(to: .float32)
  }
}

// Movement: each as of the parts.
extension ComplexTensor {
  /// The same elements in row-major order under another shape; one extent may be −1.
  ///
  /// - Precondition: The numbers of elements are equal.
  public func reshape(_ shape: Shape, file: StaticString = #fileID, line: UInt = #line) -> ComplexTensor {
    mapParts { $0.reshape(shape, file: file, line: line) }
  }

  /// The axes in another order.
  ///
  /// - Precondition: Each axis is named once.
  public func permute(_ axes: Int..., file: StaticString = #fileID, line: UInt = #line) -> ComplexTensor {
    mapParts { $0.permute(axes, file: file, line: line) }
  }

  /// Two axes exchanged, by default the last two; nothing is conjugated.
  ///
  /// - Precondition: The axes exist.
  public func transpose(_ a: Int = -2, _ b: Int = -1, file: StaticString = #fileID, line: UInt = #line) -> ComplexTensor {
    mapParts { $0.transpose(a, b, file: file, line: line) }
  }

  /// One axis moved to another place.
  ///
  /// - Precondition: The axes exist.
  public func moveAxis(_ source: Int, to target: Int, file: StaticString = #fileID, line: UInt = #line) -> ComplexTensor {
    mapParts { $0.moveAxis(source, to: target, file: file, line: line) }
  }

  /// The numbers stretched to a shape.
  ///
  /// - Precondition: The shape broadcasts to `shape`.
  public func broadcast(to shape: Shape, file: StaticString = #fileID, line: UInt = #line) -> ComplexTensor {
    mapParts { $0.broadcast(to: shape, file: file, line: line) }
  }

  /// A part of the numbers, as of a tensor.
  ///
  /// - Precondition: As for a tensor.
  public subscript(indices: any TensorIndex..., file file: StaticString = #fileID, line line: UInt = #line) -> ComplexTensor {
    get { mapParts { $0[indices: indices, file: file, line: line] } }
    set {
      let value = newValue.cast(to: dtype)
      real[indices: indices, file: file, line: line] = value.real
      imaginary[indices: indices, file: file, line: line] = value.imaginary
    }
  }

  /// The sum over `axes` (nil: of all).
  ///
  /// - Precondition: The axes exist and are named once.
  public func sum(axes: [Int]? = nil, keepDims: Bool = false, file: StaticString = #fileID, line: UInt = #line) -> ComplexTensor {
    mapParts { $0.sum(axes: axes, keepDims: keepDims, file: file, line: line) }
  }

  /// The sum along one axis.
  ///
  /// - Precondition: The axis exists.
  public func sum(axis: Int, keepDims: Bool = false, file: StaticString = #fileID, line: UInt = #line) -> ComplexTensor {
    sum(axes: [axis], keepDims: keepDims, file: file, line: line)
  }

  /// The mean over `axes` (nil: of all).
  ///
  /// - Precondition: The axes exist and are named once.
  public func mean(axes: [Int]? = nil, keepDims: Bool = false, file: StaticString = #fileID, line: UInt = #line) -> ComplexTensor {
    mapParts { $0.mean(axes: axes, keepDims: keepDims, file: file, line: line) }
  }

  /// The mean along one axis.
  ///
  /// - Precondition: The axis exists.
  public func mean(axis: Int, keepDims: Bool = false, file: StaticString = #fileID, line: UInt = #line) -> ComplexTensor {
    mean(axes: [axis], keepDims: keepDims, file: file, line: line)
  }
}

/// Complex tensors end to end along an existing axis.
///
/// - Precondition: There is at least one, the axis exists, and the other extents are equal.
public func concatenate(_ tensors: [ComplexTensor], axis: Int = 0, file: StaticString = #fileID, line: UInt = #line) -> ComplexTensor {
  ComplexTensor(
    concatenate(tensors.map(\.real), axis: axis, file: file, line: line),
    concatenate(tensors.map(\.imaginary), axis: axis, file: file, line: line))
}

/// Complex tensors of one shape along a new axis.
///
/// - Precondition: There is at least one, the shapes are equal, and `axis` is an axis of the result.
public func stack(_ tensors: [ComplexTensor], axis: Int = 0, file: StaticString = #fileID, line: UInt = #line) -> ComplexTensor {
  ComplexTensor(
    stack(tensors.map(\.real), axis: axis, file: file, line: line), stack(tensors.map(\.imaginary), axis: axis, file: file, line: line))
}
