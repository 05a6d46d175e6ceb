#if Macros
  import SwiftDiagnostics
  import SwiftSyntax
  import WengertCore

  /// Where an axis has its name.
  struct AxisOrigin {
    let name: String
    let text: LiteralText
    let offset: Int
    /// "axis 1 of x"
    let place: String

    var note: Note { Note(node: text.node(offset), message: GraphMessage("\(name) is \(place)")) }
  }

  extension Evaluator {
    /// A value of a type, each of whose tensors `make` makes of its dotted name and type; nil after a mistake in its axes.
    ///
    /// - Parameter origins: gets the names of the axes.
    func model(_ type: TypeInfo, _ prefix: String, _ origins: inout [AxisOrigin], _ make: (String, TensorType) -> Tensor) -> Value.Model? {
      frames.append(Frame(type: type))
      defer { frames.removeLast() }
      if frames.count > 32 {
        refuse(type.members.first?.node ?? Syntax(TokenSyntax.identifier(type.name)), "\(type.name) holds values of its own type")
        return nil
      }
      var fields: [(name: String, value: Value)] = [], isWhole = true
      for member in type.members {
        guard let value = value(of: member, dotted(prefix, member.name), &origins, make) else {
          isWhole = false
          continue
        }
        if case .none = value { continue }
        fields.append((member.name, value))
      }
      return isWhole ? Value.Model(type: type.name, fields: fields) : nil
    }

    /// The value of a member: `Value.none` for one that holds no tensors.
    private func value(
      of member: TypeInfo.Member, _ name: String, _ origins: inout [AxisOrigin], _ make: (String, TensorType) -> Tensor
    ) -> Value? {
      var element = member.type, isArray = false
      if let array = element.as(ArrayTypeSyntax.self) { (element, isArray) = (array.element, true) }
      let spelled = element.trimmedDescription
      let info = frame.type?.type(spelled)
      if !member.holdsTensors && member.attribute == nil { return Value.none }
      if spelled != "Tensor" && info == nil {
        return refuse(
          member.type,
          spelled == "RandomKey"
            ? "a key is no parameter; pass it as an argument"
            : "@Graph does not see \(spelled): a member is a Tensor, a type inside of this one, an array of these, or a number")
      }
      var axes: AxisList?, literal: LiteralText?
      if spelled == "Tensor" {
        guard let text = LiteralText(member.attribute?.argument("")) else {
          return refuse(member.node, "\(member.name) is a tensor without axes; name them: @Axes(\"B, D\")")
        }
        do {
          axes = try Signature.list(text.text) { self.constant($0) }
        } catch {
          findings.add(error.message, at: text.node(error.offset))
          return nil
        }
        literal = text
      }
      var count = 1
      if isArray {
        guard let expression = member.attribute?.argument("count") else {
          return refuse(member.node, "how many elements \(member.name) has is not known; say it: @Axes(count: 6)")
        }
        guard let value = evaluate(expression) else { return nil }
        guard let whole = value.whole, whole >= 0 else { return refuse(expression, "a count is a whole number, this is \(value.kind)") }
        count = whole
      }
      func one(_ name: String, _ origins: inout [AxisOrigin]) -> Value? {
        if let info { return model(info, name, &origins, make).map(Value.model) }
        let axes = axes ?? AxisList()
        return .tensor(make(name, TensorType(shape: axes.shape(leading: 0), dtype: axes.dtype ?? .float32)))
      }
      let text = literal?.text ?? "", list = text.contains("[") ? text : "[\(text)]"
      for (axis, offset, place) in axes?.names ?? [] {
        origins.append(AxisOrigin(name: axis, text: literal!, offset: offset, place: "axis \(place) of \(member.name), \(list)"))
      }
      if !isArray { return one(name, &origins) }
      var items: [Value] = []
      for place in 0..<count {
        guard let item = one(dotted(name, String(place)), &origins) else { return nil }
        items.append(item)
      }
      return .list(items)
    }
  }
#endif
