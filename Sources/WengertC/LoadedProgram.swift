import Foundation
@_spi(Backend) import WengertCPU
import WengertNN

/// What `wengert_load` gives: a program, and its tensors' names as C has them.
final class LoadedProgram: Sendable {
  let program: PlacedProgram
  let tensors: [[Description]]

  /// A tensor that the program takes or makes.
  struct Description: @unchecked Sendable {
    let type: TensorType
    let name: UnsafeMutablePointer<CChar>
    /// Of each axis; nil for a number.
    let symbols: [UnsafeMutablePointer<CChar>?]

    init(_ tensor: (name: String, type: TensorType)) {
      type = tensor.type
      name = strdup(tensor.name)
      symbols = type.shape.dimensions.map { $0.number == nil ? strdup("\($0)") : nil }
    }

    func free() {
      Glibc.free(name)
      symbols.forEach { Glibc.free($0) }
    }
  }

  init(_ path: String) throws {
    let finished = try FinishedProgram(contentsOf: URL(fileURLWithPath: path), device: .cpu)
    program = try PlacedProgram(finished, on: CPUBackend.shared)
    tensors = [program.inputs, program.outputs].map { $0.map(Description.init) }
  }

  deinit { tensors.joined().forEach { $0.free() } }

  /// The program of a pointer that C has; nil for NULL.
  static func of(_ pointer: OpaquePointer?) -> LoadedProgram? {
    pointer.map { Unmanaged<LoadedProgram>.fromOpaque(UnsafeRawPointer($0)).takeUnretainedValue() }
  }

  func description(_ isOutput: Int32, _ index: Int32) throws -> Description {
    let list = tensors[isOutput == 0 ? 0 : 1]
    guard list.indices.contains(Int(index)) else {
      throw CallError("there is no \(isOutput == 0 ? "argument" : "result") \(index); the program has \(list.count)")
    }
    return list[Int(index)]
  }
}

/// A mistake of the caller's.
struct CallError: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}

/// The last error of each thread.
enum LastError {
  private static let key: pthread_key_t = {
    var key = pthread_key_t()
    pthread_key_create(&key) { free($0) }
    return key
  }()

  static var text: UnsafePointer<CChar>? { pthread_getspecific(key).map { UnsafePointer($0.assumingMemoryBound(to: CChar.self)) } }

  static func set(_ error: any Error) {
    free(pthread_getspecific(key))
    pthread_setspecific(key, strdup("\(error)"))
  }

  /// What the body gives, or `failure` with the error noted.
  static func catching<Result>(_ failure: Result, _ body: () throws -> Result) -> Result {
    do {
      return try body()
    } catch {
      set(error)
      return failure
    }
  }
}
