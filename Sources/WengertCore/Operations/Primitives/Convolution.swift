/// One of the three tensors of a convolution from the other two (`ConvolutionRole`): the output from input and weight, and their gradients, which are convolutions too. Each is
/// linear in both of its operands, and its derivatives are the other two.
///
/// Operands, in this order and without the result: x [N, C, …], w [O, C/groups, kernel…], y [N, O, …].
struct Convolution: Operation {
  var role: ConvolutionRole
  /// The spatial extents of the result.
  var extents: Shape
  var strides: Shape
  /// Before the first element of each spatial axis; what is beyond the last follows from the extents.
  var padding: Shape
  var dilation: Shape
  var groups: Dimension

  var name: String {
    switch role {
    case .output: "convolution"
    case .input: "transposedConvolution"
    case .weight: "convolutionWeight"
    }
  }

  /// The roles of the operands.
  private var given: [ConvolutionRole] { ConvolutionRole.allCases.filter { $0 != role } }

  func results(_ operands: [TensorType], _ caller: Caller) -> [TensorType] {
    let a = operands[0].shape, b = operands[1].shape
    let lead: Shape
    switch role {
    case .output: lead = Shape(dimensions: [a[dim: 0], b[dim: 0]])
    case .input: lead = Shape(dimensions: [b[dim: 0], a[dim: 1] * groups])
    case .weight: lead = Shape(dimensions: [b[dim: 1], a[dim: 1].part(of: groups)])
    }
    return [TensorType(shape: lead + extents, dtype: operands[0].dtype)]
  }

  func execute(_ operands: [Tensor], _ results: [TensorType], on backend: any Backend, _ caller: Caller) -> [Tensor] {
    let out = results[0].allocate(on: backend)
    if operands.contains(where: { $0.count == 0 }) {
      ViewKernels.fill(out, with: 0)
    } else if results[0].shape.elementCount > 0 {
      var views = operands.map(\.view)
      views.insert(out, at: role.rawValue)
      backend.run(
        ConvolutionCall(
          role, x: views[0], w: views[1], y: views[2], strides: strides, padding: padding, dilation: dilation, groups: groups.number!))
    }
    return [Tensor(out, node: nil)]
  }

  func substituting(_ symbols: [String: Int]) -> Convolution {
    var result = self
    result.extents = extents.substituting(symbols)
    result.padding = padding.substituting(symbols)
    result.groups = Dimension(groups.substituting(symbols))
    return result
  }

  func batched(_ application: BatchedApplication) -> [Tensor] {
    let a = application
    var isBatched = a.isBatched
    isBatched.insert(true, at: role.rawValue)
    // Examples are more images where the weight is the same for all, more channels or outputs where these are on two of the three, more groups otherwise.
    let merge = Merge(constant: ConvolutionRole(rawValue: isBatched.firstIndex(of: false) ?? 3), groups: groups, size: a.size)
    var operation = self
    operation.groups = merge.groupsOfAll
    let operands = given.enumerated().map { i, role in
      a.isBatched[i] ? merge.merged(a.operands[i], a.operandTypes[i].shape, role, a.caller) : a.operands[i]
    }
    return [merge.split(apply1(operation, operands, a.caller), a.resultTypes[0].shape, role, a.caller)]
  }

  func keeps(for wanted: [Bool]) -> Residuals { Residuals(operands: (wanted[0] ? 0b10 : 0) | (wanted[1] ? 0b01 : 0), results: false) }

  var derivative: Derivative {
    .rule(
      vjp: { a, ct in
        // The cotangent takes the result's place.
        given.enumerated().map { i, wanted in
          guard a.wanted[i] else { return nil }
          var operation = self
          operation.role = wanted
          operation.extents = a.operandTypes[i].shape.dropFirst(2)
          let known = [(given[1 - i], a.operand(1 - i)), (role, ct[0]!)].sorted { $0.0.rawValue < $1.0.rawValue }
          return apply1(operation, known.map(\.1), a.caller)
        }
      },
      jvp: { a, t in
        let first = t[0].map { apply1(self, [$0, a.operand(1)], a.caller) }
        let second = t[1].map { apply1(self, [a.operand(0), $0], a.caller) }
        return [first.map { f in second.map { f + $0 } ?? f } ?? second]
      })
  }
}

extension Dimension {
  /// One of so many equal parts; whether they are equal was asked before.
  fileprivate func part(of parts: Dimension) -> Dimension { parts.number.map { share(of: $0) } ?? divided(by: parts) }
}

/// How the examples of a batch become one convolution: along which axis of each tensor they are laid side by side.
private struct Merge {
  /// The tensor that is the same for all examples.
  let constant: ConvolutionRole?
  let groups: Dimension
  let size: Dimension

  var groupsOfAll: Dimension { constant == nil ? groups * size : groups }

  /// The axis of an example's tensor, and in how many parts of it the examples lie side by side.
  private func place(_ role: ConvolutionRole) -> (axis: Int, parts: Dimension) {
    switch (constant, role) {
    case (.weight, _): (0, 1)
    case (.output, .weight): (1, 1)
    case (.output, _): (1, groups)
    case (.input, .weight): (0, groups)
    case (.input, _): (1, groups)
    case (nil, .weight): (0, 1)
    case (nil, _): (1, 1)
    }
  }

  /// The tensor with all examples, the batch first, as that of one convolution.
  func merged(_ whole: Tensor, _ shape: Shape, _ role: ConvolutionRole, _ caller: Caller) -> Tensor {
    let (axis, parts) = place(role)
    let part = shape[dim: axis].part(of: parts), before = shape.prefix(axis), after = shape.dropFirst(axis + 1)
    let apart = whole.move(.reshape([size] + before + Shape(dimensions: [parts, part]) + after), caller)
    return apart.moveAxis(0, to: axis + 1).move(.reshape(before + Shape(dimensions: [size * shape[dim: axis]]) + after), caller)
  }

  /// The inverse for the result, of which `shape` is an example's.
  func split(_ all: Tensor, _ shape: Shape, _ role: ConvolutionRole, _ caller: Caller) -> Tensor {
    let (axis, parts) = place(role)
    let part = shape[dim: axis].part(of: parts), before = shape.prefix(axis), after = shape.dropFirst(axis + 1)
    let apart = all.move(.reshape(before + Shape(dimensions: [parts, size, part]) + after), caller)
    return apart.moveAxis(axis + 1, to: 0).move(.reshape([size] + shape), caller)
  }
}

extension ConvolutionRole: CodeWord { static let words = Dictionary(uniqueKeysWithValues: allCases.map { ("\($0)", $0) }) }

extension Convolution {
  func write(to code: inout ProgramWriter) { code.values(role, extents, CodeList(strides), padding, CodeList(dilation), groups) }
  init(from code: inout ProgramReader) throws {
    try self.init(
      role: code.read(), extents: code.read(), strides: code.read(CodeList.self).numbers, padding: code.read(),
      dilation: code.read(CodeList.self).numbers, groups: code.read())
  }
}
