/// What a finished program is made of: the graph after all passes, what must hold of its symbols, and its results' names.
///
/// **The code of a program**
///
/// | bytes | |
/// |---|---|
/// | 4 | 137, "Wgp" |
/// | 1 | the version of this form |
/// | 8 | the fingerprint of the arguments (`ArgumentNames.fingerprint`), by which one program of many is found without reading them |
/// | 8 | the length of the content, lowest byte first, as in all numbers of fixed size |
/// | … | the content |
/// | 8 | FNV-1a of 64 bits over all before it |
///
/// The content is made of lists, each with its length in front:
///
/// 1. words, of which everything that has a name is written as a place in this list: another order of enumerations changes nothing;
/// 2. parts of extents, named by their places as the entries of all these lists are, and naming earlier ones alone: `symbol` with its name; `quotient`, `remainder`, `minimum` and
///    `maximum` of two extents; `share` of an extent in so many parts; `sum` of terms, each a coefficient and a list of factors;
/// 3. shapes, lists of extents: 0 and a number, or the place of a `sum` plus one;
/// 4. types, each a shape and a dtype;
/// 5. row programs (`RowProgramCode.swift`);
/// 6. callers, each a file and a line;
/// 7. arguments, each a name (a list of words) and a type; then a number, how many of them come late;
/// 8. the results' names; the arguments' settings, a text for each, or none;
/// 9. constants, each a type, the number of elements of its memory, the place of its first element there, a list of strides, and the memory's bytes;
/// 10. nodes: a name in `PrimitiveList`, what that primitive writes of itself (`CodeValue`), a caller, a list of operands, each by how far back it is, and a list of result types;
/// 11. results, 12. updates, each an argument and a result, 13. requirements, each an extent, whether it is at most or equal to the next, an extent, operation and message as texts, and
///     a caller.
///
/// Values are numbered in the order arguments, constants, results of nodes. Numbers take seven bits to a byte, the lowest first; those that may be negative have their sign as lowest bit.
///
/// No pass runs on what is read, and no bytes are trusted: `ProgramReader` checks numbers, places and the size of extents, `Graph.fault` types and operands.
struct ProgramCode {
  var graph: Graph
  var requirements: [Requirement] = []
  var resultNames: [String] = []
  /// What the arguments hold besides tensors (`TensorTree.settings`), for each; none if it cannot be anything else.
  var settings: [String] = []
  /// Of a program that was read: what is looked at again when the symbols have their numbers, nodes whose operands then fit or not, and extents that may be negative.
  var openNodes: [Int] = [], openExtents: Set<Dimension> = []

  private static let mark: [UInt8] = [137] + Array("Wgp".utf8)
  /// To be raised when what an older version of the library would read wrongly is written.
  static let version: UInt8 = 1
  private static let headLength = 21, checksumLength = 8

  /// FNV-1a.
  static func checksum(_ bytes: ArraySlice<UInt8>) -> UInt64 {
    bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
  }

  /// The names of the arguments' tensors, but for those that come late.
  private var argumentNames: [String] { Array(graph.inputNames.dropLast(graph.lateInputCount)) }

  /// The fingerprint that the first bytes of a program hold; nil if there are too few.
  static func fingerprint(_ bytes: some Sequence<UInt8>) -> UInt64? {
    let bytes = Array(bytes.dropFirst(mark.count + 1).prefix(8))
    return bytes.count == 8 ? bytes.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) } : nil
  }

  /// The bytes with this length and checksum in place of those that they have; for tests of what the checksum guards.
  static func sealed(_ bytes: [UInt8]) -> [UInt8] {
    guard bytes.count >= headLength + checksumLength else { return bytes }
    var writer = ProgramWriter()
    for byte in bytes[..<13] { writer.byte(byte) }
    writer.fixed(UInt64(bytes.count - headLength - checksumLength))
    let body = writer.bytes + bytes[headLength..<bytes.count - checksumLength]
    writer = ProgramWriter()
    writer.fixed(checksum(body[...]))
    return body + writer.bytes
  }
}

// MARK: Writing

