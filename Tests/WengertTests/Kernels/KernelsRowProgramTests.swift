import Foundation
import Testing
@_spi(Backend) import WengertCPU
@_spi(Backend) import WengertCore
@_spi(Backend) import WengertTestSupport

/// Programs on whole arrays, against plain loops in float64. Serialized with the other kernel tests because levels are chosen for the process.
extension KernelTests {
  @Suite struct ViewKernels {
    static let softmax = ProgramBuilder.make { p in
      let x = p.load(.float32)
      let e = p.unary(.exp, p.binary(.subtract, x, p.reduce(.maximum, x)))
      p.store(p.binary(.divide, e, p.reduce(.sum, e)))
    }

    static func softmaxReference(_ x: [Float], _ columns: Int) -> [Double] {
      stride(from: 0, to: x.count, by: columns).flatMap { start -> [Double] in
        let row = x[start..<start + columns].map(Double.init)
        let top = row.max()!
        let e = row.map { exp($0 - top) }
        let sum = e.reduce(0, +)
        return e.map { $0 / sum }
      }
    }

    @Test("softmax of rows shorter and longer than a tile, on 1, 2 and 3 threads")
    func softmax() {
      var random = SplitMix64(seed: 1)
      for (rows, columns) in [
        (1, 1), (5, 3), (7, 17), (300, 128), (2, 1023), (3, 1024), (3, 1025), (3, 4096), (3, 4097), (2, 5000), (1, 100_000), (2000, 65),
      ] {
        let x = random.floats(rows * columns, in: -5...5)
        let expected = Self.softmaxReference(x, columns)
        atEachLevel { level in
          var results: [[Float]] = []
          for threads in 1...3 {
            results.append(
              cpu.withThreadCount(threads) {
                run(Self.softmax, [view(x, [rows, columns])], over: [rows, columns], as: Float.self)
              })
          }
          #expect(results[0] == results[1] && results[0] == results[2])
          let worst = zip(results[0], expected).map { ulps($0, $1) }.max()!
          #expect(worst < 14, "\(level) \(rows)×\(columns)")
        }
      }
    }

    @Test("layer norm with scale and shift, in place")
    func layerNorm() {
      let program = ProgramBuilder.make { p in
        let x = p.load(.float32), scale = p.load(.float32), shift = p.load(.float32), count = p.load(.float32, row: false)
        let mean = p.binary(.divide, p.reduce(.sum, x), count)
        let centered = p.binary(.subtract, x, mean)
        let variance = p.binary(.divide, p.reduce(.sum, p.unary(.square, centered)), count)
        let factor = p.unary(.rsqrt, p.binary(.add, variance, p.constant(1e-5, .float32)))
        p.store(p.binary(.add, p.binary(.multiply, p.binary(.multiply, centered, factor), scale), shift))
        p.store(mean)
      }
      var random = SplitMix64(seed: 2)
      for (rows, columns) in [(3, 5), (200, 384), (4, 1024), (3, 2500), (2, 4500), (1, 70_000)] {
        let x = random.floats(rows * columns), scale = random.floats(columns), shift = random.floats(columns)
        let input = view(x, [rows, columns]), mean = emptyView(.float32, [rows, 1])
        let shared = Layout(shape: [rows, columns], strides: [0, 1])
        cpu.run(
          program,
          inputs: [
            input, view(scale, [columns]).with(shared), view(shift, [columns]).with(shared),
            view([Float(columns)], [1]).with(Layout(shape: [rows, 1], strides: [0, 0])),
          ], outputs: [input, mean], over: [rows, columns])
        let result = contents(input.storage, as: Float.self), means = contents(mean.storage, as: Float.self)
        for row in 0..<rows {
          let values = x[row * columns..<(row + 1) * columns].map(Double.init)
          let m = values.reduce(0, +) / Double(columns)
          let v = values.reduce(0) { $0 + ($1 - m) * ($1 - m) } / Double(columns)
          #expect(abs(Double(means[row]) - m) < 1e-6)
          for column in 0..<columns {
            let expected = (values[column] - m) / (v + 1e-5).squareRoot() * Double(scale[column]) + Double(shift[column])
            if abs(Double(result[row * columns + column]) - expected) > 1e-5 {
              Issue.record("\(rows)×\(columns) at \(row), \(column): \(result[row * columns + column]) ≠ \(expected)")
              return
            }
          }
        }
      }
    }

