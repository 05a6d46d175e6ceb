import DEXML
import Foundation
import Testing
import WengertTestSupport

private let original = Fixtures.url("original")

/// The eleven configurations that the published code has, by their paths.
private let eleven = [
  "EURLex-4K/dist-de-all_decoupled-softmax", "EURLex-4K/dist-de-all_softmax", "EURLex-4K/dist-de-all_topk",
  "EURLex-4K/dist-de-hnm_decoupled-softmax", "LF-AmazonTitles-131K/dist-de-all_decoupled-softmax",
  "LF-AmazonTitles-131K/dist-de-all_softmax",
  "LF-AmazonTitles-131K/dist-de-all_topk", "LF-AmazonTitles-131K/dist-de-hnm_decoupled-softmax",
  "LF-AmazonTitles-1.3M/dist-de-all_decoupled-softmax", "LF-Wikipedia-500K/dist-de-all_decoupled-softmax",
  "LF-Wikipedia-500K/dist-de-hnm_decoupled-softmax",
].map { "configs/\($0).yaml" }

@Suite("The original's configurations")
struct OriginalConfigurationTests {
  private func read(_ files: [URL], in folder: URL = original) throws -> (configuration: Configuration, notes: [String]) {
    var notes: [String] = []
    let configuration = try Configuration(files: files, workingFolder: folder.path, notes: &notes)
    return (configuration, notes)
  }

  private func message(_ file: URL, in folder: URL = original) -> String {
    do {
      _ = try read([file], in: folder)
      return "no error"
    } catch { return "\(error)" }
  }

  @Test("each is read, with what its dependencies in the working folder say, and is what our own files for it say", arguments: eleven)
  func ours(path: String) throws {
    let (theirs, notes) = try read([original.appendingPathComponent(path)])
    #expect(notes.isEmpty)
    let parts = path.split(separator: "/"), dataset = String(parts[1])
    #expect(theirs.dataset == dataset && theirs.desc.contains(theirs.net.rawValue) && theirs.expname.hasSuffix("_exp"))
    let name = parts[2].dropLast(".yaml".count).split(separator: "_").map(String.init)
    let isMinedWikipedia = dataset == "LF-Wikipedia-500K" && name[0] == "dist-de-hnm"
    let names = isMinedWikipedia ? ["lf-wikipedia-500k-dist-de-hnm"] : [dataset.lowercased(), name[1], name[0]]
    var ours = try Configuration(files: names.map { packageRoot.appendingPathComponent("Examples/dexml/configs/\($0).yaml") })
    (ours.expname, ours.desc) = (theirs.expname, theirs.desc)
    // `auto` is the folder's own pooling, which of an encoder alone is the original's.
    #expect(ours.tfPooler == nil)
    ours.tfPooler = .cls
    #expect(theirs == ours)
  }

  @Test("a dependency that is neither beside the file nor in the working folder is an error that names both places")
  func dependency() throws {
    let folder = try TemporaryFolder()
    let file = original.appendingPathComponent(eleven[0])
    let text = message(file, in: folder.url)
    #expect(text.contains("dist-de-all_decoupled-softmax.yaml: __dependency__: no file 'configs/dual-encoder.yaml'"), "\(text)")
    #expect(text.contains("in the working folder \(folder.url.path)"), "\(text)")
    // Beside the file comes first.
    try folder.write("a.yaml", "__dependency__: parts/b.yaml\n")
    try folder.write("parts/b.yaml", "seed: 1\n")
    let elsewhere = try TemporaryFolder()
    try elsewhere.write("parts/b.yaml", "seed: 2\n")
    #expect(try read([folder.url.appendingPathComponent("a.yaml")], in: elsewhere.url).configuration.seed == 1)
  }

