#if Macros
  import WengertCore

  /// What an expression of a function's body stands for while Swift compiles.
  indirect enum Value: Sendable {
    case tensor(Tensor)
    case key(RandomKey)
    /// A real number.
    case number(Double)
    case whole(Int)
    /// An extent that names give.
    case dimension(Dimension)
    case shape(Shape)
    case dtype(DType)
    case flag(Bool)
    case text(String)
    case list([Value])
    case tuple([(label: String, value: Value)])
    case range(from: Value?, to: Value?, isClosed: Bool)
    case axis(Axis)
    case model(Model)
    /// A name behind a dot, whose type is known where it is used: `.float32`.
    case member(String)
    case none

    /// A value of a type whose members have axes.
    struct Model: Sendable {
      let type: String
      let fields: [(name: String, value: Value)]
      subscript(name: String) -> Value? { fields.first { $0.name == name }?.value }
    }

    /// The parts of a result of several.
    static func parts<Result>(_ result: Result, _ parts: (Result) -> [(String, Value)]) -> Value {
      .tuple(parts(result).map { (label: $0.0, value: $0.1) })
    }

    /// All tensors in it.
    var tensors: [Tensor] {
      switch self {
      case .tensor(let x): [x]
      case .key(let key): [key.data]
      case .list(let items): items.flatMap(\.tensors)
      case .tuple(let parts): parts.flatMap(\.value.tensors)
      case .model(let model): model.fields.flatMap(\.value.tensors)
      default: []
      }
    }

    /// What it is, for messages.
    var kind: String {
      switch self {
      case .tensor(let x): "a tensor \(x.shape)"
      case .key: "a random key"
      case .number(let x): "\(x)"
      case .whole(let x): "\(x)"
      case .dimension(let x): "the extent \(x)"
      case .shape(let shape): "the shape \(shape)"
      case .dtype(let dtype): "\(dtype)"
      case .flag(let flag): "\(flag)"
      case .text(let text): "\(text.debugDescription)"
      case .list: "a list"
      case .tuple: "a tuple"
      case .range: "a range"
      case .axis: "an axis"
      case .model(let model): "a \(model.type)"
      case .member(let name): ".\(name)"
      case .none: "nil"
      }
    }
  }

  // What a value is where a type is asked for; nil if it is none of that type.
  extension Value {
    var tensor: Tensor? { if case .tensor(let x) = self { x } else { nil } }
    var key: RandomKey? { if case .key(let x) = self { x } else { nil } }
    var flag: Bool? { if case .flag(let x) = self { x } else { nil } }
    var text: String? { if case .text(let x) = self { x } else { nil } }

    var number: Double? {
      switch self {
      case .number(let x): x
      case .whole(let x): Double(x)
      case .member("pi"): .pi
      case .member("infinity"): .infinity
      case .member("nan"): .nan
      case .dimension(let x): x.number.map { Double($0) }
      default: nil
      }
    }

    var whole: Int? {
      switch self {
      case .whole(let x): x
      case .dimension(let x): x.number
      default: nil
      }
    }

    var dimension: Dimension? {
      switch self {
      case .whole(let x): x > Int.min / 4 ? Dimension(x) : nil
      case .dimension(let x): x
      case .text(let name): Dimension(symbol: name)
      default: nil
      }
    }

    var dtype: DType? {
      switch self {
      case .dtype(let x): x
      case .member(let name): DType.allCases.first { "\($0)" == name }
      default: nil
      }
    }

    var shape: Shape? {
      if case .shape(let shape) = self { return shape }
      return dimensions.flatMap { $0.count <= Shape.maximumRank ? Shape(dimensions: $0) : nil }
    }

    var dimensions: [Dimension]? { all { $0.dimension } }
    /// A list of real numbers, of which Swift knows that they are no whole ones.
    var reals: [Double]? {
      guard case .list(let items) = self, items.contains(where: { if case .number = $0 { true } else { false } }) else { return nil }
      return all { $0.number }
    }
    var wholes: [Int]? { all { $0.whole } }

    var range: Range<Int>? {
      guard case .range(let from?, let to?, let isClosed) = self, let from = from.whole, let to = to.whole, to < .max else { return nil }
      let end = isClosed ? to + 1 : to
      return from <= end ? from..<end : nil
    }

    /// The elements of a list, if all are of one kind.
    func all<Element>(_ element: (Value) -> Element?) -> [Element]? {
      guard case .list(let items) = self else { return nil }
      let found = items.compactMap(element)
      return found.count == items.count ? found : nil
    }

    /// What `pad` takes for each axis.
    func pairs<Element>(_ element: (Value) -> Element?) -> [(before: Element, after: Element)]? {
      all { item in
        guard case .tuple(let parts) = item, parts.count == 2, let a = element(parts[0].value), let b = element(parts[1].value) else {
          return nil
        }
        return (before: a, after: b)
      }
    }
  }
#endif
