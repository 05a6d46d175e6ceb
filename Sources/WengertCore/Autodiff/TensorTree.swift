/// A structure whose leaves are tensors: a tensor, a model, an array or dictionary or optional of such. A gradient has the same structure.
public protocol TensorTree {
  /// The type itself, which nothing need declare. Derivatives take their closures' parameter from it: Swift then knows that type before it looks into
  /// the closure, and checks long formulas in it quickly. Code that is generic over any tree and differentiates says so:
  /// `where Tree.Itself == Tree`; of a `ParameterTree` it is known.
  associatedtype Itself: TensorTree = Self

  /// Calls `body` on each tensor in a fixed order, with its dotted name below `prefix`. Tensors may be replaced.
  mutating func visit(_ prefix: String, _ body: (_ name: String, _ tensor: inout Tensor) -> Void)

  /// Adds the tensors in the order of `visit`, and the settings: what the tree holds besides, numbers and words and flags, for which a compiled function is compiled anew. Unless a type
  /// has its own, reflection finds the settings, which takes microseconds in each call; functions and objects count by their types alone.
  func read(into contents: inout TreeContents)

  /// Reads each of a list; nothing need declare it.
  static func read(_ trees: [Self], into contents: inout TreeContents)
}

extension TensorTree {
  /// The name of a part below `prefix`, for a `visit` written by hand: `weight.visit(Self.name("weight", below: prefix), body)`.
  public static func name(_ part: String, below prefix: String) -> String { dotted(prefix, part) }

  /// The tensors, in order.
  public var tensors: [Tensor] {
    var all: [Tensor] = []
    var copy = self
    copy.changeTensors { all.append($0) }
    return all
  }

  /// The tensors with their dotted names: `encoder.blocks.0.attention.query.weight`.
  public var namedTensors: [(name: String, tensor: Tensor)] {
    var all: [(String, Tensor)] = []
    var copy = self
    copy.visit("") { all.append(($0, $1)) }
    return all
  }

  /// The same structure with each tensor replaced.
  public func map(_ transform: (_ name: String, _ tensor: Tensor) -> Tensor) -> Self {
    var copy = self
    copy.visit("") { $1 = transform($0, $1) }
    return copy
  }

  /// The same structure with other tensors, in order. There must be as many as the structure holds.
  ///
  /// - Precondition: There are as many tensors as the structure holds.
  public func replacingTensors(_ tensors: [Tensor], file: StaticString = #fileID, line: UInt = #line) -> Self {
    var next = tensors.makeIterator()
    var count = 0
    var copy = self
    copy.changeTensors { tensor in
      count += 1
      if let new = next.next() { tensor = new }
    }
    Caller(file, line).require(
      count == tensors.count, "replacingTensors",
      "\(Self.self) holds \(count) tensors, got \(tensors.count)\(count > tensors.count ? "; the first that is missing is \(namedTensors[tensors.count].name)" : "")"
    )
    return copy
  }
}

extension Tensor: TensorTree {
  public mutating func visit(_ prefix: String, _ body: (String, inout Tensor) -> Void) { body(prefix, &self) }
  public func read(into contents: inout TreeContents) { contents.add(self) }

  public static func read(_ trees: [Tensor], into contents: inout TreeContents) {
    let all = trees.span
    for number in all.indices { contents.look(at: all[number]) }
  }
}

extension Array: TensorTree where Element: TensorTree {
  public mutating func visit(_ prefix: String, _ body: (String, inout Tensor) -> Void) {
    for i in indices { self[i].visit(dotted(prefix, String(i)), body) }
  }

  public func read(into contents: inout TreeContents) {
    contents.add(setting: count)
    Element.read(self, into: &contents)
  }
}

extension Dictionary: TensorTree where Key == String, Value: TensorTree {
  public mutating func visit(_ prefix: String, _ body: (String, inout Tensor) -> Void) {
    for key in keys.sorted() { self[key]!.visit(dotted(prefix, key), body) }
  }

  public func read(into contents: inout TreeContents) {
    contents.add(setting: count)
    for key in keys.sorted() {
      contents.add(setting: key)
      self[key]!.read(into: &contents)
    }
  }
}

extension Optional: TensorTree where Wrapped: TensorTree {
  public mutating func visit(_ prefix: String, _ body: (String, inout Tensor) -> Void) {
    self?.visit(prefix, body)
  }

  public func read(into contents: inout TreeContents) {
    contents.add(setting: self == nil)
    self?.read(into: &contents)
  }
}

/// A dotted name.
package func dotted(_ prefix: String, _ name: String) -> String {
  if prefix.isEmpty { return name }
  if NamelessPrefix.isPrefix(of: prefix) { return prefix }
  return HashedName.isHash(prefix) ? HashedName.below(prefix, name) : "\(prefix).\(name)"
}

/// A name below a prefix of this kind is a number that follows from all its parts: it distinguishes two structures as the names do, and is short enough to take no
/// memory of its own.
enum HashedName {
  /// No name begins with this.
  private static var mark: UInt8 { 1 }

  static let root = "\u{1}"

  static func isHash(_ prefix: String) -> Bool { prefix.utf8.first == mark }

