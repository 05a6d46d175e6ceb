import DEXML
import Foundation
import Testing
import WengertTestSupport

@Suite("Configuration files")
struct ConfigurationFilesTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func message(_ name: String) -> String? {
    do {
      _ = try Configuration(files: [folder.url.appendingPathComponent(name)])
      return nil
    } catch {
      return "\(error)".replacing(folder.url.path + "/", with: "")
    }
  }

  @Test("a file's dependencies, relative to it and in order, come before what it says itself")
  func dependencies() throws {
    try folder.write("base.yaml", "bsz: 1\nseed: 1\nlr: 1\nnum_epochs: 1")
    try folder.write("sub/second.yaml", "__dependency__: ../base.yaml\nseed: 2\nlr: 2")
    try folder.write("third.yaml", "lr: 3\ndesc: third")
    let main = try folder.write("main.yaml", "num_epochs: 4\n__dependency__: sub/second.yaml, third.yaml\n")
    let configuration = try Configuration(files: [main])
    #expect(configuration.bsz == 1)
    #expect(configuration.seed == 2)
    #expect(configuration.lr == 3)
    #expect(configuration.desc == "third")
    #expect(configuration.numEpochs == 4)
  }

  @Test("a circle of dependencies is an error that shows it")
  func circle() throws {
    try folder.write("a.yaml", "__dependency__: b.yaml")
    try folder.write("b.yaml", "__dependency__: a.yaml")
    #expect(message("a.yaml")?.hasSuffix("__dependency__ goes round in a circle: a.yaml -> b.yaml -> a.yaml") == true)
  }

  @Test("a chain of files that each name the next one twice is read once each")
  func diamonds() throws {
    for i in 0..<60 { try folder.write("\(i).yaml", "__dependency__: \(i + 1).yaml, \(i + 1).yaml") }
    try folder.write("60.yaml", "seed: 60")
    #expect(try Configuration(files: [folder.url.appendingPathComponent("0.yaml")]).seed == 60)
  }

  @Test("a file that is missing, a folder, too large, not UTF-8 or not keys and values is an error that names it")
  func unreadable() throws {
    #expect(message("none.yaml") == "none.yaml: no such configuration file")
    try folder.write("a.yaml", "__dependency__: none.yaml")
    #expect(message("a.yaml") == "none.yaml: no such configuration file")
    try folder.write("folder/x", "")
    #expect(message("folder") == "folder: a folder, expected a YAML file")
    try folder.write("large.yaml", Data(repeating: 0x20, count: 2 << 20))
    #expect(message("large.yaml")?.contains("which is no configuration") == true)
    try folder.write("latin.yaml", Data([0x64, 0x3A, 0x20, 0xE9]))
    #expect(message("latin.yaml") == "latin.yaml: not UTF-8 text")
    try folder.write("list.yaml", "- bsz\n- 1")
    #expect(message("list.yaml") == "list.yaml: expected lines 'key: value', found a list")
    try folder.write("word.yaml", "hello")
    #expect(message("word.yaml") == "word.yaml: expected lines 'key: value', found the text 'hello'")
    try folder.write("nested.yaml", "bsz: [1, 2]")
    #expect(message("nested.yaml")?.hasPrefix("nested.yaml:1: bsz: expected one value, found a list") == true)
    try folder.write("twice.yaml", "bsz: 1\nbsz: 2")
    #expect(message("twice.yaml") == "twice.yaml:1: bsz: occurs twice; remove one of the two")
    try folder.write("broken.yaml", "bsz: 'x")
    #expect(message("broken.yaml")?.hasPrefix("broken.yaml: not YAML:") == true)
    #expect(message("broken.yaml")?.contains("\n") == false)
  }

  @Test("nesting without end and aliases of aliases are errors, not traps")
  func hostile() throws {
    try folder.write("deep.yaml", "bsz: " + String(repeating: "[", count: 100_000))
    #expect(message("deep.yaml") != nil)
    try folder.write("maps.yaml", String(repeating: "{a: ", count: 100_000))
    #expect(message("maps.yaml") != nil)
    let bomb = (1..<40).reduce("a0: &a0 [x]\n") { $0 + "a\($1): &a\($1) [*a\($1 - 1), *a\($1 - 1)]\n" }
    try folder.write("bomb.yaml", bomb)
    #expect(message("bomb.yaml") != nil)
    // In a key they are compared as well, which would take as long as the universe is old.
    let key = (1..<60).reduce("&a0 [x]") { $0 + ", &a\($1) [*a\($1 - 1), *a\($1 - 1)]" }
    try folder.write("key.yaml", "? [\(key)]\n: 1")
    #expect(message("key.yaml") == "key.yaml: more than 16 aliases ('*name'): write the values out")
    let names = ["desc", "tf", "data_root", "results_root", "resume_path"]
    let chain = zip(names, names.dropFirst() + ["expname"]).map { "\($0): '\(String(repeating: "[\($1)]", count: 100))'\n" }.joined()
    try folder.write("chain.yaml", chain)
    #expect(message("chain.yaml")?.hasSuffix("longer than 65536 bytes with what it refers to; refer to fewer keys") == true)
    try folder.write("few.yaml", "bsz: &size 7\ngc_bsz: *size\ndesc: '\(String(repeating: "2*3 ** ", count: 50))'")
    #expect(message("few.yaml") == nil)
  }

  @Test("damaged files either parse or throw")
  func fuzz() throws {
    let valid = try Data(contentsOf: configs.appendingPathComponent("dual-encoder.yaml"))
    let seed: UInt64 = 20
    var random = SplitMix64(seed: seed)
    var parsed = 0
    for _ in 0..<400 {
      var bytes = valid
      for _ in 0...random.below(4) {
        let place = random.below(bytes.count)
        switch random.below(4) {
        case 0: bytes[place] ^= UInt8(1 << random.below(8))
        case 1: bytes.insert(contentsOf: Array("[]{}&*!|>'\"%@`:-?#\n\t\0".utf8)[random.below(21)...].prefix(1), at: place)
        case 2: bytes.removeSubrange(place..<min(place + random.below(40), bytes.count))
        default: bytes = bytes.prefix(max(place, 1))
        }
        if bytes.isEmpty { bytes = Data([0x3A]) }
      }
      let file = try folder.write("fuzz.yaml", bytes)
      do {
        _ = try Configuration(files: [file])
        parsed += 1
      } catch {
        #expect(error is FileError, "seed \(seed): \(error)")
      }
    }
    #expect(parsed > 0, "seed \(seed)")
  }
}

