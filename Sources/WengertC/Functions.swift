import CWengert
import WengertNN

// The functions of Sources/CWengert/wengert.h, which describes them. Nothing that they are given ends the process, but for pointers that lead nowhere.

/// `wengert_last_error`: why the last call of this thread failed, until its next one.
@_cdecl("wengert_last_error") public func lastError() -> UnsafePointer<CChar>? { LastError.text }

/// `wengert_load`: the program of a file that `Program.save` has written; nil if it cannot be read.
@_cdecl("wengert_load") public func load(_ path: UnsafePointer<CChar>?) -> OpaquePointer? {
  LastError.catching(nil) {
    guard let path else { throw CallError("there is no path") }
    return OpaquePointer(Unmanaged.passRetained(try LoadedProgram(String(cString: path))).toOpaque())
  }
}

/// `wengert_release`: gives a program back. Results stay.
@_cdecl("wengert_release") public func release(_ program: OpaquePointer?) {
  if let program { Unmanaged<LoadedProgram>.fromOpaque(UnsafeRawPointer(program)).release() }
}

/// The program of a pointer, or an error.
private func loaded(_ pointer: OpaquePointer?) throws -> LoadedProgram {
  guard let program = LoadedProgram.of(pointer) else { throw CallError("there is no program") }
  return program
}

/// `wengert_count`: how many tensors the program takes or makes; −1 for no program.
@_cdecl("wengert_count") public func count(_ pointer: OpaquePointer?, _ isOutput: Int32) -> Int32 {
  LastError.catching(-1) { Int32(try loaded(pointer).tensors[isOutput == 0 ? 0 : 1].count) }
}

/// `wengert_name`: the dotted name of a tensor, which stays as long as the program; nil if there is no such tensor.
@_cdecl("wengert_name") public func name(_ pointer: OpaquePointer?, _ isOutput: Int32, _ index: Int32) -> UnsafePointer<CChar>? {
  LastError.catching(nil) { UnsafePointer(try loaded(pointer).description(isOutput, index).name) }
}

/// `wengert_type`: the type of a tensor, and how many axes it has; 0 if there is one.
@_cdecl("wengert_type") public func type(
  _ pointer: OpaquePointer?, _ isOutput: Int32, _ index: Int32, _ dtype: UnsafeMutablePointer<DLDataType>?,
  _ rank: UnsafeMutablePointer<Int32>?
) -> Int32 {
  LastError.catching(1) {
    let type = try loaded(pointer).description(isOutput, index).type
    dtype?.pointee = type.dtype.dlpack
    rank?.pointee = Int32(type.shape.rank)
    return 0
  }
}

/// `wengert_extent`: the extent of an axis, its number, or −1 and the expression in symbols; 0 if there is such an axis.
@_cdecl("wengert_extent") public func extent(
  _ pointer: OpaquePointer?, _ isOutput: Int32, _ index: Int32, _ axis: Int32, _ number: UnsafeMutablePointer<Int64>?,
  _ symbols: UnsafeMutablePointer<UnsafePointer<CChar>?>?
) -> Int32 {
  LastError.catching(1) {
    let tensor = try loaded(pointer).description(isOutput, index)
    guard tensor.symbols.indices.contains(Int(axis)) else { throw CallError("there is no axis \(axis) in \(tensor.type)") }
    number?.pointee = Int64(tensor.type.shape[dim: Int(axis)].number ?? -1)
    symbols?.pointee = tensor.symbols[Int(axis)].map { UnsafePointer($0) }
    return 0
  }
}

/// `wengert_call`: calls the program; 0 if the results are there.
@_cdecl("wengert_call") public func call(
  _ pointer: OpaquePointer?, _ arguments: UnsafePointer<UnsafePointer<DLTensor>?>?, _ argumentCount: Int32,
  _ results: UnsafeMutablePointer<UnsafeMutablePointer<DLManagedTensor>?>?, _ resultCount: Int32, _ copied: UnsafeMutablePointer<Int32>?
) -> Int32 {
  LastError.catching(1) {
    let program = try loaded(pointer).program
    guard argumentCount == program.inputs.count else {
      throw CallError("there are \(argumentCount) arguments, and the program takes \(program.inputs.count)")
    }
    guard resultCount == program.outputs.count, results != nil || resultCount == 0 else {
      throw CallError("there is room for \(resultCount) results, and the program has \(program.outputs.count)")
    }
    var copies: Int32 = 0
    let tensors = try program.inputs.enumerated().map { number, input in
      guard let argument = arguments?[number] else { throw CallError("argument \(input.name) is not there") }
      let (tensor, isCopied) = try Tensor.lent(argument.pointee, input.name)
      if isCopied { copies += 1 }
      return tensor
    }
    let made = try program(tensors)
    for (number, tensor) in made.enumerated() { results![number] = SharedResult.handOver(tensor) }
    copied?.pointee = copies
    return 0
  }
}

/// `wengert_share`: the same result once more; nil if the tensor is not a result of `wengert_call`.
@_cdecl("wengert_share") public func share(_ result: UnsafePointer<DLManagedTensor>?) -> UnsafeMutablePointer<DLManagedTensor>? {
  LastError.catching(nil) {
    guard let shared = SharedResult.of(result) else { throw CallError("the tensor is not a result of wengert_call") }
    return SharedResult.handOver(shared.tensor)
  }
}