    @Test("over an input, programs give what they give in rows that lie apart, on 1, 2 and 3 threads, whatever the row's length")
    func overItsInput() {
      // A stored row whose sum is asked for too.
      let exponential = ProgramBuilder.make { p in
        let y = p.unary(.exp, p.load(.float32))
        p.store(y)
        p.store(p.reduce(.sum, y))
      }
      // What is stored is made of values of its own, and the input is read again after the first of them.
      let chain = ProgramBuilder.make { p in
        let x = p.load(.float32)
        let y = p.unary(.exp, p.unary(.square, x))
        p.store(p.binary(.add, p.binary(.multiply, y, y), x))
      }
      // One stored row is made of the other.
      func pair(_ isFirstMadeOfSecond: Bool) -> RowProgram {
        ProgramBuilder.make { p in
          let y = p.unary(.exp, p.load(.float32)), z = p.unary(.tanh, p.unary(.square, y))
          p.store(isFirstMadeOfSecond ? z : y)
          p.store(isFirstMadeOfSecond ? y : z)
        }
      }
      // The lanes change their type.
      let whole = ProgramBuilder.make { p in
        let x = p.load(.float32)
        p.store(p.binary(.multiply, p.cast(p.cast(p.binary(.multiply, x, p.constant(100, .float32)), .int32), .float32), x))
      }
      let programs = [
        ("softmax", Self.softmax), ("exp and sum", exponential), ("chain", chain), ("first of second", pair(true)),
        ("second of first", pair(false)), ("whole", whole),
      ]
      var random = SplitMix64(seed: 7)
      for (rows, columns) in [(7, 1), (5, 130), (300, 128), (3, 4096), (3, 5000), (1, 100_000)] {
        let shape: Shape = [rows, columns], x = random.floats(rows * columns, in: -1...1)
        for (name, program) in programs {
          let isRow = program.outputs.map { program.isRow[$0.value] }
          func extent(_ output: Int) -> Shape { [rows, isRow[output] ? columns : 1] }
          func values(_ view: View) -> [Float] {
            let all = contents(view.storage, as: Float.self), step = view.layout.strides[0]
            return (0..<rows).flatMap { Array(all[$0 * step..<$0 * step + view.shape[1]]) }
          }
          atEachLevel { level in
            // Rows apart are not made in their own place.
            let apart = isRow.indices.map { output -> View in
              let width = extent(output)[1]
              return emptyView(.float32, [rows, width + 3]).with(Layout(shape: extent(output), strides: [width + 3, 1]))
            }
            cpu.run(program, inputs: [view(x, shape)], outputs: apart, over: shape)
            for over in isRow.indices where isRow[over] {
              for threads in 1...3 {
                let input = view(x, shape)
                let outputs = isRow.indices.map { $0 == over ? input : emptyView(.float32, extent($0)) }
                cpu.withThreadCount(threads) { cpu.run(program, inputs: [input], outputs: outputs, over: shape) }
                let isSame = zip(outputs, apart).allSatisfy { values($0) == values($1) }
                #expect(isSame, "\(name) over output \(over) \(level) \(rows)×\(columns) on \(threads)")
              }
            }
          }
        }
      }
    }

    @Test("the maximum of a row is NaN if there is one, wherever it is", arguments: [1, 8, 63, 64, 65, 128, 200, 4096, 5000, 70_001])
    func maximumWithNaN(columns: Int) {
      let program = ProgramBuilder.make { p in p.store(p.reduce(.maximum, p.load(.float32))) }
      var random = SplitMix64(seed: 8)
      let x = random.floats(3 * columns)
      let largest = (0..<3).map { x[$0 * columns..<($0 + 1) * columns].max()! }
      let places = Set([0, 1, 5, 62, 63, 64, 100, columns / 2, columns - 1].filter { $0 < columns })
      atEachLevel { level in
        for threads in [1, 3] {
          func maxima(_ x: [Float]) -> [Float] {
            cpu.withThreadCount(threads) { run(program, [view(x, [3, columns])], over: [3, columns], as: Float.self) }
          }
          #expect(maxima(x) == largest, "\(level)")
          for place in places {
            var strange = x
            strange[columns + place] = .nan
            let found = maxima(strange)
            #expect(found[0] == largest[0] && found[1].isNaN && found[2] == largest[2], "\(level): \(place)")
            strange[columns + place] = .infinity
            #expect(maxima(strange)[1] == .infinity, "\(level): \(place)")
          }
        }
      }
    }

