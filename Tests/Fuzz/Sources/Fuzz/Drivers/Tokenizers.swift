import DEXML
import Foundation
import Support

/// Encodes a text and looks at the ids.
private func use(_ tokenizer: Tokenizer, _ text: Data?) {
  let texts = ["Ça va? [MASK] 北京 ##un", String(decoding: text ?? Data(), as: UTF8.self)]
  for text in texts {
    let ids = tokenizer.encode(text)
    expect(ids.count >= 2 && ids.allSatisfy { (0..<Int32(tokenizer.vocabularySize)).contains($0) })
    let short = tokenizer.encode(text, maxLength: 5)
    expect(short.count <= 5 && short.dropLast() == ids.prefix(short.count - 1))
  }
}

private func read(_ files: [String: Data?]) throws -> Tokenizer {
  for (name, bytes) in files { _ = Folder.put(bytes, name) }
  return try Tokenizer(folder: Folder.url)
}

/// The first part is tokenizer.json, the second a text.
func readTokenizer(_ bytes: Data) throws {
  let parts = bytes.parts(2)
  use(try read(["tokenizer.json": parts[0]]), parts[1])
}

/// The parts are vocab.txt, tokenizer_config.json, special_tokens_map.json, added_tokens.json and a text.
func readVocabulary(_ bytes: Data) throws {
  let parts = bytes.parts(5)
  let tokenizer = try read([
    "vocab.txt": parts[0], "tokenizer_config.json": parts[1], "special_tokens_map.json": parts[2], "added_tokens.json": parts[3],
  ])
  use(tokenizer, parts[4])
}