extension ProgramCode {
  /// - Parameter largestConstant: how many bytes the memory of a constant may take.
  /// - Throws: `ProgramError` if there is something that no code can hold, with the operation and its place.
  func bytes(largestConstant: Int) throws -> [UInt8] {
    var writer = ProgramWriter()
    try write(to: &writer, largestConstant)
    let body = writer.finish()
    var head = ProgramWriter()
    for byte in Self.mark + [Self.version] { head.byte(byte) }
    head.fixed(ArgumentNames.fingerprint(argumentNames, settings))
    let place = [UInt8](repeating: 0, count: 8)
    return Self.sealed(head.bytes + place + body + place)
  }

  private func write(to code: inout ProgramWriter, _ largestConstant: Int) throws {
    var numbers = [Int](repeating: -1, count: graph.values.count)
    var count = 0
    func number(_ value: Graph.Value) {
      numbers[value] = count
      count += 1
    }
    code.count(graph.inputs.count)
    for (value, name) in zip(graph.inputs, graph.inputNames) {
      code.name(name)
      code.type(graph.type(value))
      number(value)
    }
    code.count(graph.lateInputCount)
    code.count(resultNames.count)
    for name in resultNames { code.name(name) }
    code.count(settings.count)
    for text in settings { code.text(text) }

    let constants = graph.values.indices.filter { if case .constant = graph.values[$0].origin { true } else { false } }
    code.count(constants.count)
    for value in constants {
      guard case .constant(let tensor) = graph.values[value].origin else { continue }
      try write(tensor, value, to: &code, largestConstant)
      number(value)
    }
    try check(code, "an argument")

    code.count(graph.nodes.count)
    for node in graph.nodes {
      if let name = PrimitiveList.name(of: node.operation) { code.word(name) }
      node.operation.write(to: &code)
      code.caller(node.caller)
      code.count(node.operands.count)
      for operand in node.operands { code.count(count - numbers[operand]) }
      code.count(node.results.count)
      for result in node.results {
        code.type(graph.type(result))
        number(result)
      }
      try check(code, Self.place(node))
      if PrimitiveList.name(of: node.operation) == nil { unreachable("\(node.operation.name) is not in the list of primitives") }
    }

    code.count(graph.outputs.count)
    for output in graph.outputs { code.count(numbers[output]) }
    code.count(graph.updates.count)
    for update in graph.updates { code.values(update.input, update.output) }
    code.count(requirements.count)
    for requirement in requirements {
      code.values(requirement.a, requirement.relation == .atMost, requirement.b)
      code.text(requirement.operation)
      code.text(requirement.message)
      code.caller(requirement.caller)
    }
    try check(code, "a requirement of an operation")
  }

  private func check(_ code: ProgramWriter, _ place: String) throws {
    if let refusal = code.refusal { throw ProgramError("\(place) cannot be written: \(refusal)") }
  }

  private static func place(_ node: Graph.Node) -> String {
    "\(node.operation.name)" + (node.caller.isOwn ? "" : " (\(node.caller.fileName):\(node.caller.line))")
  }

  /// The stretch of memory that a constant is in, and how it lies there, since sums take their order from that; one that is scattered over more than twice its own bytes is
  /// made dense.
  private func write(_ tensor: Tensor, _ value: Graph.Value, to code: inout ProgramWriter, _ largestConstant: Int) throws {
    var view = tensor.view
    // It may be repeated along axes of any extent.
    func one(_ layout: Layout) -> Layout {
      var layout = layout
      for axis in layout.shape.indices where layout.shape[dim: axis].isExpression { layout.shape[dim: axis] = 1 }
      return layout
    }
    func stretch() -> Range<Int> {
      if view.shape.hasNoElements { return 0..<0 }
      return one(view.layout).extent.map { $0.lowerBound..<$0.upperBound + 1 } ?? 0..<0
    }
    if !view.shape.isSymbolic, stretch().count * view.dtype.byteCount > 2 * view.distinctByteCount {
      view = ViewKernels.copied(view)
    }
    let elements = stretch(), width = view.dtype.byteCount
    if elements.count * width > largestConstant {
      let reader = graph.nodes.first { $0.operands.contains(value) }.map { "\(Self.place($0)) uses" } ?? "is a result"
      throw ProgramError(
        "the tensor \(tensor.type) that \(reader) is not an argument of the function, and takes \(elements.count * width) bytes, where at most \(largestConstant) are written; pass it as an argument"
      )
    }
    code.type(TensorType(shape: view.shape, dtype: view.dtype))
    code.count(elements.count)
    code.count(elements.isEmpty ? 0 : view.layout.offset - elements.lowerBound)
    CodeList(elements.isEmpty ? Layout(rowMajor: view.shape).strides : view.layout.strides).write(to: &code)
    if elements.isEmpty { return }
    view.storage.backend.withBytes(of: view.storage, in: elements.lowerBound * width..<elements.upperBound * width) { code.raw($0) }
  }
}