    @Test("log-sum-exp of rows", arguments: [1, 100, 1024, 3000, 5000, 200_000])
    func logSumExp(columns: Int) {
      let program = ProgramBuilder.make { p in
        let x = p.load(.float32)
        let top = p.reduce(.maximum, x)
        p.store(p.binary(.add, top, p.unary(.log, p.reduce(.sum, p.unary(.exp, p.binary(.subtract, x, top))))))
      }
      var random = SplitMix64(seed: 3)
      let rows = 3
      let x = random.floats(rows * columns, in: -20...20)
      let results = (1...3).map { threads in
        cpu.withThreadCount(threads) { run(program, [view(x, [rows, columns])], over: [rows, columns], as: Float.self) }
      }
      #expect(results[0] == results[1] && results[0] == results[2])
      for row in 0..<rows {
        let values = x[row * columns..<(row + 1) * columns].map(Double.init)
        let top = values.max()!
        let expected = top + log(values.reduce(0) { $0 + exp($1 - top) })
        #expect(ulps(results[0][row], expected) < 3)
      }
    }

    @Test("column sums: outer axes in any pattern, equal for all thread counts")
    func columnSums() {
      let program = ProgramBuilder.make { p in p.store(p.load(.float32), accumulate: .sum) }
      var random = SplitMix64(seed: 4)
      // Shape, and which outer axes are combined.
      let cases: [(Shape, [Bool])] = [
        ([10, 3], [true]), ([5000, 3], [true]), ([700, 384], [true]), ([40, 5000], [true]), ([6, 50, 70], [true, false]),
        ([6, 50, 70], [false, true]), ([6, 50, 70], [true, true]), ([300, 2, 200], [true, false]), ([1, 7], [true]), ([0, 7], [true]),
        ([3, 1, 9], [false, true]),
      ]
      for (shape, combined) in cases {
        let x = random.floats(shape.elementCount)
        let columns = shape[shape.rank - 1]
        var strides = Shape(repeating: 0, count: shape.rank)
        strides[shape.rank - 1] = 1
        var kept = columns
        for axis in combined.indices.reversed() where !combined[axis] {
          strides[axis] = kept
          kept *= shape[axis]
        }
        var expected = [Double](repeating: 0, count: kept)
        for (index, value) in x.enumerated() {
          var rest = index, position = 0
          for axis in shape.indices.reversed() {
            position += rest % shape[axis] * strides[axis]
            rest /= shape[axis]
          }
          expected[position] += Double(value)
        }
        var results: [[Float]] = []
        for threads in 1...3 {
          let output = view([Float](repeating: .nan, count: kept), [kept]).with(Layout(shape: shape, strides: strides))
          cpu.withThreadCount(threads) { cpu.run(program, inputs: [view(x, shape)], outputs: [output], over: shape) }
          results.append(contents(output.storage, as: Float.self))
        }
        #expect(results[0] == results[1] && results[0] == results[2], "\(shape)")
        #expect(zip(results[0], expected).allSatisfy { abs(Double($0) - $1) < 1e-5 }, "\(shape) \(combined)")
      }
    }

    @Test("element-wise programs on contiguous, transposed, strided, reversed and broadcast views")
    func layouts() {
      let program = ProgramBuilder.make { p in
        let x = p.load(.float32), y = p.load(.float32)
        p.store(p.binary(.add, p.binary(.multiply, x, y), p.constant(0.5, .float32)))
      }
      var random = SplitMix64(seed: 5)
      for (rows, columns) in [(1, 1), (3, 5), (64, 64), (65, 33), (1, 3000), (200, 1100), (1100, 7), (2000, 3)] {
        let data = random.floats(rows * columns * 2 + 2)
        let shape: Shape = [rows, columns]
        let layouts = [
          Layout(rowMajor: shape), Layout(shape: shape, strides: [1, rows]), Layout(shape: shape, strides: [columns * 2, 2]),
          Layout(shape: shape, strides: [-columns, -1], offset: rows * columns - 1), Layout(shape: shape, strides: [0, 1]),
          Layout(shape: shape, strides: [1, 0]), Layout(shape: shape, strides: [0, 0], offset: 1),
          Layout(shape: shape, strides: [columns + 1, 1]),
        ]
        let source = storage(data)
        for a in layouts {
          for b in [layouts[0], layouts[1], layouts[4], layouts[5]] {
            for target in [layouts[0], layouts[1], layouts[2]] {
              let output = View(storage: cpu.allocate(byteCount: rows * columns * 8), layout: target, dtype: .float32)
              let views = [a, b].map { View(storage: source, layout: $0, dtype: .float32) }
              cpu.run(program, inputs: views, outputs: [output], over: shape)
              let result = contents(output.storage, as: Float.self)
              for row in 0..<rows {
                for column in 0..<columns {
                  func at(_ layout: Layout) -> Int { layout.offset + row * layout.strides[0] + column * layout.strides[1] }
                  let expected = Double(data[at(a)]) * Double(data[at(b)]) + 0.5
                  if abs(Double(result[at(target)]) - expected) > 1e-6 {
                    Issue.record("\(shape) \(a.strides) \(b.strides) → \(target.strides) at \(row), \(column)")
                    return
                  }
                }
              }
            }
          }
        }
      }
    }

