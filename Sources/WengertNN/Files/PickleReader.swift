import Foundation

/// Reads the pickle of a dictionary of tensors (Python's pickle protocols 2 to 5) without running anything.
///
/// Opcodes and names that such a dictionary does not need are refused by name. Containers are side by side in one list and refer to each other by number, so that no
/// nesting, however deep or circular, costs more than its bytes.
struct PickleReader {
  private let bytes: Data
  private let file: String
  private var position: Data.Index
  private var stack: [Value] = []
  private var memo: [Int: Value] = [:]
  private var containers: [Container] = []

  private enum Value {
    case none, mark
    case bool(Bool)
    case int(Int)
    case text(String)
    /// A number or bytes that no tensor needs.
    case other
    case name(Name)
    case tuple(Int), list(Int), dictionary(Int)
    case storage(member: String, element: StoredElement)
    case tensor(TorchTensor)

    var summary: String {
      switch self {
      case .none: "None"
      case .mark: "a mark"
      case .bool(let value): value ? "True" : "False"
      case .int(let value): "\(value)"
      case .text(let text): String(text.prefix(60)).debugDescription
      case .other: "a number or bytes"
      case .name(let name): name.rawValue
      case .tuple: "a tuple"
      case .list: "a list"
      case .dictionary: "a dictionary"
      case .storage: "a storage"
      case .tensor: "a tensor"
      }
    }
  }

  private enum Container {
    case items([Value])
    case pairs([(key: Value, value: Value)])
  }

  /// The names that a pickle of tensors may use.
  private enum Name: String {
    case orderedDict = "collections.OrderedDict"
    case rebuildTensor = "torch._utils._rebuild_tensor_v2"
    case rebuildParameter = "torch._utils._rebuild_parameter"
    case size = "torch.Size"
    case float = "torch.FloatStorage"
    case double = "torch.DoubleStorage"
    case half = "torch.HalfStorage"
    case bfloat16 = "torch.BFloat16Storage"
    case long = "torch.LongStorage"
    case int = "torch.IntStorage"
    case short = "torch.ShortStorage"
    case char = "torch.CharStorage"
    case byte = "torch.ByteStorage"
    case bool = "torch.BoolStorage"

    var element: StoredElement? {
      switch self {
      case .float: .float32
      case .double: .float64
      case .half: .float16
      case .bfloat16: .bfloat16
      case .long: .int64
      case .int: .int32
      case .short: .int16
      case .char: .int8
      case .byte: .uint8
      case .bool: .bool
      case .orderedDict, .rebuildTensor, .rebuildParameter, .size: nil
      }
    }
  }

  init(_ bytes: Data, file: String) {
    self.bytes = bytes
    self.file = file
    position = bytes.startIndex
  }

  /// The dictionary's tensors by their names, in its order.
  mutating func tensors() throws -> [(name: String, tensor: TorchTensor)] {
    guard case .dictionary(let number) = try run(), case .pairs(let pairs) = containers[number] else {
      throw failure("content", "no dictionary", "a dictionary of tensors by name is expected: save model.state_dict()")
    }
    return try pairs.map { key, value in
      guard case .text(let name) = key else { throw failure("name", key.summary, "a text is expected") }
      guard case .tensor(let tensor) = value else {
        throw failure("entry \(String(name.prefix(80)).debugDescription)", value.summary, "a tensor is expected: save model.state_dict()")
      }
      return (name, tensor)
    }
  }

  // MARK: steps

