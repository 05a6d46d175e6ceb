import DEXML
import Foundation
import Testing
import WengertTestSupport

@Suite("Configuration")
struct ConfigurationTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func read(_ text: String) throws -> Configuration { try Configuration(files: [folder.write("a.yaml", text)]) }

  /// The message of the error that reading the text throws, without the folder's path.
  private func message(_ text: String) -> String? { message { try read(text) } }

  private func message(_ body: () throws -> Configuration) -> String? {
    do {
      _ = try body()
      return nil
    } catch let error as FileError {
      return error.description.replacing(folder.url.path + "/", with: "")
    } catch {
      return "another kind of error: \(error)"
    }
  }

  @Test("no file, nothing in the file, and null say the same: the defaults", arguments: ["", "# words\n", "---\n", "null", "~"])
  func nothing(text: String) throws {
    #expect(try read(text) == Configuration())
    #expect(try Configuration(files: []) == Configuration())
  }

  @Test("every key is read into its property")
  func everyKey() throws {
    let configuration = try read(
      """
      project: P
      expname: E
      desc: a note
      save: false
      resume_path: r
      checkpoint_interval: 7
      seed: 7
      data_root: D
      results_root: R
      dataset: X
      data_manager: two-tower
      data_tokenization: online
      num_val_points: 12
      transpose_trn_dataset: true
      expand_multilabel_dataset: true
      net: dist-de-hnm
      tf: folder/model
      tf_pooler: mean
      tf_max_len: 64
      bottleneck_dim: 8
      tau: 1
      loss: sim-loss
      loss_sample: false
      loss_criterion: topk
      loss_reduction: sum
      loss_weighted: true
      topk_K: num_pos
      topk_alpha: 3
      topk_n_iter: 16
      neg_type: shorty
      hard_neg_start: 5
      hard_neg_topk: 50
      num_neg_samples: 2
      num_pos_samples: 3
      optim_bundle: base
      optim: sgd
      num_epochs: 9
      dropout: 0.25
      warmup: 0
      bsz: 10
      gc_bsz: 11
      eval_interval: 2
      eval_topk: 20
      track_metric: PSP@5
      lr: 2e-5
      weight_decay: 0
      amp_encode: false
      norm_embs: false
      """)
    var expected = Configuration()
    expected.project = "P"
    expected.expname = "E"
    expected.desc = "a note"
    expected.save = false
    expected.resumePath = "r"
    expected.checkpointInterval = 7
    expected.seed = 7
    expected.dataRoot = "D"
    expected.resultsRoot = "R"
    expected.dataset = "X"
    expected.dataTokenization = .online
    expected.numValPoints = 12
    expected.transposeTrnDataset = true
    expected.expandMultilabelDataset = true
    expected.net = .hardNegatives
    expected.tf = "folder/model"
    expected.tfPooler = .mean
    expected.tfMaxLen = 64
    expected.bottleneckDim = 8
    expected.tau = 1
    expected.lossSample = false
    expected.lossCriterion = .topk
    expected.lossReduction = .sum
    expected.lossWeighted = true
    expected.topkK = .numPos
    expected.topkAlpha = 3
    expected.topkNIter = 16
    expected.negType = .shorty
    expected.hardNegStart = 5
    expected.hardNegTopk = 50
    expected.numNegSamples = 2
    expected.numPosSamples = 3
    expected.optim = .sgd
    expected.numEpochs = 9
    expected.dropout = 0.25
    expected.warmup = 0
    expected.bsz = 10
    expected.gcBsz = 11
    expected.evalInterval = 2
    expected.evalTopk = 20
    expected.trackMetric = .propensityScored5
    expected.lr = 2e-5
    expected.weightDecay = 0
    expected.ampEncode = false
    expected.normEmbs = false
    #expect(configuration == expected)
    #expect(configuration.trackMetric.cutoff == 5)
  }

  @Test("the table has a row for every property, each name once")
  func table() {
    #expect(Configuration.keys.count == Mirror(reflecting: Configuration()).children.count)
    #expect(Set(Configuration.keys.map(\.name)).count == Configuration.keys.count)
    #expect(Configuration.keys.allSatisfy { !$0.documentation.isEmpty && !$0.documentation.contains("\n") })
  }

  @Test("numbers and booleans may stand in quotes, and numbers as people write them")
  func spellings() throws {
    let configuration = try read("bsz: '512'\nlr: \"1e-4\"\nsave: 'no'\nnum_epochs: 1e2\ntopk_K: '3'\nnorm_embs: Off\n")
    #expect(configuration.bsz == 512)
    #expect(configuration.lr == 1e-4)
    #expect(!configuration.save)
    #expect(configuration.numEpochs == 100)
    #expect(configuration.topkK == .labels(3))
    #expect(configuration.normEmbs == false)
  }

  @Test("a value that is not allowed is an error that names file, line, key, value and what is allowed")
  func notAllowed() {
    #expect(message("seed: 1\nbsz: many\n") == "a.yaml:2: bsz: 'many' is not allowed; expected a whole number of at least 1")
    #expect(
      message("loss_criterion: tokp")
        == "a.yaml:1: loss_criterion: 'tokp' is not allowed; expected decoupled-softmax | topk | softmax | bce")
    #expect(message("expname: ../../elsewhere")?.contains("without '..'") == true)
    for wrong in [
      "bsz: 0", "gc_bsz: 0", "bsz: 1.5", "bsz:", "tau: 0", "tau: nan", "tau: 1e999", "dropout: 1", "dropout: -0.1", "warmup: 1.01",
      "topk_K: 0",
      "topk_K: all", "save: maybe", "lr: 0x1p-3", "num_epochs: 99999999999999999999", "seed: -1", "tf_max_len: 1", "project: ''",
      "dataset: /etc",
    ] {
      #expect(message(wrong)?.hasPrefix("a.yaml:1: ") == true, "\(wrong)")
    }
  }

  @Test("an unknown key is an error that names the nearest known one")
  func unknownKey() {
    #expect(message("num_epoch: 1") == "a.yaml:1: unknown key 'num_epoch'; the nearest known key is 'num_epochs'")
    #expect(message("\ntopk_k: 1") == "a.yaml:2: unknown key 'topk_k'; the nearest known key is 'topk_K'")
    #expect(editDistance("kitten", "sitting") == 3)
    #expect(editDistance("", "abc") == 3)
    #expect(editDistance("abc", "abc") == 0)
  }

  @Test("keys that do not go together are an error")
  func combinations() throws {
    #expect(message("track_metric: R@100\neval_topk: 50") == "track_metric: R@100 needs eval_topk of at least 100, not 50")
    #expect(message("neg_type: in-batch")?.hasPrefix("neg_type: 'in-batch' needs net dist-de-hnm") == true)
    #expect(message("net: dist-clf-net\nneg_type: shorty")?.contains("needs net dist-de-hnm; with dist-clf-net") == true)
    #expect(message("net: dist-clf-net\ntranspose_trn_dataset: true")?.hasPrefix("transpose_trn_dataset: true makes") == true)
    #expect(try read("net: dist-clf-net\nexpand_multilabel_dataset: true").net == .classifier)
    #expect(message("neg_type: shorty\nnum_neg_samples: 200")?.hasPrefix("num_neg_samples: 200") == true)
  }

  @Test("[key] stands for another key's value, wherever that is set, and through other references")
  func references() throws {
    let file = try folder.write("a.yaml", "expname: x-[loss_criterion]-[lr]-[dataset]\ndataset: '[project]-data'\ngc_bsz: '[bsz]'\n")
    let configuration = try Configuration(files: [file], overrides: [("lr", "3e-4"), ("bsz", "64")])
    #expect(configuration.expname == "x-decoupled-softmax-0.0003-DEXML-data")
    #expect(configuration.gcBsz == 64)
    #expect(try read("desc: 'a ] b [ c'").desc == "a ] b [ c")
  }

  @Test("a reference to no key and a circle of references are errors")
  func wrongReferences() {
    #expect(
      message("expname: x-[los_criterion]")
        == "a.yaml:1: expname: '[los_criterion]' names no key; the nearest known key is 'loss_criterion'")
    #expect(message("desc: '[tf]'\ntf: '[desc]'")?.hasSuffix("references go round in a circle: desc -> tf -> desc") == true)
    #expect(message("desc: '[desc]'")?.contains("circle") == true)
  }

  @Test("files in order, then the command line: the later one wins")
  func order() throws {
    let files = try [folder.write("a.yaml", "bsz: 1\nseed: 1\nlr: 1"), folder.write("b.yaml", "bsz: 2\nseed: 2")]
    let configuration = try Configuration(files: files, overrides: [("seed", "3"), ("seed", "4")])
    #expect(configuration.lr == 1)
    #expect(configuration.bsz == 2)
    #expect(configuration.seed == 4)
  }

  @Test("command lines: --key value, --key=value, dashes for underscores, files anywhere")
  func commandLine() throws {
    let file = try folder.write("a.yaml", "bsz: 1").path
    let configuration = try Configuration(arguments: ["--num-epochs", "3", file, "--lr=2e-5", "--desc=a=b", "--resume_path="])
    #expect(configuration.bsz == 1)
    #expect(configuration.numEpochs == 3)
    #expect(configuration.lr == 2e-5)
    #expect(configuration.desc == "a=b")
    #expect(configuration.resumePath == "")
    #expect(message { try Configuration(arguments: ["--num_epoch"]) }?.contains("'num_epochs'") == true)
    #expect(message { try Configuration(arguments: ["--bsz"]) } == "command line: --bsz needs a value: a whole number of at least 1")
    #expect(message { try Configuration(arguments: ["--tf", "--bsz", "1"]) } == "command line: --tf needs a value")
    #expect(message { try Configuration(arguments: ["-x"]) } == "command line: '-x' is neither a file nor a --key")
    #expect(message { try Configuration(arguments: ["--bsz", "0"]) }?.hasPrefix("command line: bsz: '0'") == true)
  }

  @Test("what is printed reads back the same, whatever the text is")
  func roundTrip() throws {
    let seed: UInt64 = 20
    var random = SplitMix64(seed: seed)
    let pieces = [
      "a", "'", "\"", "\\", ":", " ", "#", "-", "\n", "\t", "é", "漢", "\u{85}", "\u{200B}", "🚲", "true", "1", "~", "{", "&", "*", "]", "%",
      "\u{7}",
    ]
    for _ in 0..<200 {
      var configuration = Configuration()
      configuration.desc = (0..<random.below(8)).map { _ in pieces[random.below(pieces.count)] }.joined()
      configuration.tf = (0..<random.below(4)).map { _ in pieces[random.below(pieces.count)] }.joined()
      configuration.lr = Double(random.below(1_000_000) + 1) * 1.1e-9
      configuration.save = random.below(2) == 0
      let back = try read(configuration.yaml())
      #expect(back.desc == configuration.desc && back.tf == configuration.tf, "seed \(seed)")
      #expect(back == configuration, "seed \(seed)")
    }
    for word in ["yes", "null", "12", "1e3", "", " ", "- a", "? b", "@x", "0x1F"] {
      var configuration = Configuration()
      configuration.desc = word
      #expect(try read(configuration.yaml()).desc == word)
    }
  }

  @Test("a data set or an encoder that is not there is an error that says what to put where")
  func folders() throws {
    let root = folder.url.path
    #expect(throws: FileError.self) { try Configuration().datasetFolder() }
    let configuration = try Configuration(files: [], overrides: [("data_root", root), ("dataset", "X"), ("tf", root + "/m")])
    #expect(throws: FileError.self) { try configuration.datasetFolder() }
    #expect(throws: FileError.self) { try configuration.encoderFolder() }
    try folder.write("X/raw/Y.txt", "")
    try folder.write("m/config.json", "{}")
    #expect(try configuration.datasetFolder().path == root + "/X")
    #expect(try configuration.encoderFolder().path == root + "/m")
  }
}
