import Foundation

extension Program {
  /// Writes the program to a file, from which `FinishedProgram.init(contentsOf:)` reads it: its code, as a literal in source holds it.
  ///
  /// ```swift
  /// let compiled = compile { (x: Tensor) in square(x) + 1 }
  /// _ = compiled(Tensor([1.0, 2.0]))
  /// try compiled.program!.save(to: file)
  /// let f = CompiledFunction<Tensor, Tensor>(finished: try FinishedProgram(contentsOf: file))
  /// let y = f(Tensor([3.0, 4.0]))  // [10, 17], and nothing was traced
  /// ```
  ///
  /// - Parameters:
  ///   - url: the file, which is replaced if it is there.
  ///   - largestConstant: how many bytes a tensor may take that the function uses and is not given as an argument.
  /// - Throws: `ProgramError` if the program has something that no file can hold; `FileError` if the file cannot be written.
  public func save(to url: URL, largestConstant: Int = 1 << 30) throws {
    try FileBeingWritten.write(Data(code(largestConstant: largestConstant)), to: url)
  }
}

extension FinishedProgram {
  /// The program of a file that `Program.save` has written.
  ///
  /// - Parameters:
  ///   - url: the file.
  ///   - device: where its tensors are put; it runs wherever its arguments are.
  /// - Throws: `FileError` if the file cannot be read, is damaged, or does not hold a program that this version of the library can run.
  public convenience init(contentsOf url: URL, device: Device = .current) throws {
    let bytes = try [UInt8](mapFile(url))
    do {
      try self.init(code: bytes, device: device)
    } catch let error as ProgramError {
      throw FileError(file: url.path, field: "program", value: error.description)
    }
  }
}
