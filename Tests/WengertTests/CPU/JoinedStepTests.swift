import Testing
@_spi(Backend) import WengertCPU
@_spi(Backend) import WengertCore
@_spi(Backend) import WengertTestSupport

/// What one kernel does for several instructions has the bits that the instructions have one by one.
extension KernelTests {
  @Suite struct JoinedSteps {
    /// Whether a program's outputs are those that one program per instruction makes.
    private static func isSame(_ program: RowProgram, rows: Int, columns: Int, _ random: inout SplitMix64, special: Bool) -> Bool {
      let shape: Shape = [rows, columns]
      let inputs = program.inputs.enumerated().map { index, input -> View in
        var values = random.floats(rows * (input.isRow ? columns : 1), in: index == 1 ? 0.1...3 : -3...3)
        if special {
          for (offset, number) in [Float.nan, .infinity, -.infinity, -0.0, 0x1p-149, 3e38].enumerated() {
            values[(offset * 7 + index * 3) % values.count] = number
          }
        }
        // Of some runs, the numbers are the same for all rows.
        if !input.isRow && columns % 3 == 0 {
          return View(storage: storage(values), layout: Layout(rowMajor: [1, 1]).broadcast(to: [rows, 1]), dtype: .float32)
        }
        return view(values, [rows, input.isRow ? columns : 1])
      }
      var made: [View] = []
      for (index, instruction) in program.instructions.enumerated() {
        if case .load(let input) = instruction {
          made.append(inputs[input])
          continue
        }
        var distinct: [Int] = []
        for operand in instruction.operands where !distinct.contains(operand) { distinct.append(operand) }
        let single = ProgramBuilder.make { p in
          var map: [Int: Int] = [:]
          for operand in distinct { map[operand] = p.load(.float32, row: program.isRow[operand]) }
          p.store(p.add(instruction.mappingOperands { map[$0]! }, .float32, row: program.isRow[index]))
        }
        let target = emptyView(.float32, [rows, program.isRow[index] ? columns : 1])
        cpu.run(single, inputs: distinct.map { made[$0] }, outputs: [target], over: shape)
        made.append(target)
      }
      let outputs = program.outputs.map { emptyView(.float32, [rows, program.isRow[$0.value] ? columns : 1]) }
      cpu.run(program, inputs: inputs, outputs: outputs, over: shape)
      return zip(program.outputs, outputs).allSatisfy { output, result in
        zip(contents(result.storage, as: Float.self), contents(made[output.value].storage, as: Float.self)).allSatisfy {
          $0.bitPattern == $1.bitPattern || ($0.isNaN && $1.isNaN)
        }
      }
    }

    private static func check(_ name: String, _ program: RowProgram, _ seed: UInt64) {
      var random = SplitMix64(seed: seed)
      for (rows, columns) in [
        (1, 1), (300, 1), (3, 15), (5, 33), (4, 64), (3, 100), (9, 128), (7, 333), (5, 768), (2, 4095), (2, 4500), (1, 70_001),
      ] {
        for special in [false, true] {
          atEachLevel { level in
            let same = isSame(program, rows: rows, columns: columns, &random, special: special)
            #expect(same, "\(name) \(level) \(rows)×\(columns) special: \(special)")
          }
        }
      }
    }

    @Test("two operations, in every order, on rows and numbers per row")
    func pairs() {
      let ops: [BinaryOp] = [.add, .subtract, .multiply]
      for first in ops {
        for last in ops {
          for form in 0..<7 {
            for isSwapped in [false, true] {
              let program = ProgramBuilder.make { p in
                let a = p.load(.float32, row: form & 1 == 0), b = p.load(.float32, row: form & 2 == 0 || form & 1 != 0)
                let c = p.load(.float32, row: form & 4 == 0)
                let inner = p.binary(first, a, b)
                p.store(isSwapped ? p.binary(last, c, inner) : p.binary(last, inner, c))
              }
              Self.check("(\(first)) \(last) \(form) \(isSwapped)", program, 1)
            }
          }
        }
      }
    }

    @Test("what is squared is read twice: it is not joined away")
    func square() {
      let program = ProgramBuilder.make { p in
        let a = p.load(.float32), b = p.load(.float32)
        p.store(p.unary(.square, p.binary(.subtract, a, b)))
        p.store(p.binary(.add, p.unary(.square, p.binary(.multiply, a, b)), b))
      }
      Self.check("square", program, 5)
    }

