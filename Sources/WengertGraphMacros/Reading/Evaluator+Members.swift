#if Macros
  import SwiftSyntax
  @_spi(Backend) import WengertCore

  extension Evaluator {
    // MARK: Names

    /// What a name stands for: a variable, a member of the type, or one of its constants.
    func value(of reference: DeclReferenceExprSyntax) -> Value? {
      let name = reference.baseName.text
      if let slot = local(name) { return slot.value }
      if name == "self" {
        return frame.model.map(Value.model)
          ?? refuse(reference, "self is not known here: mark the type with @Graph too, whose members have @Axes")
      }
      if let value = frame.model?[name] { return value }
      var next = frame.type
      while let type = next {
        if let property = type.property(name) { return value(of: property, name, in: type, at: Syntax(reference)) }
        next = type.outer
      }
      let isVariable = frame.type?.variables.contains(name) ?? false
      return refuse(
        reference,
        isVariable
          ? "the value of \(name) is not known while Swift compiles; make it a let with a value, or give its axes by @Axes"
          : frame.type == nil
            ? "@Graph does not know \(name): it sees this function alone. Pass it as an argument, or put both into a type with @Graph"
            : "@Graph does not know \(name): it sees what is inside of \(frame.type?.name ?? "the type"). Declare it there, or pass it as an argument"
      )
    }

    private func value(of property: TypeInfo.Property, _ name: String, in type: TypeInfo, at node: Syntax) -> Value? {
      if frames.count > 64 { return refuse(node, "\(name) is made of itself") }
      frames.append(Frame(type: type, model: frame.type === type ? frame.model : nil))
      defer { frames.removeLast() }
      switch property {
      case .value(let expression, let annotation): return evaluate(expression).map { Self.converted($0, to: annotation) }
      case .getter(let body): return run(body: body)?.value
      }
    }

    /// The number that a name stands for in a type, for axes: no mistake if there is none.
    func constant(_ name: String) -> Int? {
      var next = frame.type
      while let type = next {
        if case .value(let expression, _)? = type.property(name) {
          let quiet = Evaluator(.tracing, Findings(), type: type, anchor: nil, line: { _ in 0 }, origin: { _ in [] })
          return quiet.evaluate(expression)?.whole
        }
        next = type.outer
      }
      return nil
    }

    // MARK: Members

    func evaluate(_ member: MemberAccessExprSyntax) -> Value? {
      let name = member.declName.baseName.text
      guard let base = member.base else { return .member(name) }
      if let type = base.as(DeclReferenceExprSyntax.self)?.baseName.text, local(type) == nil, frame.model?[type] == nil {
        if let info = namedType(type), let property = info.property(name) { return value(of: property, name, in: info, at: Syntax(member)) }
        switch type {
        case "Axis": return axis(name, [], at: member.declName, member)
        case "Double", "Float": if let number = Value.member(name).number { return .number(number) }
        case "DType": if let dtype = Value.member(name).dtype { return .dtype(dtype) }
        case "Int": if name == "max" || name == "min" { return .whole(name == "max" ? .max : .min) }
        default: break
        }
      }
      guard let receiver = evaluate(base) else { return nil }
      switch receiver {
      case .tensor(let x):
        switch name {
        case "shape": return .shape(x.shape)
        case "rank": return .whole(x.rank)
        case "dtype": return .dtype(x.dtype)
        case "count": return perform(name, at: member.declName, of: ExprSyntax(member)) { Self.extent(x.shape.elements) }
        default: break
        }
      case .shape(let shape):
        switch name {
        case "rank", "count": return .whole(shape.rank)
        case "elements", "elementCount":
          return perform(name, at: member.declName, of: ExprSyntax(member)) { Self.extent(shape.elements) }
        case "dimensions": return .list(shape.dimensions.map(Self.extent))
        case "indices": return .range(from: .whole(0), to: .whole(shape.rank), isClosed: false)
        default: break
        }
      case .list(let items):
        switch name {
        case "count": return .whole(items.count)
        case "indices": return .range(from: .whole(0), to: .whole(items.count), isClosed: false)
        case "isEmpty": return .flag(items.isEmpty)
        default: break
        }
      case .tuple(let parts):
        if let part = parts.first(where: { $0.label == name }) { return part.value }
        if let place = Int(name), parts.indices.contains(place) { return parts[place].value }
      case .model(let model):
        if let value = model[name] { return value }
        if let type = namedType(model.type), let property = type.property(name) {
          frames.append(Frame(type: type, model: model))
          defer { frames.removeLast() }
          return value(of: property, name, in: type, at: Syntax(member))
        }
      default: break
      }
      return refuse(member.declName, "@Graph knows no \(name) of \(receiver.kind)")
    }

    // MARK: Subscripts

    func evaluate(_ call: SubscriptCallExprSyntax) -> Value? {
      let receiver = evaluate(call.calledExpression), given = arguments(call.arguments)
      guard let receiver, let given else { return nil }
      switch receiver {
      case .tensor(let x): return part(of: x, given, call)
      case .list(let items):
        guard given.count == 1, let place = given[0].value.whole else {
          return refuse(call.arguments, "a list is read at a known number, this is \(given.map(\.value.kind).joined(separator: ", "))")
        }
        if !items.indices.contains(place) { return refuse(call.arguments, "there is no element \(place) in a list of \(items.count)") }
        return items[place]
      case .shape(let shape):
        guard given.count == 1, let axis = given[0].value.whole else {
          return refuse(call.arguments, "a shape is read at the number of an axis")
        }
        if !shape.indices.contains(axis) {
          return refuse(call.arguments, "axis \(axis) of \(shape), which has \(shape.rank) axes; they count from 0")
        }
        return Self.extent(shape[dim: axis])
      default: return refuse(call, "\(receiver.kind) has no parts")
      }
    }

    private func part(of x: Tensor, _ given: [(label: String, value: Value)], _ call: SubscriptCallExprSyntax) -> Value? {
      var values = given.map(\.value)
      if given.count == 1, given[0].label == "indices", case .list(let items) = given[0].value { values = items }
      var indices: [any TensorIndex] = []
      for (value, argument) in zip(
        values, call.arguments.map(\.expression) + values.dropFirst(call.arguments.count).map { _ in ExprSyntax(call) })
      {
        guard let index = index(value, at: argument) else { return nil }
        indices.append(index)
      }
      let places = indices, line = line(call.leftSquare.positionAfterSkippingLeadingTrivia)
      return perform("subscript", at: call.leftSquare, of: ExprSyntax(call)) { .tensor(x[indices: places, file: Self.file, line: line]) }
    }

    private func index(_ value: Value, at node: ExprSyntax) -> (any TensorIndex)? {
      switch value {
      case .whole(let x): return x
      case .dimension(let x): return x
      case .tensor(let x): return x
      case .axis(let x): return x
      case .range(let from, let to, let isClosed):
        if from.map({ $0.whole != nil }) ?? true, to.map({ $0.whole != nil }) ?? true {
          var end = to?.whole
          if isClosed, let last = end { end = last == -1 || last == .max ? nil : last + 1 }
          if let from = from?.whole, let end, from > end, from >= 0, end >= 0 {
            refuse(node, "the range begins at \(from) and ends at \(end)")
            return nil
          }
          return Axis.range(from: from?.whole, to: end)
        }
        if isClosed {
          refuse(node, "a range that ends at an extent is written with ..<")
          return nil
        }
        switch (from?.dimension, to?.dimension) {
        case (let from?, let to?): return Axis.range(from: from, to: to)
        case (let from?, nil): return Axis.range(from: from)
        case (nil, let to?): return Axis.range(to: to)
        case (nil, nil): return Axis.all
        }
      default:
        refuse(node, "an index is a number, an extent, a range, an Axis or a tensor of whole numbers, this is \(value.kind)")
        return nil
      }
    }

    /// `Axis.all`, `Axis.range(from: 1)`.
    func axis(_ name: String, _ given: [(label: String, value: Value)], at node: some SyntaxProtocol, _ whole: some ExprSyntaxProtocol)
      -> Value?
    {
      switch name {
      case "all": return .axis(.all)
      case "new": return .axis(.new)
      case "ellipsis": return .axis(.ellipsis)
      case "range":
        func argument(_ label: String) -> Value? { given.first { $0.label == label }?.value }
        let by = argument("by").map(\.whole) ?? 1, from = argument("from"), to = argument("to")
        guard let by else { break }
        let line = line(whole.positionAfterSkippingLeadingTrivia)
        if from.map({ $0.whole != nil }) ?? true, to.map({ $0.whole != nil }) ?? true {
          return perform("Axis.range", at: node, of: ExprSyntax(whole)) {
            .axis(.range(from: from?.whole, to: to?.whole, by: by, file: Self.file, line: line))
          }
        }
        return perform("Axis.range", at: node, of: ExprSyntax(whole)) {
          switch (from?.dimension, to?.dimension) {
          case (let from?, let to?): .axis(.range(from: from, to: to, by: by, file: Self.file, line: line))
          case (let from?, nil): .axis(.range(from: from, by: by, file: Self.file, line: line))
          case (nil, let to?): .axis(.range(to: to, by: by, file: Self.file, line: line))
          case (nil, nil): .axis(.range(by: by, file: Self.file, line: line))
          }
        }
      default: break
      }
      return refuse(node, "@Graph knows no Axis.\(name) of these arguments")
    }

    // MARK: New tensors

    /// `Tensor.zeros([3])` and its like, in the graph; nil if it is none of them.
    func make(
      _ name: String, _ given: [(label: String, value: Value)], at node: some SyntaxProtocol, _ call: FunctionCallExprSyntax
    ) -> Value?? {
      guard let anchor, OperationTable.made.has("Tensor.\(name)"),
        let operation = OperationTable.made.call("Tensor.\(name)", on: .tensor(anchor), given, file: Self.file, line: 0)
      else { return nil }
      return .some(perform(name == "init" ? "Tensor" : name, at: node, of: ExprSyntax(call), operation))
    }
  }

  extension OperationTable {
    /// What makes tensors of nothing: beside the first argument, of whatever device that is.
    static let made: OperationTable = {
      var table = OperationTable()
      table.add("Tensor.init(_: Double, dtype: DType = .float32)") {
        .tensor(.full($0.number(1), [], dtype: $0.has(2) ? $0.dtype(2) : .float32, beside: $0.tensor(0)))
      }
      table.add("Tensor.init(extent: Dimension, dtype: DType = .float32)") {
        .tensor(.extent($0.dimension(1), dtype: $0.has(2) ? $0.dtype(2) : .float32, beside: $0.tensor(0), Caller($0.file, $0.line)))
      }
      table.add("Tensor.init(_: [Double], dtype: DType = .float32)") {
        let dtype = $0.has(2) ? $0.dtype(2) : .float32, numbers = dtype.elements($0.numbers(1))
        let constant = Tensor(numbers, shape: [numbers.count], backend: ShapeBackend.shared)
        return .tensor(constant.joining(graphOf: $0.tensor(0)).cast(to: dtype))
      }
      table.add("Tensor.full(_: Double, _: Shape, dtype: DType = .float32)") {
        .tensor(.full($0.number(1), $0.shape(2), dtype: $0.has(3) ? $0.dtype(3) : .float32, beside: $0.tensor(0)))
      }
      table.add("Tensor.zeros(_: Shape, dtype: DType = .float32)") {
        .tensor(.full(0, $0.shape(1), dtype: $0.has(2) ? $0.dtype(2) : .float32, beside: $0.tensor(0)))
      }
      table.add("Tensor.ones(_: Shape, dtype: DType = .float32)") {
        .tensor(.full(1, $0.shape(1), dtype: $0.has(2) ? $0.dtype(2) : .float32, beside: $0.tensor(0)))
      }
      table.add("Tensor.iota(_: Dimension)") { .tensor(.iota($0.dimension(1), beside: $0.tensor(0))) }
      table.add("Tensor.eye(_: Dimension, _: Dimension? = nil, dtype: DType = .float32)") {
        let x = $0.tensor(0), rows = $0.dimension(1), columns = $0.has(2) ? $0.dimension(2) : rows
        let isOn = Tensor.iota(rows, beside: x).expandDims(1) .== Tensor.iota(columns, beside: x)
        return .tensor(isOn.cast(to: $0.has(3) ? $0.dtype(3) : .float32))
      }
      return table
    }()
  }
#endif
