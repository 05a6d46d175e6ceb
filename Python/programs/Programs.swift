import Foundation
import Wengert
import WengertNN

/// Writes the programs that the tests of the Python package call.
@main
struct Programs {
  static func main() throws {
    guard let path = CommandLine.arguments.dropFirst().first else {
      FileHandle.standardError.write(Data("usage: python-programs FOLDER\n".utf8))
      exit(64)
    }
    let folder = URL(fileURLWithPath: path, isDirectory: true)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    func url(_ name: String) -> URL { folder.appendingPathComponent(name) }

    /// Saves the program of a function that was called once.
    func save<each Input: TensorTree, Output: TensorTree>(
      _ name: String, _ shapes: [String: [Wengert.Dimension]], _ f: @escaping (repeat each Input) -> Output, at input: repeat each Input
    ) throws {
      let compiled = compile(f, CompileOptions(shapes: shapes))
      _ = compiled(repeat each input)
      try compiled.program!.save(to: url(name))
    }

    let layer = Linear(3, 2, key: RandomKey(1))
    try layer.save(to: url("layer.safetensors"))
    try save("layer", ["0": ["batch", 3]], { (x: Tensor) in relu(layer(x)) }, at: Tensor.zeros([4, 3]))
    try save("sum", ["0": ["n"], "1": ["n"]], { (x: Tensor, y: Tensor) in Pair(x + y, x * y) }, at: Tensor.zeros([2]), Tensor.zeros([2]))
    try save("identity", ["0": ["n", "m"]], { (x: Tensor) in x }, at: Tensor.zeros([2, 3]))
    try save("transpose", ["0": ["n", "m"]], { (x: Tensor) in (x + 1).transpose() }, at: Tensor.zeros([2, 3]))
    try save("first", ["0": ["n"]], { (x: Tensor) in x.narrow(0, from: 0, count: 4) * 2 }, at: Tensor.zeros([5]))
    try save(
      "rows", ["1": ["n"]], { (x: Tensor, places: Tensor) in x.gather(places) }, at: Tensor.zeros([3, 2]), Tensor([0, 1] as [Int64]))
    for dtype in DType.allCases {
      try save("same of \(dtype)", ["0": ["n"]], { (x: Tensor) in select(x .== x, x, x) }, at: Tensor.zeros([2], dtype: dtype))
    }
    let update = compileUpdate { (x: inout Tensor, y: Tensor) in
      x += y
      return x.sum()
    }
    var state = Tensor.zeros([2])
    _ = update(&state, Tensor.ones([2]))
    try update.program!.save(to: url("update"))
  }
}
