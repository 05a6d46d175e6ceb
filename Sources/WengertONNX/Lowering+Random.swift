#if ONNX
  @_spi(Backend) import WengertNN

  extension Lowering {
    /// Philox-4×32-10 by whole numbers of int64, of which none is ever negative: the numbers are those that our own kernels draw.
    mutating func lowerRandom(_ node: PlainGraph.Node, stream: UInt32, lane: Int, byColumn: Bool) {
      let result = node.results[0], shape = type(result).shape, key = small(node.operands[0])
      let place: Stretched
      if byColumn {
        let count = shape[dim: shape.rank - 1]
        place = Stretched(name: range(count), shape: Shape(dimensions: [count]))
      } else {
        let one: Dimension = 1
        let count = shape.dimensions.reduce(one) { $0 * $1 }
        place = Stretched(name: reshaped(range(count), from: Shape(dimensions: [count]), to: shape), shape: shape)
      }
      // The stream's first product is a number. (Runtimes that fold it may take its 1 ÷ 2¹⁶ for one of real numbers.)
      let known = UInt64(0xCD9E_8D57) * UInt64(stream)
      let start = (low: whole(Int(known & 0xFFFF_FFFF)), high: whole(Int(known >> 32)))
      var words = [lowWord(place.name), highWord(place.name), "", whole(0)]
      let first = lowWord(key.name), second = highWord(key.name)
      for round in 0..<10 {
        let left = product(0xD251_1F53, words[0]), right = round == 0 ? start : product(0xCD9E_8D57, words[2])
        let keys = [(first, 0x9E37_79B9), (second, 0xBB67_AE85)].map { key, step in
          round == 0 ? key : lowWord(model.add("Add", [key, whole(round * step)]))
        }
        words = [xor(right.high, words[1], keys[0]), right.low, xor(left.high, words[3], keys[1]), left.low]
      }
      set(result, Stretched(name: words[lane], shape: place.shape.stretched(to: key.shape)))
    }

    /// The top 24 bits in float32, all 32 and a half in float64.
    mutating func lowerUnitInterval(_ node: PlainGraph.Node) {
      let bits = small(node.operands[0]), dtype = type(node.results[0]).dtype
      let name: String
      if dtype == .float64 {
        let middle = model.add("Add", [cast(bits.name, from: .int64, to: .float64), model.number(0.5, .float64)])
        name = model.add("Mul", [middle, model.number(0x1p-32, .float64)])
      } else {
        let top = cast(model.add("Div", [bits.name, whole(256)]), from: .int64, to: .float32)
        name = cast(model.add("Mul", [top, model.number(0x1p-24, .float32)]), from: .float32, to: dtype)
      }
      set(node.results[0], Stretched(name: name, shape: bits.shape))
    }

    private mutating func whole(_ value: Int) -> String { model.number(Double(value), .int64) }
    private mutating func xor(_ a: String, _ b: String, _ c: String) -> String {
      model.add("BitwiseXor", [model.add("BitwiseXor", [a, b]), c])
    }

    private mutating func lowWord(_ x: String) -> String { model.add("BitwiseAnd", [x, whole(0xFFFF_FFFF)]) }

    /// The upper 32 of 64 bits, also of a number below zero.
    private mutating func highWord(_ x: String) -> String {
      lowWord(model.add("Div", [model.add("Sub", [x, lowWord(x)]), whole(1 << 32)]))
    }

    /// Both words of the product of two words, by halves of one of them.
    private mutating func product(_ factor: Int, _ x: String) -> (low: String, high: String) {
      func times(_ half: String) -> String { model.add("Mul", [half, whole(factor)]) }
      let lower = times(model.add("BitwiseAnd", [x, whole(0xFFFF)])), upper = times(model.add("Div", [x, whole(1 << 16)]))
      let shifted = model.add("Mul", [model.add("BitwiseAnd", [upper, whole(0xFFFF)]), whole(1 << 16)])
      let carried = model.add("Add", [upper, model.add("Div", [lower, whole(1 << 16)])])
      return (lowWord(model.add("Add", [lower, shifted])), model.add("Div", [carried, whole(1 << 16)]))
    }
  }
#endif
