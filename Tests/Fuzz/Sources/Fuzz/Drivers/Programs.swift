import Foundation
import Support
@_spi(Backend) import Wengert
import WengertNN

@testable import WengertCore

/// The code of a finished program, whose length and checksum are made right, so that what they guard is reached.
func readProgram(_ bytes: Data) throws {
  let backend = Device.cpu.backend
  _ = try? ProgramCode([UInt8](bytes), on: backend)
  let program = try ProgramCode(ProgramCode.sealed([UInt8](bytes)), on: backend)
  expect(!program.graph.description.isEmpty)
  // What was read is written so that it reads back as the same.
  let code = try program.bytes(largestConstant: .max)
  try expect(ProgramCode(code, on: backend).bytes(largestConstant: .max) == code)
}

/// A literal in source.
func readLiteral(_ bytes: Data) throws {
  let code = try Base64.bytes(String(decoding: bytes, as: UTF8.self))
  expect(try! Base64.bytes(Base64.text(code)) == code)
}
