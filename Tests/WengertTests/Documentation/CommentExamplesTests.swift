import Testing
@_spi(Backend) import Wengert
import WengertTestSupport

@Suite("Examples in the comments of Wengert and WengertCore")
struct CommentExamplesTests {
  private func numbers(_ x: Tensor) -> [Double] { x.array(of: Double.self) }

  private func isClose(_ x: Tensor, _ expected: [Double]) -> Bool {
    let found = numbers(x)
    return found.count == expected.count && zip(found, expected).allSatisfy { abs($0 - $1) < 1e-4 }
  }

  @Test("mixed precision") func autocastExample() {
    let weight = Tensor([[1, 2], [3, 4]])
    let y = Autocast.with(.bfloat16) { weight.matmul(weight) }  // bfloat16 [[7, 10], [15, 22]]
    #expect(y.dtype == .bfloat16 && y.array(of: Double.self) == [7, 10, 15, 22])
  }

  @Test("tensors from numbers") func fullExample() {
    let x = Tensor([[1, 2], [3, 4]])  // float32[2, 2]
    let y = Tensor.full(0.5, [2])  // [0.5, 0.5]
    #expect(x.dtype == .float32 && x.shape == [2, 2] && numbers(x) == [1, 2, 3, 4])
    #expect(y.shape == [2] && numbers(y) == [0.5, 0.5])
  }

  @Test("complex numbers") func complexExamples() {
    do {
      let z = ComplexTensor(real: Tensor([3.0, 0]), imaginary: Tensor([4.0, 1]))
      let sizes = abs(z)  // [5, 1]
      #expect(numbers(sizes) == [5, 1])
    }
    do {
      let z = ComplexTensor(real: Tensor([1.0, 2]), imaginary: Tensor([3.0, 4])).mapParts { $0.flip() }  // [2 + 4i, 1 + 3i]
      #expect(numbers(z.real) == [2, 1] && numbers(z.imaginary) == [4, 3])
    }
    do {
      let text = ComplexTensor(real: Tensor([1.0, 2]), imaginary: Tensor([0.5, -1])).description  // [1.0 + 0.5i, 2.0 - 1.0i]  complex64[2]
      #expect(text == "[1.0 + 0.5i, 2.0 - 1.0i]  complex64[2]")
    }
  }

  @Test("Fourier transforms") func fourierExamples() {
    do {
      let spectrum = ComplexTensor(Tensor([1.0, 0, 0, 0])).fft()  // [1, 1, 1, 1]
      #expect(isClose(spectrum.real, [1, 1, 1, 1]) && isClose(spectrum.imaginary, [0, 0, 0, 0]))
    }
    do {
      let spectrum = Tensor([1.0, 2, 3, 4]).rfft()  // [10, -2 + 2i, -2]
      #expect(isClose(spectrum.real, [10, -2, -2]) && isClose(spectrum.imaginary, [0, 2, 0]))
    }
    do {
      let x = Tensor([1.0, 2, 3]).rfft().irfft(n: 3)  // [1, 2, 3]
      #expect(isClose(x, [1, 2, 3]))
    }
    do {
      let y = Tensor([1.0, 2, 3]).fftConvolve(Tensor([1.0, 1]))  // [1, 3, 5, 3]
      #expect(isClose(y, [1, 3, 5, 3]))
    }
    do {
      let f = Tensor.fftFrequencies(4, spacing: 0.5)  // [0, 0.5, -1, -0.5]
      #expect(numbers(f) == [0, 0.5, -1, -0.5])
    }
  }

  @Test("evenly spaced numbers") func linspaceExample() {
    let x = Tensor.linspace(0, 1, count: 5)  // [0, 0.25, 0.5, 0.75, 1]
    #expect(numbers(x) == [0, 0.25, 0.5, 0.75, 1])
  }

  @Test("a device") func withExample() {
    let x = Device.with(.cpu) { Tensor.zeros([2]) }  // in the CPU's memory
    #expect(x.backend === Device.cpu.backend && numbers(x) == [0, 0])
  }

  @Test("a GPU, where there is one") func cudaExample() {
    let device = Device.cuda ?? .cpu
    let x = Tensor([1, 2], device: device)
    #expect(x.device.backend === device.backend && numbers(x) == [1, 2])
  }

  @Test("memory in use") func memoryStatisticsExample() {
    let x = Tensor.iota(1000)
    let bytes = Device.cpu.memoryStatistics.bytesInUse  // 8000 for x, and what else is in use
    #expect(bytes >= 8000)
    #expect(numbers(x).count == 1000)
  }

