import Foundation
import Testing
import WengertTestSupport

/// One line of Documentation/Conventions.md: an expression, and how to compute what stands beside it.
struct Convention: Sendable {
  let expression: String
  /// What comes out, as the table writes it; disagreement between dtypes, modes and compiled runs fails the test by itself.
  let result: @Sendable () -> String

  /// A line whose expression ends the program; see `ConventionErrors`.
  var isError = false

  static let wide: [DType] = [.float64, .float32]
  static let all: [DType] = [.float64, .float32, .float16, .bfloat16]

  /// A function of floating numbers, in several dtypes, eager and compiled.
  static func value(
    _ expression: String, at x: [Double], _ dtypes: [DType] = all, _ f: @escaping @Sendable (Tensor) -> Tensor
  ) -> Convention {
    Convention(expression: expression) {
      agreed(
        expression,
        dtypes.flatMap { dtype -> [(String, String)] in
          let x = Tensor(x, dtype: dtype)
          return [("\(dtype)", f(x).written()), ("\(dtype) compiled", compile(f)(x).written())]
        })
    }
  }

  /// The gradient of the sum of a function's elements: in reverse and forward mode, in several dtypes, eager and compiled.
  static func gradient(
    _ expression: String, at x: [Double], _ dtypes: [DType] = all, _ f: @escaping @Sendable (Tensor) -> Tensor
  ) -> Convention {
    Convention(expression: expression) {
      agreed(
        expression,
        dtypes.flatMap { dtype -> [(String, String)] in
          let x = Tensor(x, dtype: dtype)
          let reverse: @Sendable (Tensor) -> Tensor = { slopes(of: f, at: $0) }
          let columns = (0..<x.count).map { i -> Tensor in
            jvp(at: x, along: (Tensor.iota(x.count) .== Double(i)).cast(to: dtype)) { f($0).sum() }.tangent
          }
          return [
            ("\(dtype)", reverse(x).written()), ("\(dtype) compiled", compile(reverse)(x).written()),
            ("\(dtype) forward", forward(columns, beside: reverse(x)).written()),
          ]
        })
    }
  }

  /// The same in reverse mode alone, where the modes differ.
  static func reverse(_ expression: String, at x: [Double], _ f: @escaping @Sendable (Tensor) -> Tensor) -> Convention {
    Convention(expression: expression) { slopes(of: f, at: Tensor(x, dtype: .float64)).written() }
  }

  /// The second derivative of a function of each element: reverse over reverse, forward over reverse, compiled.
  static func second(
    _ expression: String, at x: [Double], _ dtypes: [DType] = wide, _ f: @escaping @Sendable (Tensor) -> Tensor
  ) -> Convention {
    Convention(expression: expression) {
      agreed(
        expression,
        dtypes.flatMap { dtype -> [(String, String)] in
          let x = Tensor(x, dtype: dtype)
          let twice: @Sendable (Tensor) -> Tensor = { slopes(of: { slopes(of: f, at: $0) }, at: $0) }
          let mixed = hessianVectorProduct(at: x, along: Tensor.full(1, x.shape, dtype: dtype)) { f($0).sum() }
          return [
            ("\(dtype)", twice(x).written()), ("\(dtype) compiled", compile(twice)(x).written()),
            ("\(dtype) forward", mixed.written()),
          ]
        })
    }
  }

  /// An expression with its dtype.
  static func typed(_ expression: String, _ f: @escaping @Sendable () -> Tensor) -> Convention {
    Convention(expression: expression) { f().written(withDType: true) }
  }

  /// A function of a whole tensor with its dtype, eager and compiled.
  static func whole(_ expression: String, _ x: Tensor, _ f: @escaping @Sendable (Tensor) -> Tensor) -> Convention {
    Convention(expression: expression) {
      agreed(expression, [("eager", f(x).written(withDType: true)), ("compiled", compile(f)(x).written(withDType: true))])
    }
  }

  static func plain(_ expression: String, _ f: @escaping @Sendable () -> Tensor) -> Convention {
    Convention(expression: expression) { f().written() }
  }

  static func error(_ expression: String) -> Convention {
    Convention(expression: expression, result: { "error" }, isError: true)
  }

  /// The columns of a Jacobian's sum as a vector. A NaN beside which another slope is not finite came of that, times zero, and says nothing.
  private static func forward(_ columns: [Tensor], beside reverse: Tensor) -> Tensor {
    let slopes = reverse.array(of: Double.self), tangents = columns.map { $0.item() }
    return Tensor(
      slopes.indices.map { i in
        tangents[i].isNaN && slopes.indices.contains { $0 != i && !slopes[$0].isFinite } ? slopes[i] : tangents[i]
      }, dtype: reverse.dtype)
  }

  private static func agreed(_ expression: String, _ results: [(name: String, text: String)]) -> String {
    for result in results where unsigned(result.text) != unsigned(results[0].text) {
      Issue.record("\(expression): \(results[0].text) in \(results[0].name), \(result.text) in \(result.name)")
    }
    return results[0].text
  }

  /// Without the sign of zeros, which modes may give differently.
  static func unsigned(_ text: String) -> String {
    text.split(separator: " ", omittingEmptySubsequences: false).map { $0 == "-0" ? "0" : $0 == "-0," ? "0," : $0 }.joined(separator: " ")
  }
}

/// The gradient of the sum of a function's elements; the name that the table's type has taken.
private func slopes(of f: (Tensor) -> Tensor, at x: Tensor) -> Tensor { gradient(at: x) { f($0).sum() } }

extension Tensor {
  /// The elements by four digits, separated by commas.
  func written(withDType: Bool = false) -> String {
    let parts: [String] =
      switch dtype {
      case .bool: array(of: Bool.self).map { $0 ? "true" : "false" }
      case .uint8, .int32, .int64: array(of: Int.self).map { "\($0)" }
      default: array(of: Double.self).map { $0.isNaN ? "NaN" : String(format: "%.4g", $0) }
      }
    return (parts.isEmpty ? "nothing" : parts.joined(separator: ", ")) + (withDType ? " \(dtype)" : "")
  }
}