  /// Reads steps up to the last; its value.
  private mutating func run() throws -> Value {
    while true {
      let opcode = try byte()
      switch opcode {
      case 0x80:  // PROTO
        let version = try byte()
        guard (2...5).contains(version) else { throw failure("pickle protocol", "\(version)", "2 to 5 can be read") }
      case 0x95: _ = try take(8)  // FRAME
      case UInt8(ascii: "."): return try pop()
      case UInt8(ascii: "("): stack.append(.mark)
      case UInt8(ascii: "N"): stack.append(.none)
      case 0x88: stack.append(.bool(true))
      case 0x89: stack.append(.bool(false))
      case UInt8(ascii: "J"): stack.append(.int(Int(try number(Int32.self))))
      case UInt8(ascii: "K"): stack.append(.int(Int(try byte())))
      case UInt8(ascii: "M"): stack.append(.int(Int(try number(UInt16.self))))
      case 0x8a: try readLong()
      case UInt8(ascii: "G"):
        _ = try take(8)
        stack.append(.other)
      case UInt8(ascii: "X"): try readText(Int(number(UInt32.self)))
      case 0x8c: try readText(Int(byte()))
      case UInt8(ascii: "B"), UInt8(ascii: "T"):
        _ = try take(Int(number(UInt32.self)))
        stack.append(.other)
      case UInt8(ascii: "C"), UInt8(ascii: "U"):
        _ = try take(Int(byte()))
        stack.append(.other)
      case UInt8(ascii: "c"): stack.append(.name(try name(line(), line())))
      case 0x93:  // STACK_GLOBAL
        guard case .text(let last) = try pop(), case .text(let module) = try pop() else { throw damaged("the name of an object") }
        stack.append(.name(try name(module, last)))
      case UInt8(ascii: ")"): push(.items([]), Value.tuple)
      case UInt8(ascii: "]"): push(.items([]), Value.list)
      case UInt8(ascii: "}"): push(.pairs([]), Value.dictionary)
      case 0x85, 0x86, 0x87: push(.items(try pop(Int(opcode) - 0x84)), Value.tuple)
      case UInt8(ascii: "t"): push(.items(try popToMark()), Value.tuple)
      case UInt8(ascii: "l"): push(.items(try popToMark()), Value.list)
      case UInt8(ascii: "d"): push(.pairs(try paired(popToMark())), Value.dictionary)
      case UInt8(ascii: "a"): try append([pop()])
      case UInt8(ascii: "e"): try append(popToMark())
      case UInt8(ascii: "s"): try set(paired(pop(2)))
      case UInt8(ascii: "u"): try set(paired(popToMark()))
      case UInt8(ascii: "q"): try remember(Int(byte()))
      case UInt8(ascii: "r"): try remember(Int(number(UInt32.self)))
      case 0x94: try remember(memo.count)
      case UInt8(ascii: "h"): try recall(Int(byte()))
      case UInt8(ascii: "j"): try recall(Int(number(UInt32.self)))
      case UInt8(ascii: "Q"): try readStorage()
      case UInt8(ascii: "R"): try call()
      case UInt8(ascii: "b"): try build()
      default:
        throw failure(
          "pickle step", "0x" + String(opcode, radix: 16), "a dictionary of tensors has no such step, and no other pickle is read")
      }
    }
  }

  /// A whole number of up to eight bytes; longer ones are not the size of anything.
  private mutating func readLong() throws {
    let digits = Array(try take(Int(byte())))
    guard digits.count <= 8 else { return stack.append(.other) }
    var value: Int = digits.last.map { $0 & 0x80 != 0 } == true ? -1 : 0
    for digit in digits.reversed() { value = value << 8 | Int(digit) }
    stack.append(.int(value))
  }

  private mutating func readText(_ count: Int) throws {
    guard let text = String(validating: try take(count), as: UTF8.self) else { throw damaged("a text that is not valid UTF-8") }
    stack.append(.text(text))
  }

  /// ('storage', type, member, device, number of elements)
  private mutating func readStorage() throws {
    guard case .tuple(let number) = try pop(), case .items(let items) = containers[number], items.count == 5,
      case .text("storage") = items[0], case .text(let member) = items[2]
    else { throw damaged("the description of a storage") }
    guard case .name(let type) = items[1], let element = type.element else {
      throw failure("type of a storage", items[1].summary, "whole numbers, float16, bfloat16, float32, float64 and bool can be read")
    }
    stack.append(.storage(member: member, element: element))
  }

  private mutating func call() throws {
    guard case .tuple(let number) = try pop(), case .items(let arguments) = containers[number], case .name(let function) = try pop() else {
      throw damaged("a call")
    }
    switch function {
    case .orderedDict:
      guard arguments.isEmpty else { throw damaged("an OrderedDict with arguments") }
      push(.pairs([]), Value.dictionary)
    case .rebuildTensor:
      guard (6...7).contains(arguments.count), case .storage(let member, let element) = arguments[0], case .int(let offset) = arguments[1],
        let shape = wholeNumbers(arguments[2]), let strides = wholeNumbers(arguments[3])
      else { throw damaged("the description of a tensor") }
      if arguments.count == 7 { try expectEmpty(metadata: arguments[6]) }
      stack.append(.tensor(TorchTensor(storage: member, element: element, offset: offset, shape: shape, strides: strides)))
    case .rebuildParameter:
      guard let data = arguments.first, case .tensor = data else { throw damaged("the description of a parameter") }
      stack.append(data)
    case .size:
      guard let sizes = arguments.first, wholeNumbers(sizes) != nil else { throw damaged("a size") }
      stack.append(sizes)
    case .float, .double, .half, .bfloat16, .long, .int, .short, .char, .byte, .bool: throw damaged("a call of \(function.rawValue)")
    }
  }