  /// FNV-1a of 64 bits over the prefix and the name, written with at most 14 characters.
  static func below(_ prefix: String, _ name: String) -> String {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    func add(_ byte: UInt8) { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    for byte in prefix.utf8 { add(byte) }
    add(UInt8(ascii: "."))
    for byte in name.utf8 { add(byte) }
    return root + String(hash, radix: 36)
  }
}

/// A struct that lists its fields by key path; `visit` follows from the list.
///
/// ```swift
/// struct Affine: ParameterTree {
///   var weight: Tensor
///   var bias: Tensor?
///   static let fields: [Field<Self>] = [.init("weight", \.weight), .init("bias", \.bias)]
/// }
/// ```
/// The list is compared with the stored properties the first time: a property that holds tensors, itself or in a tuple or struct, but is not listed ends the program, as it would
/// silently never be trained. Properties that hold no tensors, numbers and other settings, need not be listed. A call of a compiled function looks at them by reflection, in microseconds;
/// where that counts, they are listed as settings: `.setting(\.heads)`. A type with a `visit` of its own needs a `read` of its own too.
public protocol ParameterTree: TensorTree where Itself == Self {
  /// The fields that hold tensors, and settings, in the order in which they are visited.
  static var fields: [Field<Self>] { get }
}

/// A stored property that is itself a tree, and its name; or one that is a setting.
public struct Field<Root>: @unchecked Sendable {
  /// The name of the field, a part of its tensors' dotted names; empty for a setting.
  public let name: String
  let path: PartialKeyPath<Root>
  let isSetting: Bool
  let visit: (_ root: inout Root, _ prefix: String, _ body: (String, inout Tensor) -> Void) -> Void
  let read: (_ root: Root, _ contents: inout TreeContents) -> Void

  /// A field by its name and its key path.
  public init<Value: TensorTree>(_ name: String, _ path: WritableKeyPath<Root, Value>) {
    self.name = name
    self.path = path
    isSetting = false
    visit = { root, prefix, body in root[keyPath: path].visit(dotted(prefix, name), body) }
    read = { root, contents in root[keyPath: path].read(into: &contents) }
  }

  private init(setting path: KeyPath<Root, some Hashable>) {
    name = ""
    self.path = path
    isSetting = true
    visit = { _, _, _ in }
    read = { root, contents in contents.add(setting: root[keyPath: path]) }
  }

  /// A property without tensors that changes what a function does with the tree: a number, a word, a flag. Listed, it takes no reflection.
  public static func setting(_ path: KeyPath<Root, some Hashable>) -> Field { Field(setting: path) }
}

extension ParameterTree {
  public mutating func visit(_ prefix: String, _ body: (String, inout Tensor) -> Void) {
    FieldCheck.run(self)
    for field in Self.fields { field.visit(&self, prefix, body) }
  }

  /// Lists the fields' tensors and settings, and what of the other properties is a setting.
  public func read(into contents: inout TreeContents) {
    let unlisted = FieldCheck.run(self)
    for field in Self.fields { field.read(self, &contents) }
    if unlisted.isEmpty { return }
    let children = Mirror(reflecting: self).children
    for place in unlisted { contents.add(settingsOf: children[children.index(children.startIndex, offsetBy: place)].value) }
  }
}

/// Compares a type's list of fields with its stored properties, once.
package enum FieldCheck {
  /// The places of the properties of a type that are not listed.
  private static let checked = Locked<[ObjectIdentifier: [Int]]>([:])

  /// The places of the stored properties that are not listed: the settings.
  @discardableResult static func run<Tree: ParameterTree>(_ tree: Tree) -> [Int] {
    let type = ObjectIdentifier(Tree.self)
    if let known = checked.withLock({ $0[type] }) { return known }
    let missing = missingFields(of: tree)
    if !missing.isEmpty {
      Caller(#fileID, #line).fail(
        "\(Tree.self)",
        "\(missing.joined(separator: ", ")) missing in `fields`; unlisted tensors would never be trained. A property that is not a tree itself, as a tuple is, becomes one as a `Pair` or a `ParameterTree`"
      )
    }
    let places = unlisted(of: tree).map(\.offset)
    checked.withLock { $0[type] = places }
    return places
  }

  /// Stored properties that hold tensors and are not listed.
  package static func missingFields<Tree: ParameterTree>(of tree: Tree) -> [String] {
    unlisted(of: tree) { !$0.isSetting }.compactMap { holdsTensors($0.element.value) ? $0.element.label : nil }
  }

  private static func unlisted<Tree: ParameterTree>(of tree: Tree, where counts: (Field<Tree>) -> Bool = { _ in true })
    -> [EnumeratedSequence<Mirror.Children>.Element]
  {
    // A key path prints as \Type.property.
    let listed = Set(Tree.fields.filter(counts).map { field in String("\(field.path)".split(separator: ".")[1...].first ?? "") })
    return Mirror(reflecting: tree).children.enumerated().filter { $0.element.label.map { !listed.contains($0) } ?? false }
  }

  /// Whether there are tensors in a value, also in one that is not a tree itself: a tuple, a struct, a list of `any` trees.
  private static func holdsTensors(_ value: Any) -> Bool {
    if type(of: value) is any TensorTree.Type { return true }
    let mirror = Mirror(reflecting: value)
    // A list's first elements show what it holds; objects and closures keep their tensors to themselves.
    return mirror.displayStyle != .class && mirror.children.prefix(16).contains { holdsTensors($0.value) }
  }
}