    @Test("sums of products, exponentials and squares, with and without what they keep")
    func sums() {
      for keeping in [false, true] {
        let product = ProgramBuilder.make { p in
          let product = p.binary(.multiply, p.load(.float32), p.load(.float32))
          p.store(p.reduce(.sum, product))
          if keeping { p.store(product) }
        }
        let exponential = ProgramBuilder.make { p in
          let e = p.unary(.exp, p.load(.float32))
          p.store(p.reduce(.sum, e))
          if keeping { p.store(e) }
        }
        let shifted = ProgramBuilder.make { p in
          let e = p.unary(.exp, p.binary(.subtract, p.load(.float32), p.load(.float32, row: false)))
          p.store(p.reduce(.sum, e))
          if keeping { p.store(e) }
        }
        // What is subtracted is the row's own maximum, or another row's, above which the numbers may be far.
        func below(_ isOwn: Bool) -> RowProgram {
          ProgramBuilder.make { p in
            let x = p.binary(.multiply, p.load(.float32), p.constant(29, .float32)), y = p.load(.float32)
            let e = p.unary(.exp, p.binary(.subtract, x, p.reduce(.maximum, isOwn ? x : y)))
            p.store(p.reduce(.sum, e))
            if keeping { p.store(e) }
          }
        }
        let squares = ProgramBuilder.make { p in
          let c = p.binary(.subtract, p.load(.float32), p.load(.float32, row: false))
          p.store(p.reduce(.sum, keeping ? p.binary(.multiply, c, c) : p.unary(.square, c)))
          if keeping { p.store(c) }
        }
        let row = ProgramBuilder.make { p in
          let a = p.load(.float32)
          p.store(p.reduce(.sum, a))
          p.store(p.reduce(.maximum, a))
        }
        for (name, program) in [
          ("product", product), ("exp", exponential), ("shifted exp", shifted), ("squares", squares), ("row", row),
          ("exp below the maximum", below(true)), ("exp about another maximum", below(false)),
        ] {
          Self.check("\(name) \(keeping)", program, 2)
        }
      }
    }

    @Test("the larger trees: Adam's update with and without decay, layer norm and its pullback")
    func trees() {
      func adam(decays: Bool) -> RowProgram {
        ProgramBuilder.make { p in
          let m = p.load(.float32), v = p.load(.float32), g = p.load(.float32), x = p.load(.float32)
          let rate = p.load(.float32, row: false), rest = p.constant(0.1, .float32)
          let first = p.binary(.add, m, p.binary(.multiply, p.binary(.subtract, g, m), rest))
          let square = p.binary(.multiply, p.binary(.multiply, g, g), p.constant(0.001, .float32))
          let second = p.binary(.add, p.binary(.multiply, v, p.constant(0.999, .float32)), square)
          let root = p.binary(.add, p.binary(.multiply, p.unary(.sqrt, second), rate), p.constant(1e-8, .float32))
          let step = p.binary(.divide, p.binary(.multiply, rate, first), root)
          p.store(p.binary(.subtract, decays ? p.binary(.multiply, x, rate) : x, step))
          p.store(first)
          p.store(second)
        }
      }
      let layerNorm = ProgramBuilder.make { p in
        let x = p.load(.float32), gain = p.load(.float32), ct = p.load(.float32), s = p.load(.float32, row: false)
        let centered = p.binary(.subtract, x, p.binary(.multiply, p.reduce(.sum, x), s))
        let r = p.binary(.multiply, p.reduce(.sum, p.binary(.multiply, centered, centered)), s)
        let h = p.binary(.multiply, centered, r), g = p.binary(.multiply, ct, gain)
        let mean = p.reduce(.sum, g), slope = p.reduce(.sum, p.binary(.multiply, g, h))
        let rest = p.binary(.subtract, p.binary(.subtract, g, mean), p.binary(.multiply, h, slope))
        p.store(p.binary(.multiply, r, rest))
        p.store(p.binary(.add, p.binary(.multiply, p.binary(.multiply, x, s), gain), ct))
        p.store(p.binary(.subtract, p.binary(.multiply, x, s), p.binary(.multiply, ct, mean)))
      }
      let normalized = ProgramBuilder.make { p in
        let x = p.load(.float32), gain = p.load(.float32), bias = p.load(.float32), s = p.load(.float32, row: false)
        let centered = p.binary(.subtract, x, p.binary(.multiply, p.reduce(.sum, x), s))
        let r = p.unary(.rsqrt, p.binary(.add, p.reduce(.sum, p.unary(.square, centered)), p.constant(1e-5, .float32)))
        p.store(p.binary(.add, p.binary(.multiply, p.binary(.multiply, centered, r), gain), bias))
      }
      Self.check("AdamW", adam(decays: true), 3)
      Self.check("Adam", adam(decays: false), 3)
      Self.check("layer norm and its pullback", layerNorm, 4)
      Self.check("layer norm", normalized, 6)
    }
  }
}
