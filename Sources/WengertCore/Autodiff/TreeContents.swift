/// What a call of a compiled function reads of its arguments, in one pass and without names: the tensors in the order of `visit`, and a number for all that
/// tells a tree from others of its type. Two trees for which a function is not to be compiled anew give the same.
public struct TreeContents {
  /// The tensors so far; none if they were expected, of which only the memory is kept.
  private(set) var tensors: [Tensor] = []
  /// Where the expected tensors begin.
  private(set) var places: [TensorPlace] = []
  private let expected: [TensorType]
  private let backend: (any Backend)?
  /// Whether all tensors so far are expected ones.
  private var areExpected: Bool
  private var hasher = Hasher()
  /// Whether something is known of one of them at a derivative, a graph or `vmap`, in progress or over.
  private(set) var haveNodes = false

  /// Reads whatever there is.
  init() {
    (expected, backend, areExpected) = ([], nil, false)
    noteAutocast()
  }

  /// Reads tensors that are expected to be row-major ones of these types on a backend, of which no derivative or graph knows anything. If they are not, reading is vain.
  init(expecting types: [TensorType], on backend: any Backend) {
    (expected, self.backend, areExpected) = (types, backend, true)
    places.reserveCapacity(types.count)
    noteAutocast()
  }

  /// A function does another thing with the tree in mixed precision.
  private mutating func noteAutocast() { if let dtype = Autocast.dtype { add(setting: dtype) } }

  /// Adds a tensor.
  public mutating func add(_ tensor: Tensor) { look(at: tensor) }

  /// The same. It compares number by number, and where it is inlined: whole types and layouts would be copied, and references counted.
  @inline(__always) mutating func look(at tensor: Tensor) {
    if backend == nil { return addWhole(tensor) }
    let number = places.count
    areExpected = areExpected && number < expected.count && tensor.node == nil && tensor.face.storage.backend === backend
    if !areExpected { return }
    areExpected = tensor.face.dtype == expected[number].dtype && tensor.face.layout.shape.size == expected[number].shape.size
    // What takes a longer look, tensors with names or without elements, is not expected.
    var axis = expected[number].shape.size - 1, step = 1
    while areExpected && axis >= 0 {
      let extent = tensor.face.layout.shape.storage[axis]
      areExpected = extent > 0 && extent == expected[number].shape.storage[axis]
      if extent != 1 && tensor.face.layout.strides.storage[axis] != step { areExpected = false }
      step &*= extent
      axis -= 1
    }
    if areExpected { places.append(TensorPlace(storage: tensor.face.storage, offset: tensor.face.layout.offset)) }
  }

  private mutating func addWhole(_ tensor: Tensor) {
    if tensor.node != nil { haveNodes = true }
    tensors.append(tensor)
  }

  /// How many tensors there are so far.
  var count: Int { tensors.count + places.count }

  /// Whether all expected tensors are there, and no others.
  var isAsExpected: Bool { areExpected && places.count == expected.count }

  /// Adds a tensor, or that there is none.
  public mutating func add(_ tensor: Tensor?) {
    hasher.combine(tensor == nil)
    if let tensor { add(tensor) }
  }

  /// Adds a part that is a tree itself.
  public mutating func add(_ tree: some TensorTree) { tree.read(into: &self) }

  /// Adds what is no tensor and changes what a function does with the tree: a number, a word, a flag, how many parts there are.
  public mutating func add(setting: some Hashable) { hasher.combine(setting) }

  /// Adds a type, for a part of any.
  public mutating func add(type: Any.Type) { hasher.combine(ObjectIdentifier(type)) }

  /// Adds all settings that reflection finds in a value, which takes microseconds.
  public mutating func add(settingsOf value: Any) { hasher.combine(settingsText(of: value)) }

  /// A number of all that was added but the tensors.
  var key: Int {
    let hasher = hasher
    return hasher.finalize()
  }

  /// Whether a derivative, `vmap` or `compile` is in progress on one of the tensors.
  var areTransformed: Bool { haveNodes && tensors.contains(where: \.isTransformed) }
}

/// Where a row-major tensor begins.
struct TensorPlace {
  let storage: Storage
  /// In elements.
  let offset: Int
}

extension Tensor {
  /// Where a row-major tensor begins.
  var place: TensorPlace { TensorPlace(storage: face.storage, offset: face.layout.offset) }
}

extension TensorTree {
  /// What reflection and `visit` find.
  public func read(into contents: inout TreeContents) {
    contents.add(settingsOf: self)
    var copy = self
    copy.visit(HashedName.root) { name, tensor in
      contents.add(setting: name)
      contents.add(tensor)
    }
  }

  public static func read(_ trees: [Self], into contents: inout TreeContents) {
    // Looked at where they lie, not copied.
    let all = trees.span
    for number in all.indices { all[number].read(into: &contents) }
  }

  /// Calls `body` on each tensor in the order of `visit`, whatever its name.
  package mutating func changeTensors(_ body: (inout Tensor) -> Void) { visit(NamelessPrefix.text) { body(&$1) } }
}

/// Below this prefix all names are the prefix: they take no time.
enum NamelessPrefix {
  static let text = "\u{2}"

  static func isPrefix(of name: String) -> Bool { name.utf8.first == 2 }
}
