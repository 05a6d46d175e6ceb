#if Macros
  import WengertCore

  /// The public functions of the core by their names, as they are called from source text.
  struct OperationTable: Sendable {
    static let all: OperationTable = {
      var table = OperationTable()
      table.addAll()
      return table
    }()

    /// Those of one name. Members have the type in front, "Tensor.matmul".
    private var functions: [String: [Function]] = [:]

    struct Function: Sendable {
      let parameters: [Parameter]
      /// Whether the first of the arguments is what it is called on.
      let isMember: Bool
      let call: @Sendable (Arguments) -> Value
    }

    struct Parameter: Sendable {
      let label: String, type: String, hasDefault: Bool
      var isVariadic: Bool { type.hasSuffix("...") }
    }

    /// The arguments of one call, in the parameters' order; nil for those that are not given. The types have been checked.
    struct Arguments: Sendable {
      let values: [Value?]
      let file: StaticString
      let line: UInt

      func has(_ place: Int) -> Bool {
        switch values[place] {
        case nil, Value.none?: false
        default: true
        }
      }

      private func value<Result>(_ place: Int, _ read: (Value) -> Result?) -> Result {
        guard let value = values[place], let result = read(value) else { unreachable("argument \(place) is of another type") }
        return result
      }

      func tensor(_ place: Int) -> Tensor { value(place) { $0.tensor } }
      func tensors(_ place: Int) -> [Tensor] { value(place) { $0.all { $0.tensor } } }
      func key(_ place: Int) -> RandomKey { value(place) { $0.key } }
      func number(_ place: Int) -> Double { value(place) { $0.number } }
      func whole(_ place: Int) -> Int { value(place) { $0.whole } }
      func wholes(_ place: Int) -> [Int] { value(place) { $0.wholes } }
      func dimension(_ place: Int) -> Dimension { value(place) { $0.dimension } }
      func dimensions(_ place: Int) -> [Dimension] { value(place) { $0.dimensions } }
      func shape(_ place: Int) -> Shape { value(place) { $0.shape } }
      func dtype(_ place: Int) -> DType { value(place) { $0.dtype } }
      func numbers(_ place: Int) -> [Double] { value(place) { $0.reals } }
      func flag(_ place: Int) -> Bool { value(place) { $0.flag } }
      func text(_ place: Int) -> String { value(place) { $0.text } }
      func range(_ place: Int) -> Range<Int> { value(place) { $0.range } }
      func widths(_ place: Int) -> [(before: Int, after: Int)] { value(place) { $0.pairs { $0.whole } } }
      func extents(_ place: Int) -> [(before: Dimension, after: Dimension)] { value(place) { $0.pairs { $0.dimension } } }
    }

    /// Notes a function by its declaration: "Tensor.sum(axis: Int, keepDims: Bool = false)".
    mutating func add(_ declaration: String, _ call: @escaping @Sendable (Arguments) -> Value) {
      let open = declaration.firstIndex(of: "(")!
      let name = String(declaration[..<open]), list = declaration[declaration.index(after: open)...].dropLast()
      let parameters = Self.parts(list).map { part in
        let colon = part.firstIndex(of: ":")!, label = part[..<colon], rest = part[part.index(after: colon)...]
        let type = rest.firstRange(of: " = ").map { rest[..<$0.lowerBound] } ?? rest
        return Parameter(label: label == "_" ? "" : String(label), type: Self.trimmed(type), hasDefault: type.endIndex != rest.endIndex)
      }
      functions[name, default: []].append(Function(parameters: parameters, isMember: Self.isMember(name), call: call))
    }

    /// Whether a name has a type in front; operators begin with dots too.
    private static func isMember(_ name: String) -> Bool { name.first?.isUppercase ?? false }

    func has(_ name: String) -> Bool { functions[name] != nil }

    /// The names that a call could have meant, nearest first; those of members without the type.
    func names(like name: String, member: Bool) -> [String] {
      let known = functions.keys.filter { Self.isMember($0) == member }.map { $0.split(separator: ".").last.map(String.init) ?? $0 }
      let near = Set(known).map { (name: $0, distance: Self.distance($0, name)) }.filter { $0.distance <= max(1, name.count / 3) }
      return near.sorted { ($0.distance, $0.name) < ($1.distance, $1.name) }.map(\.name)
    }

    /// How the functions of a name are called, for messages.
    func forms(_ name: String) -> [String] {
      let plain = name.split(separator: ".").last.map(String.init) ?? name
      return (functions[name] ?? []).map { function in
        let list = function.parameters.map { ($0.label.isEmpty ? "" : "\($0.label): ") + $0.type + ($0.hasDefault ? "?" : "") }
        return "\(plain)(\(list.joined(separator: ", ")))"
      }
    }

    /// The function of this name that takes these arguments, ready to be called; nil if there is none.
    func call(
      _ name: String, on receiver: Value?, _ given: [(label: String, value: Value)], file: StaticString, line: UInt
    ) -> (@Sendable () -> Value)? {
      for function in functions[name] ?? [] {
        guard var values = Self.match(given, function.parameters) else { continue }
        if function.isMember {
          guard let receiver else { continue }
          values.insert(receiver, at: 0)
        }
        let arguments = Arguments(values: values, file: file, line: line)
        return { function.call(arguments) }
      }
      return nil
    }

    /// The values in the parameters' order, by Swift's rule: labels in order, parameters with a default may be left out.
    private static func match(_ given: [(label: String, value: Value)], _ parameters: [Parameter]) -> [Value?]? {
      var rest = given[...], values: [Value?] = []
      for parameter in parameters {
        if parameter.isVariadic {
          var items: [Value] = []
          while let next = rest.first, items.isEmpty ? next.label == parameter.label : next.label.isEmpty {
            items.append(next.value)
            rest.removeFirst()
          }
          let list = Value.list(items)
          guard fits(list, parameter.type == "Int..." ? "[Int]" : "[Tensor]") else { return nil }
          values.append(list)
        } else if let next = rest.first, next.label == parameter.label, fits(next.value, parameter.type) {
          values.append(next.value)
          rest.removeFirst()
        } else if parameter.hasDefault {
          values.append(nil)
        } else {
          return nil
        }
      }
      return rest.isEmpty ? values : nil
    }

    private static func fits(_ value: Value, _ type: String) -> Bool {
      if type.hasSuffix("?") {
        if case .none = value { return true }
        return fits(value, String(type.dropLast()))
      }
      switch type {
      case "Tensor": return value.tensor != nil
      case "[Tensor]": return value.all { $0.tensor } != nil
      case "RandomKey": return value.key != nil
      case "Double": return value.number != nil
      case "Int": return value.whole != nil
      case "[Int]": return value.wholes != nil
      case "[Double]": return value.reals != nil
      case "Bool": return value.flag != nil
      case "Dimension": return value.dimension != nil
      case "[Dimension]": return value.dimensions != nil
      case "Shape": return value.shape != nil
      case "DType": return value.dtype != nil
      case "String": return value.text != nil
      case "Range<Int>": return value.range != nil
      case "[(before: Int, after: Int)]": return value.pairs { $0.whole } != nil
      case "[(before: Dimension, after: Dimension)]": return value.pairs { $0.dimension } != nil
      default: unreachable("no argument is of the type \(type)")
      }
    }

    /// What stands between commas outside of brackets.
    private static func parts(_ text: Substring) -> [String] {
      var parts: [String] = [], depth = 0, part = ""
      for character in text {
        if "([<".contains(character) { depth += 1 }
        if ")]>".contains(character) { depth -= 1 }
        if character == "," && depth == 0 {
          parts.append(trimmed(part))
          part = ""
        } else {
          part.append(character)
        }
      }
      return part.isEmpty ? parts : parts + [trimmed(part)]
    }

    static func trimmed(_ text: some StringProtocol) -> String {
      String(text.drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed())
    }

    /// How many letters must be changed, added or left out.
    private static func distance(_ a: String, _ b: String) -> Int {
      let a = Array(a.lowercased()), b = Array(b.lowercased())
      var row = Array(0...b.count)
      for (i, letter) in a.enumerated() {
        var diagonal = row[0]
        row[0] = i + 1
        for (j, other) in b.enumerated() {
          let changed = diagonal + (letter == other ? 0 : 1)
          diagonal = row[j + 1]
          row[j + 1] = min(changed, row[j] + 1, row[j + 1] + 1)
        }
      }
      return row[b.count]
    }
  }
#endif
