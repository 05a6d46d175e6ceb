@_exported public import Wengert
@_exported public import _Differentiation

/// A change of a tensor, or a cotangent of one: a tensor of its shape, or nothing, which stands for zeros of any shape.
public struct TensorTangent: Sendable {
  /// The change; nil where no derivative flows.
  public var value: Tensor?

  /// A change; nil is a change of zero.
  public init(_ value: Tensor?) { self.value = value }
}

extension TensorTangent: AdditiveArithmetic, Differentiable {
  public typealias TangentVector = TensorTangent

  public static var zero: TensorTangent { TensorTangent(nil) }

  public static func + (a: TensorTangent, b: TensorTangent) -> TensorTangent {
    guard let x = a.value, let y = b.value else { return a.value == nil ? b : a }
    return TensorTangent(x + y)
  }

  public static func - (a: TensorTangent, b: TensorTangent) -> TensorTangent {
    guard let y = b.value else { return a }
    return TensorTangent(a.value.map { $0 - y } ?? -y)
  }

  /// Whether all elements are equal; nothing equals zeros.
  ///
  /// - Precondition: The values exist already; see `Tensor.withBytes`.
  public static func == (a: TensorTangent, b: TensorTangent) -> Bool {
    guard let x = a.value, let y = b.value else {
      return [a.value, b.value].allSatisfy { $0.map { ($0 .== 0).all().item() != 0 } ?? true }
    }
    return x.shape == y.shape && (x .== y).all().item() != 0
  }
}

extension Tensor: Differentiable {
  public typealias TangentVector = TensorTangent

  /// Adds a change.
  public mutating func move(by offset: TensorTangent) {
    if let change = offset.value { self = self + change }
  }
}
