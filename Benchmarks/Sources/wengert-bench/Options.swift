/// What the command line of the rows asks for.
struct Options {
  /// Rows whose names begin with one of these; empty: all.
  var only: [String]
  /// Where to write the table as JSON.
  var json: String?
  /// Where to write it as a table of Markdown, and as bars.
  var markdown: String?
  var svg: String?
  /// The JSON of an earlier run, and how many times as large as then a ratio may be.
  var gate: String?
  var allowance: Double
  /// Measured calls of each row in each round, after warm-up.
  var repeats: Int
  var rounds: Int
  /// Whether the process answers requests for rows on its standard input instead of printing a table; so it measures itself with one thread.
  var serves: Bool
  var lists: Bool

  init(_ arguments: inout Arguments) {
    only = arguments.list("--only")
    json = arguments.text("--json")
    markdown = arguments.text("--markdown")
    svg = arguments.text("--svg")
    gate = arguments.text("--gate")
    allowance = arguments.number("--allowance") ?? 1.15
    repeats = arguments.count("--repeats") ?? 7
    rounds = arguments.count("--rounds") ?? 3
    serves = arguments.flag("--serve")
    lists = arguments.flag("--list")
    _ = arguments.end()
  }

  func includes(_ row: Row) -> Bool { only.isEmpty || only.contains { row.name.hasPrefix($0) } }

  static let usage = """
    wengert-bench [--only name,…] [--repeats n] [--rounds n] [--json file] [--markdown file] [--svg file] [--gate file [--allowance x]] [--list]
    wengert-bench encoders [--only name,…] [--repeats n] [--rounds n]
    wengert-bench calls [--rounds n]
    wengert-bench programs [--repeats n]
    wengert-bench losses [decoupled|softmax|topk|bce] [--labels n] [--batch n] [--width n] [--block n] [--repeats n]
    wengert-bench search [--labels n] [--block n] [--repeats n] [--rounds n]
    wengert-bench tokenize --file texts.txt --model folder [--megabytes n] [--repeats n]
    wengert-bench embed --file texts.txt --model folder [--texts n] [--max-length n] [--repeats n] [--rounds n]
    wengert-bench encoder [step|forward|eager|profile|program] [--model minilm|base] [--batch n] [--tokens n] [--real] [--dropout p] [--budget MiB] [--repeats n]

    Every command takes --threads n (2) and --level base|avx2|avx512: the instructions that our kernels and the peers' may use, by default the best that the processor has.
    The heading of each table tells what took effect.

    Times every operation row here, compiled and call by call, and, where WENGERT_PEERS names a Python executable or a virtual environment (else python3), in PyTorch and JAX,
    row by row in turn, in several rounds (3). Names may be cut short: --only product,softmax. --gate holds the ratios against those of an earlier --json, says which rows fell by more than --allowance (a factor, 1.15), and
    fails if one did. `encoders` does the same for training steps of BERT encoders, with peak memory;
    `encoder` runs one of ours, and prints its kernels' times (profile) or the program. `calls` measures small operations call by call, beside PyTorch, and what a call of a compiled
    function costs, with the memory blocks that each asks for. `programs` times what comes before a program's first result, compiled and read.
    `losses` times a streamed loss against its products and the published loss in PyTorch, `search` exact search beside faiss and PyTorch.
    `tokenize` encodes a file's first lines (2 MB) here and in Hugging Face's tokenizer, and writes the whole file's tokens. `embed` embeds a file's first texts (1000), beside
    sentence-transformers and ONNX Runtime.

    `make bench` without ARGS runs the rows, encoders, calls and search, and embed where WENGERT_BENCH_MODEL names a model's folder and WENGERT_BENCH_TEXTS a file of texts.
    """
}