  /// What a tensor says of itself besides its layout, such as that its values are stored with the other sign, is none.
  private func expectEmpty(metadata: Value) throws {
    switch metadata {
    case .none: return
    case .dictionary(let number):
      guard case .pairs(let pairs) = containers[number], let first = pairs.first else { return }
      throw failure(
        "metadata of a tensor", "\(first.key.summary): \(first.value.summary)",
        "a tensor as it is stored is expected: save tensor.resolve_neg() in its place")
    default: throw damaged("the metadata of a tensor")
    }
  }

  /// Attributes of a dictionary of tensors, its versions, say nothing of the tensors.
  private mutating func build() throws {
    _ = try pop()
    guard case .dictionary = stack.last else {
      throw failure("attributes", stack.last?.summary ?? "nothing", "only a dictionary may have some here: save model.state_dict()")
    }
  }

  // MARK: pieces

  private func name(_ module: String, _ name: String) throws -> Name {
    guard let known = Name(rawValue: "\(module).\(name)") else {
      throw failure(
        "object", String("\(module).\(name)".prefix(120)).debugDescription,
        "only tensors and dictionaries of them are read, and no code is run: save model.state_dict(), or the model as safetensors")
    }
    return known
  }

  private func wholeNumbers(_ value: Value) -> [Int]? {
    guard case .tuple(let number) = value, case .items(let items) = containers[number] else { return nil }
    let numbers = items.compactMap { item -> Int? in if case .int(let value) = item { value } else { nil } }
    return numbers.count == items.count ? numbers : nil
  }

  private mutating func push(_ container: Container, _ value: (Int) -> Value) {
    stack.append(value(containers.count))
    containers.append(container)
  }

  private mutating func append(_ items: [Value]) throws {
    guard case .list(let number) = stack.last, case .items(var list) = containers[number] else { throw damaged("a list") }
    containers[number] = .items([])
    list += items
    containers[number] = .items(list)
  }

  private mutating func set(_ pairs: [(key: Value, value: Value)]) throws {
    guard case .dictionary(let number) = stack.last, case .pairs(var all) = containers[number] else { throw damaged("a dictionary") }
    containers[number] = .pairs([])
    all += pairs
    containers[number] = .pairs(all)
  }

  private func paired(_ items: [Value]) throws -> [(key: Value, value: Value)] {
    guard items.count.isMultiple(of: 2) else { throw damaged("a dictionary with a key and no value") }
    return stride(from: 0, to: items.count, by: 2).map { (items[$0], items[$0 + 1]) }
  }

  private mutating func remember(_ number: Int) throws {
    guard let last = stack.last else { throw damaged("a step without a value") }
    memo[number] = last
  }

  private mutating func recall(_ number: Int) throws {
    guard let value = memo[number] else { throw damaged("a reference to nothing") }
    stack.append(value)
  }

  private mutating func pop() throws -> Value {
    guard let value = stack.popLast() else { throw damaged("a step without a value") }
    return value
  }

  private mutating func pop(_ count: Int) throws -> [Value] {
    guard stack.count >= count else { throw damaged("a step without a value") }
    defer { stack.removeLast(count) }
    return Array(stack.suffix(count))
  }

  private mutating func popToMark() throws -> [Value] {
    guard let mark = stack.lastIndex(where: { if case .mark = $0 { true } else { false } }) else { throw damaged("no mark") }
    defer { stack.removeSubrange(mark...) }
    return Array(stack[(mark + 1)...])
  }

  private mutating func byte() throws -> UInt8 { try take(1).first! }

  private mutating func number<T: FixedWidthInteger & BitwiseCopyable>(_ type: T.Type) throws -> T {
    try take(MemoryLayout<T>.size).withUnsafeBytes { T(littleEndian: $0.loadUnaligned(as: T.self)) }
  }

  private mutating func take(_ count: Int) throws -> Data {
    guard count <= bytes.endIndex - position else { throw damaged("it ends too early") }
    defer { position += count }
    return bytes[position..<position + count]
  }

  private mutating func line() throws -> String {
    guard let end = bytes[position...].firstIndex(of: 0x0A), let text = String(validating: bytes[position..<end], as: UTF8.self) else {
      throw damaged("the name of an object")
    }
    position = end + 1
    return text
  }

  private func damaged(_ what: String) -> FileError { failure("pickle", what, "the file is damaged") }

  private func failure(_ field: String, _ value: String, _ advice: String) -> FileError {
    FileError(file: file, field: "data.pkl, byte \(position - bytes.startIndex), \(field)", value: value, advice: advice)
  }
}
