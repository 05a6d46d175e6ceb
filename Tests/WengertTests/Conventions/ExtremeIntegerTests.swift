import Testing
import WengertTestSupport

/// Whole numbers at the ends of their range do what smaller ones do, or end the program with a message; never with a trap.
@Suite("Extreme whole numbers as arguments")
struct ExtremeIntegerTests {
  static let extremes = [Int.min, .min + 1, .min / 2, .min / 2 - 1, -1 << 32, -5, -1, 0, 1, 2, 5, 1 << 32, .max / 2, .max - 1, .max]

  /// Python's rule, in twice the width.
  private static func slice(_ count: Int, _ from: Int?, _ to: Int?, _ by: Int) -> [Double] {
    let n = Int128(count), step = Int128(by)
    func bound(_ value: Int?, _ missing: Int128) -> Int128 {
      guard let value else { return missing }
      let shifted = value < 0 ? Int128(value) + n : Int128(value)
      return step > 0 ? min(max(shifted, 0), n) : min(max(shifted, -1), n - 1)
    }
    var position = bound(from, step > 0 ? 0 : n - 1)
    let end = bound(to, step > 0 ? n : -1)
    var result: [Double] = []
    while step > 0 ? position < end : position > end {
      result.append(Double(position))
      position += step
    }
    return result
  }

  @Test("slices of any bounds and steps are Python's", arguments: [0, 1, 4])
  func slices(_ count: Int) {
    let x = Tensor.iota(count)
    let bounds: [Int?] = [nil] + Self.extremes
    for from in bounds {
      for to in bounds {
        for by in Self.extremes where by != 0 {
          let expected = Self.slice(count, from, to, by)
          #expect(x[Axis.range(from: from, to: to, by: by)].array() == expected, "\(from as Any) \(to as Any) \(by)")
        }
      }
    }
    #expect(x[0...Int.max].count == count && x[...Int.max].count == count && x[Int.min...].count == count && x[0..<Int.max].count == count)
  }

  @Test("a roll by any number of places is one by the remainder", arguments: extremes)
  func roll(_ shift: Int) {
    let cut = ((-(shift % 5)) % 5 + 5) % 5
    #expect(Tensor.iota(5).roll(shift, axis: 0).array() == (0..<5).map { Double(($0 + cut) % 5) })
  }

  @Test("triangles and diagonals far outside are whole or empty", arguments: extremes)
  func triangles(_ offset: Int) {
    let x = Tensor.ones([3, 4])
    let expected = (0..<3).flatMap { i in (0..<4).map { j in Int128(j) - Int128(i) <= Int128(offset) ? 1.0 : 0 } }
    #expect(x.lowerTriangle(offset).array() == expected)
    #expect(x.diagonal(offset: offset).count == (0..<3).filter { i in (0..<4).contains { Int128($0) - Int128(i) == Int128(offset) } }.count)
  }

  struct Mistake: Sendable, CustomTestStringConvertible {
    let name: String, message: String
    let run: @Sendable () -> Void
    var testDescription: String { name }
  }

  static let mistakes: [String: Mistake] = Dictionary(
    uniqueKeysWithValues: [
      Mistake(name: "repeated", message: "shape: 2 · 9223372036854775807 is more than an Int holds") {
        _ = Tensor.ones([2]).repeated(.max, axis: 0)
      },
      Mistake(name: "tile", message: "shape: 2 · 9223372036854775807 is more than an Int holds") { _ = Tensor.ones([2]).tile([.max]) },
      Mistake(name: "pad", message: "shape: 9223372036854775807 + 9223372036854775807 is more than an Int holds") {
        _ = Tensor.ones([2]).pad([(before: .max, after: .max)])
      },
      Mistake(name: "split", message: "split: extents [9223372036854775807, 9223372036854775807, 4] do not add up to 2") {
        _ = Tensor.ones([2]).split([.max, .max, 4])
      },
      Mistake(name: "reshape to two open axes", message: "reshape: extent -1 of axis 1 is negative") {
        _ = Tensor.ones([6]).reshape([-1, -1])
      },
      Mistake(name: "reshape to negative extents", message: "reshape: extent -2 of axis 0 is negative") {
        _ = Tensor.ones([6]).reshape([-2, -3])
      },
      Mistake(name: "reshape to the least number", message: "reshape: extent -9223372036854775808 of axis 0 is negative") {
        _ = Tensor.ones([6]).reshape([.min, 2])
      },
      Mistake(
        name: "reshape to too many", message: "reshape: a tensor of shape [9223372036854775807, 2] has more elements than an Int counts"
      ) {
        _ = Tensor.ones([6]).reshape([.max, 2])
      },
      Mistake(name: "broadcast", message: "broadcast: extent -1 of axis 0 is negative") { _ = Tensor.ones([1]).broadcast(to: [-1]) },
      Mistake(name: "zeros", message: "full: extent -9223372036854775808 of axis 0 is negative") { _ = Tensor.zeros([.min]) },
      Mistake(name: "ones of too many", message: "full: a tensor of shape [4294967296, 4294967296] has more elements than an Int counts") {
        _ = Tensor.ones([1 << 32, 1 << 32])
      },
      Mistake(name: "more memory than there is", message: "Tensor: float32[1099511627776, 1024] takes more memory than a process can have")
      {
        _ = Tensor.ones([1 << 40, 1 << 10]) + 1
      },
      Mistake(name: "iota", message: "iota: the count is -1") { _ = Tensor.iota(-1) },
      Mistake(name: "oneHot", message: "oneHot: the number of classes is -1") { _ = Tensor([1]).oneHot(-1) },
      Mistake(name: "scatterAdd", message: "scatterAdd: extent -1 of axis 0 is negative") {
        _ = Tensor.ones([1]).scatterAdd(Tensor([0]), extent: -1)
      },
      Mistake(name: "index", message: "subscript: index -9223372036854775808 is out of range for axis 0 of [2]") {
        _ = Tensor.ones([2])[Int.min]
      },
      Mistake(name: "axis", message: "sum: axis -9223372036854775808 does not exist in shape [2]") {
        _ = Tensor.ones([2]).sum(axes: [.min])
      },
      Mistake(name: "step", message: "subscript: a step of zero leads nowhere") { _ = Tensor.ones([2])[Axis.range(by: 0)] },
      Mistake(name: "elements", message: "Tensor: extent -2 of axis 0 is negative") { _ = Tensor([1.0, 2] as [Float], shape: [-2, -1]) },
      Mistake(name: "numbers that a dtype does not hold", message: "Tensor: uint8 does not hold 256") {
        _ = Tensor([1, 256.0], dtype: .uint8)
      },
    ].map { ($0.name, $0) })

  @Test("what cannot be ends the program with a message", arguments: mistakes.keys.sorted())
  func messages(_ name: String) async throws {
    let message = try #require(Self.mistakes[name]?.message)
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { [name] in
      ExtremeIntegerTests.mistakes[name]?.run()
    }
    .expectsMessage(message)
  }
}