  @Test("a function of each element") func squareExample() {
    let y = square(Tensor([1.0, -2.0]))  // [1, 4]
    #expect(numbers(y) == [1, 4])
  }

  @Test("special functions") func specialExamples() {
    do {
      let y = lgamma(Tensor([1.0, 5.0]))  // [0, ln 24]
      #expect(isClose(y, [0, 3.178_054]))
    }
    do {
      let y = trunc(Tensor([2.7, -2.7]))  // [2, -2]
      #expect(numbers(y) == [2, -2])
    }
    let y = nanToNum(Tensor([.nan, 1.0, -.infinity]), negativeInfinity: -9)  // [0, 1, -9]
    #expect(numbers(y) == [0, 1, -9])
  }

  @Test("statistics") func statisticsExamples() {
    let s = Tensor([1.0, 3.0]).std()  // 1
    let y = Tensor([4.0, 1.0, 2.0, 3.0]).quantile(0.5)  // 2.5
    let places = Tensor([1.0, 2.0, 3.0]).searchSorted(Tensor([2.0, 9.0]))  // [1, 3]
    #expect(s.item() == 1 && y.item() == 2.5 && numbers(places) == [1, 3])
    do {
      let counts = Tensor([0, 2, 2]).bincount(extent: 4)  // [1, 0, 2, 0]
      #expect(numbers(counts) == [1, 0, 2, 0])
    }
    let (counts, edges) = Tensor([0.0, 1.0, 1.0, 4.0]).histogram(bins: 2)  // [3, 1], and [0, 2, 4]
    let (values, indices) = Tensor([1.0, 3.0, 2.0, 3.0]).cumulativeMax()  // [1, 3, 3, 3], and [0, 1, 1, 3]
    #expect(
      numbers(counts) == [3, 1] && numbers(edges) == [0, 2, 4] && numbers(values) == [1, 3, 3, 3] && numbers(indices) == [0, 1, 1, 3])
  }

  @Test("products and padding") func productExamples() {
    let y = Tensor([1.0, 2.0]).outer(Tensor([3.0, 4.0]))  // [[3, 4], [6, 8]]
    let d = Tensor([[0, 0], [3, 4]]).cdist(Tensor([[0, 0]]))  // [[0], [5]]
    #expect(numbers(y) == [3, 4, 6, 8] && numbers(d) == [0, 5])
    do {
      let x = Tensor([1.0, 2.0, 3.0]).pad([(before: 2, after: 0)], mode: .reflect)  // [3, 2, 1, 2, 3]
      #expect(numbers(x) == [3, 2, 1, 2, 3])
    }
    let x = Tensor([5.0, 6.0]).repeated(Tensor([1, 3]), axis: 0)  // [5, 6, 6, 6]
    #expect(numbers(x) == [5, 6, 6, 6])
  }

  @Test("writing, masks and different elements") func writingExamples() {
    do {
      let x = Tensor.zeros([3]).scatter(Tensor([1.0, 2.0, 4.0]), at: Tensor([0, 2, 0]))  // [4, 0, 2]
      let y = Tensor.ones([3]).scatter(Tensor([1.0, 2.0, 4.0]), at: Tensor([0, 2, 0]), mode: .add)  // [6, 1, 3]
      #expect(numbers(x) == [4, 0, 2] && numbers(y) == [6, 1, 3])
    }
    let x = Tensor([1.0, -2.0, 3.0])
    let y = x.maskedSelect(x .> 0)  // [1, 3]
    let (values, inverse, counts) = Tensor([3.0, 1.0, 3.0]).unique()  // [1, 3], [1, 0, 1] and [1, 2]
    #expect(numbers(y) == [1, 3] && numbers(values) == [1, 3] && numbers(inverse) == [1, 0, 1] && numbers(counts) == [1, 2])
  }

  @Test("bounds") func clipExample() {
    let y = clip(Tensor([-2.0, 0.5, 3.0]), -1, 1)  // [-1, 0.5, 1]
    #expect(numbers(y) == [-1, 0.5, 1])
  }

  @Test("conversion") func castExample() {
    let x = Tensor([2.9, -2.9]).cast(to: .int32)  // [2, -2]
    #expect(x.dtype == .int32 && numbers(x) == [2, -2])
  }

  @Test("a broadcast sum") func additionExample() {
    let sum = Tensor([[1], [2]]) + Tensor([10.0, 20.0])  // [[11, 21], [12, 22]]
    #expect(sum.shape == [2, 2] && numbers(sum) == [11, 21, 12, 22])
  }

  @Test("a choice") func selectExample() {
    let x = Tensor([1.0, -2.0, 3.0])
    let y = select(x .> 0, x, -x)  // [1, 2, 3]
    #expect(numbers(y) == [1, 2, 3])
  }

  @Test("sums") func sumExample() {
    let x = Tensor([[1, 2], [3, 4]])
    let rows = x.sum(axes: [1])  // [3, 7]
    let all = x.sum()  // 10
    #expect(numbers(rows) == [3, 7] && all.item() == 10)
  }

  @Test("a mean along an axis") func meanExample() {
    let means = Tensor([[1, 2], [3, 4]]).mean(axis: 0)  // [2, 3]
    #expect(numbers(means) == [2, 3])
  }

  @Test("softmax") func softmaxExample() {
    let p = Tensor([1.0, 1.0]).softmax()  // [0.5, 0.5]
    #expect(isClose(p, [0.5, 0.5]))
  }

  @Test("layer normalization") func layerNormExample() {
    let x = Tensor([[1, 3]])
    let y = x.layerNorm(gain: .ones([2]), bias: .zeros([2]))  // about [[-1, 1]]
    #expect(y.shape == [1, 2] && isClose(y, [-1, 1]))
  }

  @Test("another shape") func reshapeExample() {
    let x = Tensor.iota(6).reshape([2, -1])  // [[0, 1, 2], [3, 4, 5]]
    #expect(x.shape == [2, 3] && numbers(x) == [0, 1, 2, 3, 4, 5])
  }

  @Test("another order of axes") func permuteExample() {
    let x = Tensor([[1, 2], [3, 4]]).permute(1, 0)  // [[1, 3], [2, 4]]
    #expect(numbers(x) == [1, 3, 2, 4])
  }

  @Test("a stretched tensor") func broadcastExample() {
    let x = Tensor([1.0, 2.0]).broadcast(to: [2, 2])  // [[1, 2], [1, 2]]
    #expect(x.shape == [2, 2] && numbers(x) == [1, 2, 1, 2])
  }

  @Test("a margin") func padExample() {
    let x = Tensor([1.0, 2.0]).pad([(before: 1, after: 0)], fill: 9)  // [9, 1, 2]
    #expect(numbers(x) == [9, 1, 2])
  }

  @Test("tensors end to end") func concatenateExample() {
    let x = concatenate([Tensor([1.0, 2.0]), Tensor([3.0])])  // [1, 2, 3]
    #expect(numbers(x) == [1, 2, 3])
  }

  @Test("parts of a tensor") func subscriptExample() {
    var x = Tensor.iota(6).reshape([2, 3])  // [[0, 1, 2], [3, 4, 5]]
    let column = x[Axis.all, 1]  // [1, 4]
    let end = x[1, 1...]  // [4, 5]
    x[0] = Tensor(9)  // x is [[9, 9, 9], [3, 4, 5]]
    #expect(numbers(column) == [1, 4] && numbers(end) == [4, 5])
    #expect(x.shape == [2, 3] && numbers(x) == [9, 9, 9, 3, 4, 5])
  }

  @Test("slices by their numbers") func gatherExample() {
    let x = Tensor([10.0, 20.0, 30.0]).gather(Tensor([2, 0]))  // [30, 10]
    #expect(numbers(x) == [30, 10])
  }

  @Test("sums at indices") func scatterAddExample() {
    let x = Tensor([1.0, 2.0, 4.0]).scatterAdd(Tensor([0, 2, 0]), extent: 3)  // [5, 0, 2]
    #expect(numbers(x) == [5, 0, 2])
  }

  @Test("an element of each row") func takeAlongExample() {
    let x = Tensor([[1, 2], [3, 4]])
    let y = x.takeAlong(Tensor([1, 0]).expandDims(1))  // [[2], [3]]
    #expect(y.shape == [2, 1] && numbers(y) == [2, 3])
  }

  @Test("classes as rows") func oneHotExample() {
    let x = Tensor([0, 2]).oneHot(3)  // [[1, 0, 0], [0, 0, 1]]
    #expect(x.shape == [2, 3] && numbers(x) == [1, 0, 0, 0, 0, 1])
  }

  @Test("a step's loss read after the next step") func hostCopyExample() {
    var read: [Float] = []
    func print(_ loss: Float) { read.append(loss) }
    var last: HostCopy<Float>?
    for step in 1...3 {
      let loss = square(Tensor([1, 2]) * Double(step)).sum()
      if let last { print(last.item()) }  // 5, then 20: those of the steps before
      last = loss.hostCopy()
    }
    #expect(read == [5, 20] && last?.array() == [45])
  }

  @Test("attention of a padded batch") func dotProductAttentionExample() {
    let q = Tensor([1.0, 0.0]).reshape([1, 1, 2]), v = Tensor([10.0, 20.0]).reshape([1, 2, 1])  // one head, a query, two keys
    let k = Tensor([[1.0, 0.0], [0.0, 1.0]]).expandDims(0)
    let y = dotProductAttention(query: q, key: k, value: v, mask: Tensor([true, false]))  // [[[10]]]
    #expect(y.shape == [1, 1, 1] && numbers(y) == [10])
  }

  @Test("running sums") func cumulativeSumExample() {
    let x = Tensor([1.0, 2.0, 3.0]).cumulativeSum()  // [1, 3, 6]
    #expect(numbers(x) == [1, 3, 6])
  }

  @Test("a sorted tensor") func sortedExample() {
    let x = Tensor([3.0, 1.0, 2.0]).sorted()  // [1, 2, 3]
    #expect(numbers(x) == [1, 2, 3])
  }

  @Test("the largest elements") func topKExample() {
    let (values, indices) = Tensor([3.0, 1.0, 2.0]).topK(2)  // [3, 2], and [0, 2]
    #expect(numbers(values) == [3, 2] && numbers(indices) == [0, 2])
  }

  @Test("sums of products") func einsumExample() {
    let a = Tensor([[1, 2], [3, 4]])
    let product = einsum("ij,jk->ik", a, a)  // [[7, 10], [15, 22]]
    let trace = einsum("ii->", a)  // 5
    #expect(product.shape == [2, 2] && numbers(product) == [7, 10, 15, 22])
    #expect(trace.item() == 5)
  }

  @Test("a matrix product") func matmulExample() {
    let y = Tensor([[1, 2], [3, 4]]).matmul(Tensor([1.0, 1.0]))  // [3, 7]
    #expect(y.shape == [2] && numbers(y) == [3, 7])
  }

  @Test("a Cholesky factor") func choleskyExample() {
    let l = Tensor([[4, 2], [2, 5]]).cholesky()  // [[2, 0], [1, 2]]
    #expect(isClose(l, [2, 0, 1, 2]))
  }

  @Test("a system of equations") func solveExample() {
    let x = solve(Tensor([[2, 0], [0, 4]]), Tensor([2.0, 2.0]))  // [1, 0.5]
    #expect(x.shape == [2] && isClose(x, [1, 0.5]))
  }

  @Test("an equation without a solution") func solveWithInfoExample() {
    let (x, info) = solveWithInfo(Tensor([[0, 0], [0, 1]]), Tensor([1.0, 1.0]))  // [nan, nan], and 1
    #expect(numbers(x).allSatisfy { $0.isNaN })
    #expect(info.item() == 1)
  }

  @Test("factors of a matrix") func luExample() {
    let (p, l, u) = Tensor([[0, 2], [1, 1]]).lu()  // [[0, 1], [1, 0]], [[1, 0], [0, 1]], [[1, 1], [0, 2]]
    #expect(numbers(p) == [0, 1, 1, 0] && numbers(l) == [1, 0, 0, 1] && numbers(u) == [1, 1, 0, 2])
  }

  @Test("cofactors of a singular matrix") func determinantExample() {
    let slope = gradient(at: Tensor([[1, 2], [2, 4]])) { $0.determinant() }  // [[4, -2], [-2, 1]]
    #expect(isClose(slope, [4, -2, -2, 1]))
  }

  @Test("least squares") func leastSquaresExample() {
    let x = leastSquares(Tensor([[1], [1]]), Tensor([1.0, 3.0]))  // [2]
    #expect(isClose(x, [2]))
  }

  @Test("a system with a banded matrix") func solveBandedExample() {
    let bands = Tensor([[0, 1, 1], [4, 4, 4], [1, 1, 0]])
    let x = solveBanded(lower: 1, upper: 1, bands, Tensor([5.0, 6.0, 5.0]))  // [1, 1, 1]
    #expect(isClose(x, [1, 1, 1]))
  }

  @Test("attention") func attentionExample() {
    let tokens = Tensor([[1, 0], [0, 1], [2, 2]])
    let offsets = Tensor([0, 2, 3])  // two sequences, of 2 tokens and of 1
    let y = attention(query: tokens, key: tokens, value: tokens, offsets: offsets, heads: 1)  // the last row is [2, 2]
    #expect(y.shape == [3, 2] && isClose(y[2], [2, 2]))
  }

  @Test("random numbers") func randomKeyExample() {
    let keys = RandomKey(1).split(2)
    let x = keys[0].uniform([3])  // three numbers in 0..<1
    let same = keys[0].uniform([3])  // the same three
    let others = keys[1].uniform([3])  // three others
    #expect(numbers(x).allSatisfy { (0..<1).contains($0) })
    #expect(numbers(x) == numbers(same) && numbers(x) != numbers(others))
  }

  @Test("the dtype of two") func promoteExample() {
    let dtype = DType.promote(.int64, .float16)  // float16
    #expect(dtype == .float16)
  }

  @Test("a printed tensor") func descriptionExample() {
    let text = Tensor([1.0, 0.5]).description  // [1.0, 0.5]  float32[2]
    #expect(text == "[1.0, 0.5]  float32[2]")
  }

  @Test("a fault that is caught") func catchingDataFaultsExample() {
    let factor = try? catchingDataFaults { Tensor([[-1]]).cholesky() }  // nil: the matrix is not positive definite
    #expect(factor == nil)
  }

  @Test("the numbers of a tensor") func arrayExample() {
    let numbers: [Float] = Tensor([[1, 2], [3, 4]]).array()  // 1, 2, 3, 4
    #expect(numbers == [1, 2, 3, 4])
  }

  @Test("names of axes") func namedExample() {
    let scores = Tensor.zeros([2, 3]).named("B", "T"), weights = Tensor.ones([3]).named("T")
    let sum = (scores * weights).sum(axis: 1)  // of shape [B: 2]
    #expect(sum.shape.description == "[B: 2]" && numbers(sum) == [0, 0])
  }

  @Test("a convolution") func convolutionExample() {
    let image = Tensor([1.0, 2, 4]).reshape([1, 1, 3])
    let y = image.convolution(Tensor([1.0, -1]).reshape([1, 1, 2]), padding: 1)  // [[[-1, -1, -2, 4]]]
    #expect(y.shape == [1, 1, 4] && numbers(y) == [-1, -1, -2, 4])
  }

  @Test("windows and their sums") func unfoldExample() {
    let windows = Tensor([1, 2, 3, 4]).unfold(0, size: 2)  // [[1, 2], [2, 3], [3, 4]]
    let sum = Tensor([[1, 2], [3, 4]]).fold(0, extent: 3)  // [1, 5, 4]
    #expect(windows.shape == [3, 2] && numbers(windows) == [1, 2, 2, 3, 3, 4] && numbers(sum) == [1, 5, 4])
  }

  @Test("the greatest of windows") func maxPoolExample() {
    let y = Tensor([1, 3, 2, 5]).reshape([1, 1, 4]).maxPool(2)  // [[[3, 5]]]
    #expect(y.shape == [1, 1, 2] && numbers(y) == [3, 5])
  }

  @Test("an image at another size") func interpolateExample() {
    let y = Tensor([1.0, 3]).reshape([1, 1, 2]).interpolate([4], .linear())  // [[[1, 1.5, 2.5, 3]]]
    #expect(y.shape == [1, 1, 4] && numbers(y) == [1, 1.5, 2.5, 3])
  }

  @Test("every example of the comments is in this file or the next, and every family has one") func comments() throws {
    let families: Set = [
      "full", "linspace", "with", "memoryStatistics", "square", "clip", "cast", "select", "sum", "mean", "softmax",
      "layerNorm", "reshape", "permute", "broadcast", "pad", "concatenate", "gather", "scatterAdd", "takeAlong",
      "oneHot", "cumulativeSum", "sorted", "topK", "einsum", "matmul", "cholesky", "solve", "solveWithInfo",
      "attention", "RandomKey", "update", "vjp", "jvp", "valueAndGradient", "gradient", "checkpoint", "jacobian",
      "hessian", "vmap", "compile", "compileUpdate", "compilePullback", "customDerivative", "promote", "description",
      "catchingDataFaults", "array", "ParameterTree", "FinishedProgram", "named", "scan", "forLoop", "whileLoop", "cond",
    ]
    // Operators and subscripts have no name.
    let unnamed = ["[[1], [2]]) + Tensor", "x[Axis.all, 1]"]
    var found: Set<String> = [], lines: [String] = []
    for folder in ["Sources/Wengert", "Sources/WengertCore"] {
      let comments = try CommentExamples(in: folder)
      #expect(try comments.missing(in: #filePath, #filePath.replacing("CommentExamplesTests", with: "ProgramExamplesTests")) == [])
      found.formUnion(comments.examples.map(\.name))
      lines += comments.examples.flatMap(\.lines)
    }
    #expect(families.subtracting(found) == [])
    #expect(unnamed.filter { part in !lines.contains { $0.contains(part) } } == [])
  }
}