  @Test("what its training leaves as config.yaml is read, later experiments below earlier ones, and a note tells what is passed over")
  func dump() throws {
    let file = original.appendingPathComponent("dumped/config.yaml")
    let (configuration, notes) = try read([file])
    #expect(configuration.dataset == "EURLex-4K" && configuration.net == .hardNegatives && configuration.tfMaxLen == 128)
    #expect(configuration.lr == 3e-5 && configuration.numNegSamples == 4 && configuration.bsz == 512)
    #expect(configuration.desc == "dist-de-hnm (a label encoder whose negatives are mined) with the loss decoupled-softmax, on one device")
    #expect(notes.count == 1)
    for key in ["OUT_DIR", "numy", "wandb_id", "embs_dim", "__dependency__"] { #expect(notes.first?.contains(key) == true, "\(key)") }
    // Elsewhere its keys are mistakes, and so is a key that stands twice; lines are counted from the top of the file.
    let folder = try TemporaryFolder()
    #expect(try message(folder.write("a.yaml", "numy: 3\n")).contains("unknown key 'numy'"))
    let text = try String(contentsOf: file, encoding: .utf8)
    #expect(try message(folder.write("b.yaml", text + "bsz: many\n")).contains("b.yaml:65: bsz: 'many' is not allowed"))
    #expect(try message(folder.write("c.yaml", text + "bzs: 3\n")).contains("c.yaml:65: unknown key 'bzs'"))
  }

  @Test("its words for true, false and all negatives are understood, and keys that are not here are refused with what to do instead")
  func words() throws {
    let folder = try TemporaryFolder()
    func read(_ arguments: String...) throws -> Configuration {
      try Configuration(arguments: [folder.write("x.yaml", "").path] + arguments)
    }
    for text in ["1", "t", "T", "y", "Yes", "True"] { #expect(try read("--save", text).save) }
    for text in ["0", "f", "n", "No", "False"] { #expect(try !read("--save", text).save) }
    #expect(throws: (any Error).self) { try read("--save", "2") }
    #expect(try read("--lr", "5.e-5", "--tau", "1").lr == 5e-5)
    #expect(try read("--neg_type", "all").negType == .all)
    #expect(try read("--neg_type", "all", "--net", "dist-clf-net").negType == .all)
    let error = #expect(throws: FileError.self) { try read("--neg_type", "all", "--net", "dist-de-hnm") }
    #expect(error?.description.contains("every label a negative, which is net dist-de-all") == true)
    for key in ["only_keep_trn_labels", "trn_shorty", "tst_shorty", "embed_id"] {
      let error = #expect(throws: FileError.self) { try read("--\(key)", "x") }
      #expect(error?.description.contains("is a key of the original that is not here") == true)
    }
  }
}

/// Data sets of the original's names, small enough to train on: eight labels, one word each.
private struct SmallData {
  let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    let labels = ["cat", "mat", "dogs", "sleep", "run", "fast", "the cat", "a mat"]
    for name in ["EURLex-4K", "LF-AmazonTitles-131K", "LF-AmazonTitles-1.3M", "LF-Wikipedia-500K"] {
      try folder.write("Datasets/\(name)/raw/Y.txt", labels.map { $0 + "\n" }.joined())
      for (split, count) in [("trn", 24), ("tst", 10)] {
        try folder.write("Datasets/\(name)/raw/\(split)_X.txt", (0..<count).map { "the \(labels[$0 % 8]) sat\n" }.joined())
        try SparseMatrix(
          rows: count, columns: 8, rowOffsets: (0...count).map { $0 * 2 },
          indices: (0..<count).flatMap { [Int32($0 % 8), Int32(($0 + 3) % 8)] },
          values: [Float](repeating: 1, count: count * 2)
        ).write(to: folder.url.appendingPathComponent("Datasets/\(name)/Y.\(split).npz"))
      }
    }
  }

  var results: URL { folder.url.appendingPathComponent("Results/DEXML") }

  /// Where things are, and sizes for a few documents.
  var settings: [String] {
    [
      "--data_root", folder.url.appendingPathComponent("Datasets").path, "--results_root",
      folder.url.appendingPathComponent("Results").path,
      "--tf", Fixtures.url("encoder/bert").path, "--tf_max_len", "8", "--bsz", "12", "--gc_bsz", "8",
    ]
  }

  func files(of run: String) throws -> Set<String> {
    Set(try FileManager.default.contentsOfDirectory(atPath: results.appendingPathComponent(run).path))
  }
}

@Suite("The original's commands", .enabled(if: FileManager.default.isExecutableFile(atPath: executable.path)), .serialized)
struct OriginalCommandTests {
  @Test("each of the eleven trains as it is, but for places and sizes on the command line", arguments: eleven)
  func trains(path: String) throws {
    let data = try SmallData()
    let epochs = path.contains("hnm") ? 7 : 1
    let run = try CommandRun(["train", path] + data.settings + ["--num_epochs", "\(epochs)"], in: original)
    #expect(run.code == 0 && !run.wasKilled, "\(run.errors)")
    #expect(run.errors.contains("epoch \(epochs)/\(epochs): loss"))
    let parts = path.split(separator: "/"), dataset = parts[1]
    let expname = parts[2].contains("topk") ? "dist-de-all_decoupled-softmax_exp" : parts[2].replacing(".yaml", with: "_exp")
    let files = try data.files(of: "\(dataset)/\(expname)")
    for name in ["model", "config.yaml", "tst_metrics.tsv", "tst_score_mat.npz", "log.txt"] { #expect(files.contains(name), "\(name)") }
    #expect(files.contains("trn_shorty.npz") == path.contains("hnm"))
    if path.contains("hnm") { #expect(run.errors.contains("epoch 6: ") && run.errors.contains("negatives mined")) }
  }

  @Test("evaluate tst config.yaml measures the model of the run, and says so where there is none; tokenize takes --tf-token-type")
  func othersForms() throws {
    let data = try SmallData(), path = eleven[0]
    var run = try CommandRun(
      ["evaluate", "tst", path] + data.settings.filter { $0 != "--tf" && !$0.hasSuffix("encoder/bert") }, in: original)
    #expect(
      run.code == 1 && run.errors.contains("/dist-de-all_decoupled-softmax_exp/model: train one with these settings"), "\(run.errors)")
    run = try CommandRun(["train", path] + data.settings + ["--num_epochs", "1", "--save", "1"], in: original)
    try #require(run.code == 0, "\(run.errors)")
    let trained = try #require(run.errors.split(separator: "\n").first { $0.hasPrefix("tst: ") })
    run = try CommandRun(["evaluate", "tst", path] + data.settings.filter { $0 != "--tf" && !$0.hasSuffix("encoder/bert") }, in: original)
    #expect(run.code == 0 && run.errors.contains("_exp/model on tst"), "\(run.errors)")
    #expect(run.errors.split(separator: "\n").contains(trained), "\(run.errors)")
    run = try CommandRun(["evaluate", "tst", path] + data.settings, in: original)
    #expect(run.code == 0 && run.errors.contains("encoder/bert on tst"), "\(run.errors)")

    #expect(try CommandRun(["evaluate", "trn", path], in: original).errors.contains("num_val_points"))
    #expect(try CommandRun(["evaluate", "tst"], in: original).errors.contains("at least one configuration file"))
    #expect(try CommandRun(["evaluate", "tst", path, "--split", "val"], in: original).errors.contains("contradict"))

    run = try CommandRun([
      "tokenize", "--data-path", data.folder.url.appendingPathComponent("Datasets/EURLex-4K/raw/Y.txt").path, "--tf-max-len", "4",
      "--tf-token-type", Fixtures.url("encoder/bert").path,
    ])
    #expect(run.code == 0 && run.errors.contains("Y.bert_4.dat: 8 rows of 4 tokens"), "\(run.errors)")
    run = try CommandRun(["tokenize", "--data-path", "x", "--tf-max-len", "4", "--tf-token-type", "bert-base-uncased"])
    #expect(run.code == 1 && run.errors.contains("bert-base-uncased"), "\(run.errors)")
  }

  @Test("a PyTorch file is no checkpoint, and the message says what it is there")
  func pytorch() throws {
    let data = try SmallData()
    let run = try CommandRun(["train", eleven[0]] + data.settings + ["--resume_path", "Results/x/model.pt"], in: original)
    #expect(run.code == 1 && run.errors.contains("the original takes the weights alone"), "\(run.errors)")
  }
}
