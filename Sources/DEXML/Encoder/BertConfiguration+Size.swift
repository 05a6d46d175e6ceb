import WengertNN

extension BertConfiguration {
  /// Throws if the encoder would have more parameters than a file of weights has bytes, before any memory is taken for them.
  func checkSize(weights bytes: Int, file: String) throws {
    // As floating-point numbers, which do not overflow.
    let (width, inner) = (Double(hiddenSize), Double(intermediateSize))
    let embeddings = Double(vocabularySize) + Double(maximumPositions) + Double(typeCount)
    let parameters = embeddings * width + Double(layers) * width * (4 * width + 2 * inner)
    guard parameters <= Double(bytes) else {
      throw FileError(
        file: file, field: "weights", value: "\(bytes) bytes",
        advice: "config.json describes more parameters than that: give the two files of one model")
    }
  }
}