// MARK: Reading

extension ProgramCode {
  /// - Parameter backend: where the constants are put, and the program will run.
  /// - Throws: `ProgramError` if these are not the bytes of a program that this version of the library can run.
  init(_ bytes: [UInt8], on backend: any Backend) throws {
    guard bytes.starts(with: Self.mark) else {
      throw ProgramError(bytes.isEmpty ? "there is nothing" : "it is not a finished program: it begins otherwise")
    }
    guard bytes.count > 4, bytes[4] == Self.version else {
      throw ProgramError(
        bytes.count <= 4
          ? "it is cut off"
          : "it is written in form \(bytes[4]), and this version of the library reads form \(Self.version); make the program again")
    }
    let length = bytes[min(13, bytes.count)..<min(Self.headLength, bytes.count)].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    let held = bytes.count - Self.headLength - Self.checksumLength
    guard held >= 0, length == UInt64(held) else {
      throw ProgramError("it is cut off, or something follows it: its length is \(length) bytes, and there are \(max(held, 0))")
    }
    let end = bytes.count - Self.checksumLength
    let sum = bytes[end...].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard sum == Self.checksum(bytes[..<end]) else { throw ProgramError("it is damaged: its checksum is another one") }
    var reader = try ProgramReader(bytes, in: Self.headLength..<end)
    try self.init(from: &reader, on: backend)
    try reader.finish()
  }

  private init(from code: inout ProgramReader, on backend: any Backend) throws {
    graph = Graph()
    for _ in 0..<(try code.count("arguments")) {
      let name = try code.name()
      _ = graph.addInput(name, try code.type())
    }
    graph.lateInputCount = try code.unsigned()
    for _ in 0..<(try code.count("results' names")) { resultNames.append(try code.name()) }
    for _ in 0..<(try code.count("settings")) { settings.append(try code.text()) }
    for _ in 0..<(try code.count("constants")) { _ = graph.addConstant(try Self.constant(from: &code, on: backend)) }
    for _ in 0..<(try code.count("operations")) {
      let name = try code.word()
      guard let type = PrimitiveList.all[name] else { throw code.unknown(name, "operation") }
      let operation = try Self.operation(type, from: &code), caller = try code.caller()
      var operands: [Graph.Value] = [], types: [TensorType] = []
      for _ in 0..<(try code.count("operands")) {
        let back = try code.unsigned()
        guard (1...max(graph.values.count, 1)).contains(back), back <= graph.values.count else {
          throw ProgramError("\(operation.name) has an operand that is not made before")
        }
        operands.append(graph.values.count - back)
      }
      for _ in 0..<(try code.count("results of an operation")) { types.append(try code.type()) }
      _ = graph.addNode(operation, operands, types, caller)
    }
    for _ in 0..<(try code.count("results")) { graph.outputs.append(try code.unsigned()) }
    for _ in 0..<(try code.count("updates")) { graph.updates.append(try Graph.Update(input: code.read(), output: code.read())) }
    for _ in 0..<(try code.count("requirements")) {
      let a = try code.dimension(), relation: Requirement.Relation = try code.flag() ? .atMost : .equal, b = try code.dimension()
      requirements.append(
        try Requirement(a: a, relation: relation, b: b, operation: code.text(), message: code.text(), caller: code.caller()))
    }
    if let fault = noteQuestions() { throw ProgramError("its graph is broken: \(fault)") }
    if graph.separateProducts(for: backend), let fault = noteQuestions() { unreachable("separated products break the graph: \(fault)") }
    openExtents = code.openExtents
    guard resultNames.isEmpty || resultNames.count == graph.outputs.count else {
      throw ProgramError("it has \(resultNames.count) names of \(graph.outputs.count) results")
    }
    let known = Set(graph.symbols)
    if let symbol = code.symbols.filter({ !known.contains($0) }).min() {
      throw ProgramError("no argument's shape says what the symbol \(symbol.debugDescription) is")
    }
  }