    @Test("an AdamW-like update of several tensors in place reads before it writes")
    func inPlace() {
      let program = ProgramBuilder.make { p in
        let w = p.load(.float32), m = p.load(.float32), g = p.load(.float32), rate = p.load(.float32, row: false)
        let next = p.binary(.add, p.binary(.multiply, m, p.constant(0.9, .float32)), g)
        let moved = p.binary(.subtract, w, p.binary(.multiply, rate, p.binary(.add, next, m)))
        p.store(next)
        p.store(moved)
      }
      var random = SplitMix64(seed: 6)
      for count in [1, 31, 1024, 1025, 300_001] {
        let w = random.floats(count), m = random.floats(count), g = random.floats(count)
        let wView = view(w, [count]), mView = view(m, [count])
        cpu.run(program, inputs: [wView, mView, view(g, [count]), view([Float(0.1)], [1])], outputs: [mView, wView], over: [count])
        let newW = contents(wView.storage, as: Float.self), newM = contents(mView.storage, as: Float.self)
        for i in 0..<count {
          let next = 0.9 * Double(m[i]) + Double(g[i])
          #expect(abs(Double(newM[i]) - next) < 1e-5)
          #expect(abs(Double(newW[i]) - (Double(w[i]) - 0.1 * (next + Double(m[i])))) < 1e-5)
        }
      }
    }

    @Test("column indices, comparisons and selection: cross-entropy's one-hot without one")
    func columnIndex() {
      let program = ProgramBuilder.make { p in
        let x = p.load(.float32), label = p.load(.int64, row: false)
        let hit = p.compare(.equal, p.add(.columnIndex, .int64, row: true), label)
        p.store(p.reduce(.sum, p.select(hit, x, p.constant(0, .float32))))
      }
      var random = SplitMix64(seed: 7)
      for (rows, columns) in [(50, 7), (4, 1024), (5, 3000), (3, 5000), (1, 150_000)] {
        let x = random.floats(rows * columns)
        let labels = (0..<rows).map { _ in Int64.random(in: 0..<Int64(columns), using: &random) }
        let result = run(program, [view(x, [rows, columns]), view(labels, [rows, 1])], over: [rows, columns], as: Float.self)
        for row in 0..<rows { #expect(result[row] == x[row * columns + Int(labels[row])]) }
      }
    }

    @Test("empty shapes write nothing, empty rows reduce to the neutral element")
    func empty() {
      let copy = ProgramBuilder.make { p in p.store(p.unary(.exp, p.load(.float32))) }
      #expect(run(copy, [emptyView(.float32, [0])], over: [0], as: Float.self).isEmpty)
      #expect(run(copy, [emptyView(.float32, [3, 0])], over: [3, 0], as: Float.self).isEmpty)
      for (op, expected) in zip(ReduceOp.allCases, [Float(0), 1, .infinity, -Float.infinity]) {
        let program = ProgramBuilder.make { p in p.store(p.reduce(op, p.load(.float32))) }
        #expect(run(program, [emptyView(.float32, [2, 0])], over: [2, 0], as: Float.self) == [expected, expected])
      }
      let any = ProgramBuilder.make { p in p.store(p.reduce(.maximum, p.load(.bool))) }
      #expect(run(any, [emptyView(.bool, [1, 0])], over: [1, 0], as: UInt8.self) == [0])
    }
  }
}
