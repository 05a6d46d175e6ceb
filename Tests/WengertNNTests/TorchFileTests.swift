import Foundation
import Testing
import WengertTestSupport

@testable import WengertNN

@Suite("Files of torch.save")
struct TorchFileTests {
  private func url(_ name: String) -> URL { Fixtures.url("folders/torch/\(name).bin") }

  /// A pickle of protocol 2 with these steps.
  private func pickle(_ steps: [UInt8]) -> Data { Data([0x80, 2] + steps) }

  @Test("tensors of every type, transposed, cut out or shared, are PyTorch's in shape and values")
  func golden() throws {
    let file = try TorchFile(contentsOf: url("tensors"))
    let expected = try JSONDecoder().decode([String: Expected].self, from: Data(contentsOf: Fixtures.url("folders/torch/tensors.json")))
    #expect(Set(file.names) == Set(expected.keys) && file.names.count == 14)
    for (name, entry) in expected {
      let array = try #require(try file.array(name))
      #expect(array.shape == entry.shape, "\(name)")
      #expect(array.doubles() == entry.values, "\(name)")
    }
    #expect(try file.array("half")?.dtype == .float16 && file.array("bfloat16")?.dtype == .bfloat16)
    #expect(try file.array("absent") == nil)
    #expect(try TorchFile(contentsOf: url("linear")).names == ["weight", "bias"])
  }

  @Test(
    "what is no dictionary of tensors is refused by name, and its code is not run",
    arguments: [
      ("runs", "__builtin__.print"), ("module", "torch.nn.modules.linear.Linear"),
      ("checkpoint", "entry \"epoch\": 3; a tensor is expected"),
      ("nested", "entry \"state_dict\": a dictionary"), ("list", "content: no dictionary"), ("old", "format: that of PyTorch before 1.6"),
      ("repeated", "repeats some"),
    ])
  func refused(name: String, word: String) throws {
    let text = message {
      let file = try TorchFile(contentsOf: url(name))
      for name in file.names { _ = try file.array(name) }
    }
    #expect(text.contains(word), "\(text)")
  }

  @Test("a safetensors file, text and nothing are refused as no zip archive")
  func noArchive() throws {
    for data in [Data(), Data("hello".utf8), try Data(contentsOf: Fixtures.url("files/tensors.safetensors"))] {
      #expect(message { _ = try TorchFile(data) }.contains("no zip archive"))
    }
  }

  @Test(
    "steps that a dictionary of tensors does not need are refused by their numbers",
    arguments: [
      0x69, 0x6f, 0x81, 0x92, 0x82, 0x83, 0x84, 0x50, 0x49, 0x4c, 0x53, 0x46, 0x56, 0x30, 0x31, 0x32, 0x8b, 0x8f, 0x90, 0x91, 0x96, 0x97,
      0x98, 0xff,
    ] as [UInt8])
  func steps(opcode: UInt8) {
    let text = message {
      var reader = PickleReader(pickle([opcode]), file: "x")
      _ = try reader.tensors()
    }
    #expect(text.contains("pickle step: 0x\(String(opcode, radix: 16))"), "\(text)")
  }

  @Test("lists within lists without end, lists that hold themselves, and calls of anything else are errors, not traps")
  func hostile() {
    let deep = [UInt8](repeating: 0x5d, count: 200_000) + [UInt8](repeating: 0x61, count: 199_999) + [0x2e]
    let tuples = [0x4e] + [UInt8](repeating: 0x85, count: 200_000) + [0x2e]
    let circle: [UInt8] = [0x5d, 0x71, 0, 0x68, 0, 0x61, 0x2e]  // ] memo, memo back, append, stop
    let call = Array("cos\nsystem\n".utf8) + [0x28, 0x58, 2, 0, 0, 0] + Array("ls".utf8) + [0x74, 0x52, 0x2e]
    let stack = Array("X".utf8) + [2, 0, 0, 0] + Array("osX".utf8) + [6, 0, 0, 0] + Array("system".utf8) + [0x93, 0x2e]
    for (steps, word) in [
      (deep, "no dictionary"), (tuples, "no dictionary"), (circle, "no dictionary"), (call, "os.system"), (stack, "os.system"),
    ] {
      let text = message {
        var reader = PickleReader(pickle(steps), file: "x")
        _ = try reader.tensors()
      }
      #expect(text.contains(word), "\(text)")
    }
  }

  @Test("metadata of a tensor, such as that its values stand with the other sign, is refused by name")
  func metadata() throws {
    func text(_ text: String) -> [UInt8] { [0x58, UInt8(text.utf8.count), 0, 0, 0] + Array(text.utf8) }
    func tensors(_ metadata: [UInt8]) throws -> Int {
      let storage = [0x28] + text("storage") + Array("ctorch\nFloatStorage\n".utf8) + text("0") + text("cpu") + [0x4b, 3, 0x74, 0x51]
      let layout = [0x4b, 0, 0x4b, 3, 0x85, 0x4b, 1, 0x85, 0x89] + Array("ccollections\nOrderedDict\n)R".utf8)
      let name = [0x7d] + text("z") + Array("ctorch._utils\n_rebuild_tensor_v2\n(".utf8)
      var reader = PickleReader(pickle(name + storage + layout + metadata + [0x74, 0x52, 0x73, 0x2e]), file: "x")
      return try reader.tensors().count
    }
    for nothing in [[], [0x7d], [0x4e]] as [[UInt8]] { #expect(try tensors(nothing) == 1) }
    let negative = message { _ = try tensors([0x7d] + text("neg") + [0x88, 0x73]) }
    #expect(negative.contains("metadata of a tensor: \"neg\": True"), "\(negative)")
    #expect(message { _ = try tensors([0x4b, 1]) }.contains("the metadata of a tensor"))
    #expect(message { _ = try tensors([0x7d, 0x7d]) }.contains("the description of a tensor"))
  }

  @Test("damaged files and damaged pickles are tensors or an error")
  func fuzzed() throws {
    for name in ["tensors", "linear", "module"] {
      let data = try Data(contentsOf: url(name))
      fuzz(name, data, rounds: 2000) { damaged in
        let file = try TorchFile(damaged)
        for name in file.names { _ = try file.array(name) }
      }
      // The archive's checksum guards the pickle; without it every step meets damage.
      let archive = try ZipReader(data, file: name)
      let pickle = try archive.contents(try #require(archive.members.first { $0.name.hasSuffix("data.pkl") }))
      fuzz("\(name), pickle", pickle, rounds: 3000) { damaged in
        var reader = PickleReader(damaged, file: name)
        _ = try reader.tensors()
      }
    }
  }

  @Test("layouts that lead out of the storage are refused")
  func layouts() throws {
    let data = try Data(contentsOf: url("linear"))
    let archive = try ZipReader(data, file: "linear")
    let member = try #require(archive.members.first { $0.name.hasSuffix("data.pkl") })
    let pickle = Array(try archive.contents(member))
    // The weight's shape (3, 2), strides (2, 1): other numbers in their places.
    let place = try #require((0..<pickle.count - 10).first { Array(pickle[$0..<$0 + 5]) == [0x4b, 3, 0x4b, 2, 0x86] })
    for value in [4, 100, 255] as [UInt8] {
      var steps = pickle
      steps[place + 1] = value
      var reader = PickleReader(Data(steps), file: "x")
      let tensors = try reader.tensors()
      #expect(tensors[0].tensor.shape == [Int(value), 2])
      let text = message { _ = try TorchFile(data, replacing: Data(steps)).array("weight") }
      #expect(text.contains("size of weight"), "\(text)")
    }
  }
}
