import DEXML
import Foundation
import Testing
import WengertNN
import WengertTestSupport

@Suite("Exports")
struct ExportTests {
  private struct Module: Decodable { var path: String, type: String }

  private func saved(_ pooling: Pooling, bottleneck: Int, normalizes: Bool, in folder: URL) throws -> TextEncoder {
    let source = try ModelFolder(Fixtures.url("encoder/bert"))
    var model = try source.textEncoder(pooling: pooling, normalizes: normalizes)
    if bottleneck > 0 { model.bottleneck = Linear(model.width, bottleneck, key: RandomKey(4)) }
    try ModelFolder.save(model, tokenizer: source.tokenizer(), maximumLength: 8, to: folder)
    return model
  }

  @Test(
    "sentence-transformers finds its modules in their order",
    arguments: [
      (Pooling.mean, 0, true, ["", "1_Pooling", "2_Normalize"]), (.cls, 6, true, ["", "1_Pooling", "2_Dense", "3_Normalize"]),
      (.mean, 6, false, ["", "1_Pooling", "2_Dense"]),
    ])
  func modules(pooling: Pooling, bottleneck: Int, normalizes: Bool, paths: [String]) throws {
    let folder = try TemporaryFolder(), model = folder.url.appendingPathComponent("model")
    _ = try saved(pooling, bottleneck: bottleneck, normalizes: normalizes, in: model)
    let modules = try JSONDecoder().decode([Module].self, from: Data(contentsOf: model.appendingPathComponent("modules.json")))
    #expect(modules.map(\.path) == paths)
    #expect(modules.map(\.type).allSatisfy { $0.hasPrefix("sentence_transformers.models.") })
    for path in paths.dropFirst() {
      #expect(FileManager.default.fileExists(atPath: model.appendingPathComponent("\(path)/config.json").path), "\(path)")
    }
  }

  @Test("a folder is read back with its bottleneck, pooling and normalization")
  func roundTrip() throws {
    let folder = try TemporaryFolder(), url = folder.url.appendingPathComponent("model")
    let model = try saved(.cls, bottleneck: 6, normalizes: false, in: url)
    let read = try ModelFolder(url).textEncoder()
    #expect(read.pooling == .cls && !read.normalizes)
    let texts: [[Int32]] = [[2, 5, 6, 3], [2, 9, 3]]
    #expect(read.embed(texts, chunk: 2).array(of: Float.self) == model.embed(texts, chunk: 2).array(of: Float.self))
  }

  @Test("a pooling that sentence-transformers does not know leaves a folder for transformers alone")
  func unknown() throws {
    let folder = try TemporaryFolder(), url = folder.url.appendingPathComponent("model")
    _ = try saved(.pooler, bottleneck: 0, normalizes: true, in: url)
    #expect(!FileManager.default.fileExists(atPath: url.appendingPathComponent("modules.json").path))
    #expect(try ModelFolder(url).textEncoder().pooling == .pooler)
  }
}
