import Testing
@_spi(Backend) import WengertTestSupport

@Suite("Comparison and fillers")
struct ToleranceTests {
  @Test("units in the last place count the dtype's own steps")
  func units() {
    #expect(unitsInLastPlace(1 + 0x1p-23, 1, .float32) == 1)
    #expect(unitsInLastPlace(1 + 0x1p-23, 1, .float16) == 0x1p-13)
    #expect(unitsInLastPlace(3 * 0x1p-149, 0, .float32) == 3)
    #expect(unitsInLastPlace(.nan, .nan, .float32) == 0)
    #expect(unitsInLastPlace(.infinity, 1, .float32) == .infinity)
  }

  @Test("the first difference is named; NaN, infinities and signed zeros meet their like")
  func differences() {
    let exact = Tolerance.elementwise(.int32)
    #expect(firstDifference([.nan, .infinity, -0.0, 3], [.nan, .infinity, 0, 3], exact) == nil)
    #expect(firstDifference([0, .nan, 5], [0, 1, 4], exact)?.hasPrefix("element 1 is nan, expected 1.0") == true)
    #expect(firstDifference([.infinity], [-.infinity], Tolerance(.float32, unitsInLastPlace: 1, absolute: .infinity)) != nil)
    #expect(firstDifference([1], [1, 2], exact) == "1 values where 2 were expected")
    #expect(firstDifference([1 + 0x4p-23], [1], .elementwise(.float32)) == nil)
    #expect(firstDifference([1 + 0x5p-23], [1], .elementwise(.float32)) != nil)
    #expect(firstDifference([1.001], [1], Tolerance(.float32, unitsInLastPlace: 0, absolute: 0.01)) == nil)
  }

  @Test("a failing comparison records the case's name")
  func records() {
    withKnownIssue {
      expectClose([1, 2], [1, 3], .elementwise(.float32), "a case")
    } matching: {
      "\($0)".contains("a case: element 1 is 2.0, expected 3.0")
    }
  }

  @Test("SplitMix64 gives its published numbers; fillers repeat for a seed")
  func generator() {
    var generator = SplitMix64(seed: 1_234_567)
    #expect((0..<3).map { _ in generator.next() } == [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423])
    var (first, second) = (SplitMix64(seed: 5), SplitMix64(seed: 5))
    let normals = first.normals(4000)
    #expect(normals == second.normals(4000))
    let mean = normals.reduce(0, +) / 4000
    let variance = normals.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 4000
    #expect(mean.magnitude < 0.08 && (variance - 1).magnitude < 0.12)
    #expect(first.integers(100, in: -2...2).allSatisfy { (-2...2).contains($0) })
    #expect(first.uniforms(100, in: -3...7).allSatisfy { (-3...7).contains($0) })
  }

  @Test("special values survive a round trip through memory", arguments: DType.allCases)
  func special(_ dtype: DType) {
    let values = dtype.specialValues
    let view = View(values, [values.count], dtype, on: ReferenceBackend.shared)
    let expected = dtype == .int64 ? [0, 1, -1, 0x1p63, -0x1p63] : values
    expectClose(view.doubles, expected, Tolerance(dtype, unitsInLastPlace: 0), "\(dtype)")
    if dtype == .int64 { #expect(view.integers[3] == .max) }
  }
}
