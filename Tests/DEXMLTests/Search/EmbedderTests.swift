import DEXML
import Foundation
import Testing
import WengertNN
import WengertTestSupport

@Suite("Embeddings of a file")
struct EmbedderTests {
  private let lines = ["the cat sat", "dogs run fast", "", "on the mat"]

  @Test("an .npy and a .safetensors file have the same rows, and the latter says how they were made")
  func formats() throws {
    let folder = try TemporaryFolder()
    let input = try folder.write("texts.txt", lines.map { $0 + "\n" }.joined())
    func output(_ name: String) throws -> URL {
      let file = folder.url.appendingPathComponent(name)
      try Embedder.run(model: Fixtures.url("encoder/bert"), input: input, output: file, maxLength: 6, pooling: .mean)
      return file
    }
    let rows = try NPY.read(output("rows.npy")), file = try SafeTensors(contentsOf: output("rows.safetensors"))
    #expect(file.names == ["embeddings"])
    #expect(file["embeddings"] == rows && rows.shape == [4, 16] && rows.dtype == .float32)
    #expect(file.metadata == ["model": "bert", "input": "texts.txt", "pooling": "mean", "normalized": "true", "max_length": "6"])
    let model = try ModelFolder(Fixtures.url("encoder/bert"))
    let expected = try model.textEncoder(pooling: .mean).embed(model.tokenizer().encode(lines, maxLength: 6), chunk: 4)
    #expect(rows.floats() == expected.array(of: Float.self))
  }

  @Test("an output that is the input is refused and stays as it is")
  func sameFile() throws {
    let folder = try TemporaryFolder(), input = try folder.write("texts.txt", "the cat\n")
    let output = folder.url.appendingPathComponent("rows.npy")
    try FileManager.default.linkItem(at: input, to: output)
    let text = message { try Embedder.run(model: Fixtures.url("encoder/bert"), input: input, output: output, maxLength: nil, pooling: nil) }
    #expect(text == "\(output.path): output: the same file as the input \(input.path); it would be replaced: name another output")
    #expect(try String(contentsOf: input, encoding: .utf8) == "the cat\n")
  }

  @Test("another ending is refused before anything is read", arguments: ["rows.csv", "rows", "rows.npy.gz"])
  func ending(name: String) throws {
    let folder = try TemporaryFolder(), nowhere = folder.url.appendingPathComponent("nothing")
    let text = message {
      try Embedder.run(model: nowhere, input: nowhere, output: folder.url.appendingPathComponent(name), maxLength: nil, pooling: nil)
    }
    #expect(text.contains("name a file that ends with .npy or .safetensors"), "\(text)")
  }
}