  /// What is wrong with the graph; notes what the symbols decide.
  private mutating func noteQuestions() -> String? {
    let questions = OpenQuestions()
    let fault = OpenQuestions.$current.withValue(questions) { graph.fault }
    openNodes = questions.nodes
    return fault
  }

  private static func operation<Primitive: Operation>(_ type: Primitive.Type, from code: inout ProgramReader) throws -> any Operation {
    try code.read(type)
  }

  private static func constant(from code: inout ProgramReader, on backend: any Backend) throws -> Tensor {
    let type = try code.type(), count = try code.unsigned(), offset = try code.unsigned()
    let strides = try code.read(CodeList.self).numbers
    func require(_ condition: Bool) throws {
      if !condition { throw ProgramError("a constant \(type) is not in its \(count) elements") }
    }
    try require(strides.rank == type.shape.rank && offset <= count)
    if type.shape.hasNoElements {
      try require(count == 0)
      return Tensor(View(storage: backend.allocate(byteCount: 0), layout: Layout(rowMajor: type.shape), dtype: type.dtype), node: nil)
    }
    var layout = Layout(shape: type.shape, strides: strides, offset: offset)
    for axis in type.shape.indices {
      let stride = strides[dim: axis].raw
      if type.shape[dim: axis].isExpression {
        try require(stride == 0)
        layout.shape[dim: axis] = 1
      } else if stride != 0 {
        try require(stride.magnitude <= ProgramReader.largestExtent)
        try require(layout.shape[axis] == 1 || layout.shape[axis] - 1 <= count / abs(stride))
      }
    }
    let (byteCount, overflows) = count.multipliedReportingOverflow(by: type.dtype.byteCount)
    try require(!overflows)
    let bytes = try code.raw(byteCount)
    if type.dtype == .bool, bytes.contains(where: { $0 > 1 }) { throw ProgramError("a constant has truth values that are none") }
    let storage = backend.allocate(byteCount: byteCount)
    let view = View(storage: storage, layout: layout, dtype: type.dtype)
    try require(view.isInBounds)
    if byteCount > 0 { backend.write(Array(bytes).span.bytes, to: storage, at: 0) }
    layout.shape = type.shape
    return Tensor(view.with(layout), node: nil)
  }
}

extension Graph {
  /// Takes products apart from the row programs in which they cannot end on this backend: the program may have been made for another one.
  ///
  /// - Returns: whether there were any.
  fileprivate mutating func separateProducts(for backend: any Backend) -> Bool {
    let source = self
    func separated(_ node: Node) -> MatMulEpilogue? {
      guard let joined = node.operation as? MatMulEpilogue else { return nil }
      return backend.canFuse(epilogue: joined.rows.program, ofProduct: source.type(node.operands[0]).dtype) ? nil : joined
    }
    guard nodes.contains(where: { separated($0) != nil }) else { return false }
    var rewriter = GraphRewriter(self)
    for node in nodes {
      guard let joined = separated(node) else {
        rewriter.keep(node)
        continue
      }
      var operands = rewriter.values(node.operands)
      let product = rewriter.add(MatMul(), Array(operands[..<2]), node.caller)[0]
      operands.removeFirst(2)
      operands.insert(product, at: joined.product)
      let results = (joined.keepsProduct ? [product] : []) + rewriter.add(joined.rows, operands, node.caller)
      for (old, new) in zip(node.results, results) { rewriter.replace(old, by: new) }
    }
    self = rewriter.finish()
    return true
  }
}
