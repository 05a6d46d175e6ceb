import Testing
import Wengert
@_spi(Backend) import WengertCPU
import WengertTestSupport

@testable import WengertCore

/// The case list with one axis named, in turn each of each operand: since an axis without a name fits any, nothing is refused and nothing else changes.
@Suite("Names of axes in every operation")
struct NamedAxesCaseTests {
  @Test("one name changes no result, nor any part of the compiled program", arguments: CaseList.all)
  func values(_ operation: OperationCase) throws {
    for variant in Self.variants(of: operation) {
      let operands = variant.operands.map { $0.tensor(on: CPUBackend.shared) }
      let expected = operation.apply(operands), plain = compile(operation.apply)
      _ = plain(operands)
      let code = try plain.program!.code(largestConstant: 1 << 20)
      for (title, named) in Self.namings(of: operands) {
        expectSame(operation.apply(named), expected, "\(variant), \(title)")
        let compiled = compile(operation.apply)
        expectSame(compiled(named), plain(operands), "\(variant), \(title), compiled")
        #expect(try compiled.program!.code(largestConstant: 1 << 20) == code, "\(variant), \(title)")
      }
    }
  }

  @Test("nor any gradient, which has the names of its operand", arguments: CaseList.all.filter { $0.slope != .none })
  func gradients(_ operation: OperationCase) {
    let floating = { (x: [Tensor]) in operation.apply(x).filter(\.dtype.isFloating) }
    func slopes(_ operands: [Tensor]) -> [Tensor] {
      let (value, pullback) = vjp(at: operands, floating)
      return pullback(value.map { Tensor.full(0.5, $0.shape.unnamed, dtype: $0.dtype, beside: $0) })
    }
    for variant in Self.variants(of: operation) {
      let operands = variant.operands.map { $0.tensor(on: CPUBackend.shared) }
      if !operands.contains(where: \.dtype.isFloating) { continue }
      let expected = slopes(operands)
      for (title, named) in Self.namings(of: operands) {
        let found = slopes(named)
        expectSame(found, expected, "\(variant), \(title)")
        #expect(found.map(\.axisNames) == named.map(\.axisNames), "\(variant), \(title)")
      }
    }
  }

  /// The smallest shapes, and an empty one.
  private static func variants(of operation: OperationCase) -> [Variant] {
    let dtype = operation.dtypes.contains(.float32) ? DType.float32 : operation.dtypes[0]
    let small = operation.shapes.filter { (2...70).contains($0.elementCount) }.prefix(1)
    let empty = operation.shapes.filter { $0.elementCount == 0 }.prefix(1)
    return (Array(small) + Array(empty)).map { Variant(operation, dtype, $0, .contiguous) }
  }

  /// A named axis of extent one does not stretch, and is left out.
  private static func namings(of operands: [Tensor]) -> [(title: String, operands: [Tensor])] {
    operands.indices.flatMap { i in
      operands[i].shape.indices.filter { operands[i].shape[$0] != 1 }.map { axis in
        var named = operands, names = [String?](repeating: nil, count: operands[i].rank)
        names[axis] = "axis"
        named[i] = operands[i].named(names)
        return ("axis \(axis) of operand \(i)", named)
      }
    }
  }

  private func expectSame(_ found: [Tensor], _ expected: [Tensor], _ title: String) {
    #expect(found.map(\.type.unnamed) == expected.map(\.type), "\(title)")
    for (number, (a, b)) in zip(found, expected).enumerated() where a.bits != b.bits {
      Issue.record("\(title): result \(number) has other bits")
    }
  }
}
