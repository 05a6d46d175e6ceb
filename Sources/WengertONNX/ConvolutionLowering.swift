#if ONNX
  @_spi(Backend) import WengertNN

  /// A convolution, or one of its gradients, as Conv or ConvTranspose.
  struct ConvolutionLowering {
    let role: ConvolutionRole
    let node: PlainGraph.Node
    let strides: [Int], dilation: [Int]
    let padding: [Dimension]
    let groups: Int
    /// What is known of images, weights and outputs.
    let x: Shape, w: Shape, y: Shape

    init(
      _ lowering: Lowering, _ node: PlainGraph.Node, _ role: ConvolutionRole, _ strides: Shape, _ padding: Shape, _ dilation: Shape,
      _ groups: Dimension
    ) throws {
      (self.node, self.role, self.strides, self.dilation) = (node, role, Array(strides), Array(dilation))
      self.padding = padding.dimensions
      guard let groups = groups.number else { throw lowering.unsupported(node, "its number of groups, \(groups), is not known") }
      self.groups = groups
      var shapes = node.operands.map { lowering.type($0).shape }
      shapes.insert(lowering.type(node.results[0]).shape, at: role.rawValue)
      (x, w, y) = (shapes[0], shapes[1], shapes[2])
    }

    /// How many elements are padded behind the last one of each axis, so that the extents are those of the graph: fewer than none are left out.
    private var paddingBehind: [Dimension] {
      strides.indices.map { axis in
        let steps: Dimension = (y[dim: axis + 2] - 1) * Dimension(strides[axis])
        let kernel: Dimension = (w[dim: axis + 2] - 1) * Dimension(dilation[axis])
        return steps + kernel + 1 - x[dim: axis + 2] - padding[axis]
      }
    }

    func lower(_ lowering: inout Lowering) -> String {
      let dtype = lowering.type(node.results[0]).dtype
      let wide = lowering.wide(dtype)
      let operands = node.operands.map { lowering.cast(lowering.name($0), from: dtype, to: wide) }
      let result: String
      switch role {
      case .output: result = convolution(operands[0], x, operands[1], strides, dilation, groups, wide, &lowering)
      case .input: result = transposed(operands[1], operands[0], wide, &lowering)
      case .weight: result = weight(operands[0], operands[1], wide, &lowering)
      }
      return lowering.cast(result, from: wide, to: dtype)
    }

    /// Conv with the padding as an attribute where it can be one.
    private func convolution(
      _ image: String, _ shape: Shape, _ kernel: String, _ strides: [Int], _ dilation: [Int], _ groups: Int, _ dtype: DType,
      _ lowering: inout Lowering
    ) -> String {
      let behind = paddingBehind
      let ends = behind.indices.map { axis -> Int? in
        guard let number = behind[axis].number else { return end(axis) }
        return number < 0 && number > -strides[axis] ? 0 : number
      }
      let starts = padding.map(\.number)
      var attributes: [Onnx_AttributeProto] = [.ints("strides", strides), .ints("dilations", dilation), .int("group", groups)]
      if (starts + ends).allSatisfy({ $0.map { $0 >= 0 } ?? false }) {
        attributes.append(.ints("pads", (starts + ends).map { $0! }))
        return lowering.model.add("Conv", [image, kernel], attributes)
      }
      let none: [Dimension] = [0, 0]
      let padded = lowering.padded(image, none + padding, none + behind, 0, dtype)
      return lowering.model.add("Conv", [padded, kernel], attributes)
    }

    /// The padding before an axis, if the same behind it gives the graph's extent for all symbols.
    private func end(_ axis: Int) -> Int? {
      guard role == .output, let start = padding[axis].number else { return nil }
      let kernel: Dimension = (w[dim: axis + 2] - 1) * Dimension(dilation[axis])
      let free: Dimension = x[dim: axis + 2] + Dimension(2 * start) - kernel - 1
      return (free.divided(by: Dimension(strides[axis])) + 1).equals(y[dim: axis + 2]) == true ? start : nil
    }

    private func transposed(_ output: String, _ kernel: String, _ dtype: DType, _ lowering: inout Lowering) -> String {
      var attributes: [Onnx_AttributeProto] = [.ints("strides", strides), .ints("dilations", dilation), .int("group", groups)]
      let numbers = (padding + paddingBehind).map(\.number)
      if numbers.allSatisfy({ $0.map { $0 >= 0 } ?? false }) {
        attributes.append(.ints("pads", numbers.map { $0! }))
        return lowering.model.add("ConvTranspose", [output, kernel], attributes)
      }
      let all = lowering.model.add("ConvTranspose", [output, kernel], attributes)
      let none: [Dimension] = [0, 0], zero: Dimension = 0
      return lowering.padded(all, none + padding.map { zero - $0 }, none + paddingBehind.map { zero - $0 }, 0, dtype)
    }

    /// The channels count as images, the images as channels, and the output is the kernel: strides and dilation change their places.
    private func weight(_ image: String, _ output: String, _ dtype: DType, _ lowering: inout Lowering) -> String {
      let spatial = Array(2..<x.rank)
      var images = image
      if groups == 1 {
        images = lowering.permuted(images, [1, 0] + spatial)
      } else {
        let part = w[dim: 1], count = x[dim: 0], tail = Array(x.dimensions.dropFirst(2))
        images = lowering.model.add("Reshape", [images, lowering.list([count, Dimension(groups), part] + tail)])
        images = lowering.permuted(images, [2, 1, 0] + spatial.map { $0 + 1 })
        images = lowering.model.add("Reshape", [images, lowering.list([part, count * Dimension(groups)] + tail)])
      }
      let kernel = lowering.permuted(output, [1, 0] + spatial)
      let result = convolution(images, x, kernel, dilation, strides, groups, dtype, &lowering)
      return lowering.permuted(result, [1, 0] + spatial)
    }
  }
#endif
