import Foundation

/// What the command line asks for.
struct Options {
  /// Rows whose names begin with one of these; empty: all.
  var only: [String] = []
  /// Where to write the table as JSON.
  var json: String?
  /// Measured calls of each row, after warm-up.
  var repeats = 7
  var threads = 2
  /// Whether the process answers requests for rows on its standard input instead of printing a table; so it measures itself with one thread.
  var serves = false

  static let usage = """
    wengert-bench [--only name,…] [--repeats n] [--json file] [--threads n] [--list]
    wengert-bench encoders [--only name,…] [--repeats n]
    wengert-bench calls
    wengert-bench programs [--repeats n]
    wengert-bench losses [decoupled|softmax|topk|bce] [--labels n] [--batch n] [--width n] [--block n]
    wengert-bench search [--labels n]
    wengert-bench tokenize --file texts.txt --model folder [--megabytes n] [--repeats n]
    wengert-bench encoder [step|forward|eager|profile|program] [--model minilm|base] [--batch n] [--tokens n] [--real] [--dropout p] [--budget MiB]

    Times every operation row here, compiled and call by call, and, where WENGERT_PEERS names a Python executable or a virtual environment (else python3), in PyTorch and JAX,
    row by row in turn. Names may be cut short: --only product,softmax. `encoders` does the same for training steps of BERT encoders, with peak memory;
    `encoder` runs one of ours, and prints its kernels' times (profile) or the program. `calls` measures small operations call by call, beside PyTorch, and what a call of a compiled
    function costs, with the memory blocks that each asks for. `programs` times what comes before a program's first result, compiled and read.
    `tokenize` encodes a file's first lines (2 MB) here and in Hugging Face's tokenizer, and writes the whole file's tokens.
    """

  init(_ arguments: [String]) {
    var rest = arguments.makeIterator()
    func value(_ option: String) -> String {
      guard let text = rest.next() else { Options.stop("\(option) needs a value") }
      return text
    }
    func count(_ option: String) -> Int {
      let text = value(option)
      guard let number = Int(text), number > 0 else { Options.stop("\(option) needs a number above 0, got \(text)") }
      return number
    }
    while let argument = rest.next() {
      switch argument {
      case "--only": only += value(argument).split(separator: ",").map(String.init)
      case "--json": json = value(argument)
      case "--repeats": repeats = count(argument)
      case "--threads": threads = count(argument)
      case "--serve": serves = true
      case "--list":
        for row in Row.all { print(row.name, row.shape, separator: "\t") }
        exit(0)
      case "--help", "-h":
        print(Options.usage)
        exit(0)
      default: Options.stop("there is no option \(argument)\n\n\(Options.usage)")
      }
    }
  }

  func includes(_ row: Row) -> Bool { only.isEmpty || only.contains { row.name.hasPrefix($0) } }

  static func stop(_ message: String) -> Never {
    FileHandle.standardError.write(Data("wengert-bench: \(message)\n".utf8))
    exit(2)
  }
}
