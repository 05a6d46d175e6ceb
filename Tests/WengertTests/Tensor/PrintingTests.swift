import Testing
import WengertTestSupport

@Suite("Printing")
struct PrintingTests {
  @Test("scalars print as numbers")
  func scalars() {
    #expect(Tensor(2.5).description == "2.5")
    #expect(Tensor([7] as [Int]).reshape([]).description == "7")
    #expect(Tensor([true]).reshape([]).description == "true")
    #expect(Tensor(.infinity).description == "inf" && Tensor(-.infinity).description == "-inf" && Tensor(.nan).description == "nan")
  }

  @Test("matrices print in aligned columns")
  func matrices() {
    #expect(Tensor([[1, -2.5], [100, 0.125]]).description == "[[  1.000,  -2.500],\n [100.000,   0.125]]  float32[2, 2]")
    #expect(Tensor([[1, -20], [300, 4]]).cast(to: .int32).description == "[[  1, -20],\n [300,   4]]  int32[2, 2]")
    #expect(Tensor([true, false]).description == "[ true, false]  bool[2]")
    #expect(Tensor.zeros([0]).description == "[]  float32[0]" && Tensor.zeros([2, 0]).description == "[[],\n []]  float32[2, 0]")
  }

  @Test("three axes are parted by an empty line")
  func cubes() {
    #expect(Tensor.iota(8).reshape([2, 2, 2]).description == "[[[0, 1],\n  [2, 3]],\n\n [[4, 5],\n  [6, 7]]]  int64[2, 2, 2]")
  }

  @Test("very large and very small numbers print in scientific notation")
  func scientific() {
    #expect(Tensor([1e-7, 1], dtype: .float64).description == "[1.0000e-07, 1.0000e+00]  float64[2]")
    #expect(Tensor([3e12, -1, 0], dtype: .float64).description == "[ 3.0000e+12, -1.0000e+00,         0.0]  float64[3]")
  }

  @Test("whole numbers print exactly to the ends of their range")
  func whole() {
    #expect(Tensor([Int.max, Int.min]).description == "[ 9223372036854775807, -9223372036854775808]  int64[2]")
    #expect(Tensor([255, 0] as [UInt8]).description == "[255,   0]  uint8[2]")
  }

  @Test("of a large tensor the first and last three along each axis are printed")
  func large() {
    #expect(Tensor.iota(2000).description == "[   0,    1,    2, …, 1997, 1998, 1999]  int64[2000]")
    let rows = Tensor.iota(2000).reshape([1000, 2]).description.split(separator: "\n")
    #expect(rows.count == 7 && rows[3].contains("…") && rows[6] == " [1998, 1999]]  int64[1000, 2]")
    let transposed = Tensor.iota(10_000).reshape([100, 100]).transpose().description
    #expect(transposed.hasPrefix("[[   0,  100,  200, …, 9700, 9800, 9900],\n"))
  }
}
