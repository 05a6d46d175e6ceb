import Foundation
import Support
import WengertNN

/// An equation by itself: operands that do not fit one are the caller's mistake.
func readEquation(_ bytes: Data) throws {
  let equation = try EinsumEquation(parsing: String(decoding: bytes, as: UTF8.self))
  expect(!equation.operands.isEmpty)
}
