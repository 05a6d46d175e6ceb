import DEXML
import Foundation
import Testing
import WengertNN
import WengertTestSupport

/// Folders that sentence-transformers has saved, and the embeddings that it makes with them: Tests/Fixtures/model_folders.py.
struct ModelFoldersFixture: Decodable, Sendable {
  struct Folder: Decodable, Sendable, CustomTestStringConvertible {
    var name: String
    var encoder: String
    /// The prompt's name that the embeddings were made with.
    var prompt: String?
    /// The word that names why it cannot be opened.
    var refused: String?
    /// By their paths; bytes are base64 behind a colon, null is a file that is not there.
    var files: [String: String?]

    var testDescription: String { name }

    var use: Prompts.Use {
      switch prompt {
      case nil: .text
      case "query"?: .query
      case "document"?: .candidate
      case let name?: .named(name)
      }
    }
  }

  var texts: [String]
  /// The files of each encoder's plain folder, from which the others differ.
  var plain: [String: [String: String]]
  var folders: [Folder]

  static let shared = try! JSONDecoder().decode(Self.self, from: Data(contentsOf: Fixtures.url("folders/folders.json")))
  static let golden = try! SafeTensors(contentsOf: Fixtures.url("folders/golden.safetensors"))

  static var opened: [Folder] { shared.folders.filter { $0.refused == nil } }
  static var refused: [Folder] { shared.folders.filter { $0.refused != nil } }

  static func folder(_ name: String) -> Folder { shared.folders.first { $0.name == name }! }

  /// A folder that is there until the tests end.
  struct Files: Sendable {
    let url: URL

    @discardableResult
    func write(_ name: String, _ data: Data) throws -> URL {
      let file = url.appendingPathComponent(name)
      try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try data.write(to: file)
      return file
    }

    @discardableResult
    func write(_ name: String, _ text: String) throws -> URL { try write(name, Data(text.utf8)) }
  }

  private static let root: URL = {
    atexit { try? FileManager.default.removeItem(at: ModelFoldersFixture.root) }
    return FileManager.default.temporaryDirectory.appendingPathComponent("dexml-folders-\(UUID().uuidString)")
  }()

  /// The folder as files, with other texts in the place of some.
  static func write(_ folder: Folder, changing changes: [String: String?] = [:]) throws -> Files {
    let target = Files(url: root.appendingPathComponent(UUID().uuidString))
    var files = shared.plain[folder.encoder]!.mapValues { Optional($0) }
    files.merge(folder.files) { $1 }
    files.merge(changes) { $1 }
    for (path, text) in files {
      guard let text else { continue }
      try target.write(path, text.hasPrefix(":") ? Data(base64Encoded: String(text.dropFirst()))! : Data(text.utf8))
    }
    try target.write("model.safetensors", Data(contentsOf: Fixtures.url("folders/\(folder.encoder).safetensors")))
    if files["tokenizer.json"] == nil { try target.write("tokenizer.json", Data(contentsOf: Fixtures.url("folders/tokenizer.json"))) }
    return target
  }

  static func write(_ name: String, changing changes: [String: String?] = [:]) throws -> Files {
    try write(folder(name), changing: changes)
  }
}

/// A model folder's embeddings of the fixture's texts, as `dexml embed` makes them.
func embeddings(_ url: URL, _ use: Prompts.Use = .text, normalizes: Bool? = nil) throws -> Tensor {
  let folder = try ModelFolder(url), length = try folder.maximumLength(nil), reader = try folder.reader(for: use, maximumLength: length)
  let model = try folder.textEncoder(normalizes: normalizes)
  return model.embed(
    PackedTokens(reader.tokenizer.encode(ModelFoldersFixture.shared.texts, maxLength: length), skipping: reader.skipped))
}

/// The largest difference of an element.
func difference(_ a: Tensor, _ b: HostArray?) -> Float {
  guard let b, b.shape == Array(a.shape) else { return .infinity }
  return zip(a.array(of: Float.self), b.floats()).map { abs($0 - $1) }.max() ?? 0
}

/// The text of any error that `body` throws.
func anyMessage(_ body: () throws -> Void) -> String {
  do {
    try body()
    return "no error"
  } catch { return "\(error)" }
}
