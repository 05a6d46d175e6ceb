import DEXML
import Foundation
import Hummingbird
import Support

@testable import DEXMLServer

private let drivers = Drivers(["http": readBody])

/// The fuzzer calls this with one input after the other.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt { drivers.run(start, count) }

/// The body of a request, and all that the service asks of it.
private func readBody(_ bytes: Data) throws {
  var limits = ServiceLimits()
  limits.texts = 4
  limits.characters = 100
  let fields = try RequestFields(ByteBuffer(bytes: bytes), keys: ["text", "texts", "top_k", "labels"], limits: limits)
  _ = fields.has("text")
  if let text = try? fields.text("text") { expect(text.unicodeScalars.count <= 100) }
  for key in ["texts", "labels"] {
    guard let texts = try? fields.texts(key) else { continue }
    expect((1...4).contains(texts.count))
  }
  try expect((1...9).contains(fields.number("top_k", in: 1...9, default: 5)))
}
