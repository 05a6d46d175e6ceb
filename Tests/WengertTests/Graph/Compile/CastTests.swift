import Testing
import Wengert
import WengertTestSupport

@Suite("Conversions in compiled functions")
struct CastTests {
  private static let values = [
    1.0, 0.1, 1 + 0x1p-11, 1 + 0x3p-12, -3.14159, 65519, 65520, 1e6, 1e-8, 0x1p-24, 0x1.8p-25, 0, -0.0, .infinity,
  ]

  @Test("a conversion to half precision and back rounds, as it does outside", arguments: [DType.float16, .bfloat16])
  func thereAndBack(half: DType) {
    let x = Tensor(Self.values, dtype: .float32)
    func f(_ x: Tensor) -> Tensor { ((x * 1.5).cast(to: half).cast(to: .float32) - x) * 2 }
    #expect(compile(f)(x).array(of: Float.self).map(\.bitPattern) == f(x).array(of: Float.self).map(\.bitPattern))
  }

  @Test("so do whole numbers and float64", arguments: [DType.float16, .bfloat16], [DType.int32, .int64, .float64])
  func otherSources(half: DType, source: DType) {
    let x = Tensor([0, 1, 2049, -4097, 65_521, 257, 12_345_679] as [Double]).cast(to: source)
    func f(_ x: Tensor) -> Tensor { (x + x).cast(to: half).cast(to: .float32) * 3 }
    #expect(compile(f)(x).array(of: Float.self) == f(x).array(of: Float.self))
  }

  @Test("a row program that reduces what it has rounded sees the rounded numbers", arguments: [DType.float16, .bfloat16])
  func reduced(half: DType) {
    let x = RandomKey(3).normal([4, 100])
    func f(_ x: Tensor) -> Tensor {
      let rounded = x.cast(to: half).cast(to: .float32)
      return abs(rounded - x).max(axes: [1])
    }
    #expect(f(x).min().item() > 0)
    #expect(compile(f)(x).array(of: Float.self) == f(x).array(of: Float.self))
  }

  @Test("gradients pass the conversion as they do outside")
  func gradients() {
    let x = RandomKey(4).normal([50])
    func f(_ x: Tensor) -> Tensor {
      gradient(at: x) { x in
        let y = (x * 1.001).cast(to: .bfloat16).cast(to: .float32)
        return (y * y * x).sum()
      }
    }
    #expect(compile(f)(x).array(of: Float.self) == f(x).array(of: Float.self))
  }
}
