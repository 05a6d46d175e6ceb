@_spi(Backend) import WengertCore

/// A row program over rows so few and so long that a block for each would leave most of the device idle: each row is cut into pieces, which blocks of their own combine, and the
/// pieces' results are combined then, for one reduction that waits for another after the other. What is stored comes last, element by element.
struct LongRows {
  private let call: RowCall
  /// The reductions, those that wait for so many others together.
  private let levels: [[RowProgram.Value]]
  private let pieces: Int

  /// At least so many elements are a piece, and at most so many rows are few.
  private static let leastPiece = 1 << 12, mostRows = 64, mostPieces = 512

  /// Nil if rows are not such, or the number of a column matters.
  init?(_ call: RowCall) {
    let shape = call.shape, columns = shape[shape.rank - 1], rows = shape.dropLast().reduce(1, *)
    guard columns >= 8 * Self.leastPiece, rows <= Self.mostRows, shape.rank < RowTextBuilder.mostAxes,
      call.program.outputs.allSatisfy({ $0.accumulate == nil })
    else { return nil }
    let part = RowPart(call.program, outputs: Array(call.program.outputs.indices))
    guard !part.reductions.isEmpty, !part.usesColumns, !part.usesRandom,
      part.reductions.allSatisfy({ call.program.dtypes[$0].computeType != .bool })
    else { return nil }
    // Pieces of one length, that of whole accesses if there is such.
    let most = min(Self.mostPieces, columns / Self.leastPiece)
    let numbers = (2...most).filter { columns % $0 == 0 }
    guard let pieces = numbers.last(where: { columns / $0 % 8 == 0 }) ?? numbers.last else { return nil }
    let depths = part.depths
    levels = (1...(part.reductions.compactMap { depths[$0] }.max() ?? 1)).map { depth in part.reductions.filter { depths[$0] == depth } }
    self.call = call
    self.pieces = pieces
  }

  private var program: RowProgram { call.program }
  private var outer: [Int] { Array(call.shape.dropLast()) }
  private var piecesShape: Shape { Shape(outer + [pieces, 1]) }
  private var scalarShape: Shape { Shape(outer + [1]) }

  /// Bytes of the reductions of pieces and of rows.
  var workspace: Int {
    levels.joined().reduce(0) { sum, value in
      let size = program.dtypes[value].computeType.byteCount
      return sum + RowParts.rounded(piecesShape.elementCount * size) + RowParts.rounded(scalarShape.elementCount * size)
    }
  }

  /// The call with each row as so many rows.
  private var cut: RowCall {
    var result = call
    let columns = call.shape[call.shape.rank - 1] / pieces
    result.shape = Shape(outer + [pieces, columns])
    result.inputs = call.inputs.enumerated().map { number, view in
      let strides = Array(view.layout.strides.prefix(outer.count)), step = view.layout.strides[outer.count]
      let isRow = program.inputs[number].isRow
      return view.with(
        Layout(
          shape: Shape(outer + (isRow ? [pieces, columns] : [pieces, 1])),
          strides: Strides(strides + (isRow ? [step * columns, step] : [0, 0])),
          offset: view.layout.offset))
    }
    return result
  }

  /// A number for each row as one for each piece.
  private func spread(_ view: View) -> View {
    let strides = Array(view.layout.strides.prefix(outer.count))
    return view.with(Layout(shape: piecesShape, strides: Strides(strides + [0, 0]), offset: view.layout.offset))
  }

  /// Gives the calls one after another.
  ///
  /// - Parameters:
  ///   - part: makes reductions of the pieces, or outputs, of a call, with reductions that are given.
  ///   - whole: a call of another program.
  func perform(
    in memory: Storage, part: (RowPart, RowCall, _ scalars: [RowProgram.Value: View]) -> Void, whole: (RowCall) -> Void
  ) {
    var rooms = Workspace(), scalars: [RowProgram.Value: View] = [:]
    let cut = cut
    for level in levels {
      var partials = scalars.mapValues(spread)
      for value in level { partials[value] = rooms.room(piecesShape, program.dtypes[value].computeType, in: memory) }
      part(RowPart(program, outputs: [], given: scalars.keys.sorted(), wanted: level), cut, partials)
      for value in level {
        guard case .reduce(let op, _) = program.instructions[value] else { continue }
        let dtype = program.dtypes[value].computeType, b = RowBuilder("pieces")
        b.store(b.row(dtype).reduce(op), as: dtype)
        let result = rooms.room(scalarShape, dtype, in: memory), partial = partials[value]!
        let shape = Shape(outer + [pieces])
        let row = partial.with(Layout(shape: shape, strides: shape.rowMajorStrides, offset: partial.layout.offset))
        whole(RowCall(b.finish(), inputs: [row], outputs: [result], over: shape))
        scalars[value] = result
      }
    }
    let given = scalars.keys.sorted()
    let rows = program.outputs.indices.filter { program.isRow[program.outputs[$0].value] }
    let numbers = program.outputs.indices.filter { !rows.contains($0) }
    if !rows.isEmpty { part(RowPart(program, outputs: rows, given: given), call, scalars) }
    if !numbers.isEmpty {
      var ofRows = call
      ofRows.shape = scalarShape
      part(RowPart(program, outputs: numbers, given: given), ofRows, scalars)
    }
  }
}