private let configs = packageRoot.appendingPathComponent("Examples/dexml/configs")
private let datasets = ["eurlex-4k", "lf-amazontitles-131k", "lf-wikipedia-500k", "lf-amazontitles-1.3m"]
private let losses = ["decoupled-softmax", "topk", "softmax", "bce"]
private let nets = ["dist-de-all", "dist-de-hnm", "dist-clf-net"]

@Suite("The example configurations")
struct ExampleConfigurationTests {
  private func read(_ names: String...) throws -> Configuration {
    try Configuration(files: names.map { configs.appendingPathComponent($0 + ".yaml") })
  }

  @Test("dual-encoder.yaml is the table of keys, printed")
  func documentation() throws {
    let text = try String(contentsOf: configs.appendingPathComponent("dual-encoder.yaml"), encoding: .utf8)
    #expect(text == Configuration().yaml())
    #expect(try read("dual-encoder") == Configuration())
  }

  @Test("every file parses alone")
  func alone() throws {
    let files = try FileManager.default.contentsOfDirectory(at: configs, includingPropertiesForKeys: nil)
    #expect(
      Set(files.map { $0.deletingPathExtension().lastPathComponent })
        == Set(["dual-encoder", "demo", "lf-wikipedia-500k-dist-de-hnm"] + datasets + losses + nets))
    for file in files { #expect(throws: Never.self) { try Configuration(files: [file]) } }
  }

  @Test("data set, loss and net go together, each keeping what it sets", arguments: datasets, losses)
  func together(dataset: String, loss: String) throws {
    let own = try read(dataset)
    for net in nets {
      let configuration = try read(dataset, loss, net)
      #expect(configuration.lossCriterion.rawValue == loss)
      #expect(configuration.net.rawValue == net)
      #expect(configuration.dataset.lowercased() == dataset)
      #expect(configuration.expname == "\(net)-\(loss)")
      #expect(configuration.bsz == own.bsz && configuration.lr == own.lr && configuration.tau == own.tau)
    }
  }

  @Test("the published settings")
  func published() throws {
    let eurlex = try read("eurlex-4k")
    #expect(eurlex.tfMaxLen == 128 && eurlex.bsz == 512 && eurlex.gcBsz == 4096 && eurlex.lr == 5e-5 && eurlex.tau == 0.05)
    #expect(eurlex.normEmbs == true && eurlex.topkK == .labels(5))
    let wikipedia = try read("lf-wikipedia-500k")
    #expect(wikipedia.tfMaxLen == 128 && wikipedia.bsz == 768 && wikipedia.gcBsz == 512 && wikipedia.lr == 7e-5 && wikipedia.tau == 1)
    #expect(wikipedia.normEmbs == false && wikipedia.evalInterval == 1)
    let small = try read("lf-amazontitles-131k")
    let large = try read("lf-amazontitles-1.3m")
    for titles in [small, large] { #expect(titles.tfMaxLen == 32 && titles.bsz == 3000 && titles.gcBsz == 3000 && titles.lr == 3e-4) }
    #expect(small.tau == 0.05 && small.normEmbs == true && large.tau == 1 && large.normEmbs == false)
    let mined = try read("lf-amazontitles-131k", "dist-de-hnm")
    #expect(mined.negType == .shorty && mined.hardNegStart == 5 && mined.hardNegTopk == 100)
    var minedWikipedia = try read("lf-wikipedia-500k-dist-de-hnm")
    #expect(minedWikipedia.lr == 2e-5 && minedWikipedia.numNegSamples == 5 && minedWikipedia.evalInterval == 5)
    (minedWikipedia.lr, minedWikipedia.numNegSamples, minedWikipedia.evalInterval) = (7e-5, 1, 1)
    #expect(try minedWikipedia == read("lf-wikipedia-500k", "dist-de-hnm"))
  }

  @Test("demo.yaml is what dexml demo runs")
  func demo() throws {
    #expect(try read("demo") == Configuration.demo)
  }
}
