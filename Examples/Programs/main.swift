import Foundation

/// The examples by name, each a function in the file of that name.
let all: KeyValuePairs<String, (Run) throws -> Void> = [
  "linear-regression": linearRegression,
  "logistic-regression": logisticRegression,
  "digits": digits,
  "convolutional-network": convolutionalNetwork,
  "character-transformer": characterTransformer,
  "variational-autoencoder": variationalAutoencoder,
  "gru": gru,
  "gaussian-process": gaussianProcess,
  "simulation": simulation,
  "per-example-gradients": perExampleGradients,
  "save-and-resume": saveAndResume,
  "word-vectors": wordVectors,
  "custom-operation": customOperation,
  "custom-backend": customBackend,
]

let words = CommandLine.arguments.dropFirst().filter { $0 != "--tiny" }
guard let name = words.first, let example = all.first(where: { $0.key == name })?.value, words.count <= 2 else {
  print("usage: examples NAME [FILE] [--tiny]\n\(all.map { "  \($0.key)" }.joined(separator: "\n"))")
  exit(2)
}
do {
  try example(
    Run(
      name: name, file: words.count == 2 ? URL(fileURLWithPath: words.last!) : nil,
      isTiny: CommandLine.arguments.contains("--tiny")))
} catch {
  print(error)
  exit(1)
}
