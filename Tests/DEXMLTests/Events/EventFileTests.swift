import DEXML
import Foundation
import Testing
import WengertTestSupport

/// What `Tests/Fixtures/events.py` wrote.
private struct Golden: Decodable {
  struct Checksum: Decodable { var bytes: String, value: UInt32, masked: UInt32 }
  struct Scalar: Decodable { var tag: String, value: Float }
  struct Record: Decodable {
    var time: Double, step: Int, version: String?, scalars: [Scalar], record: String

    var event: Event {
      Event(time: time, step: step, fileVersion: version, scalars: scalars.map { .init($0.tag, $0.value) })
    }
  }
  var checksums: [Checksum], events: [Record]

  static func read() throws -> Golden {
    try JSONDecoder().decode(Golden.self, from: Data(contentsOf: Fixtures.url("events.json")))
  }
}

private func bytes(hex: String) -> Data {
  let digits = Array(hex.utf8).map { UInt8($0 < 0x3A ? $0 - 0x30 : $0 - 0x61 + 10) }
  return Data(stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] })
}

@Suite("Event files")
struct EventFileTests {
  private static let samples = (0..<6).map { step in
    Event(
      time: 1e9 + Double(step), step: step, fileVersion: step == 0 ? "brain.Event:2" : nil,
      scalars: (0..<step).map { .init("train/\($0)", Float($0) / 3) })
  }

  @Test("checksums are those of RFC 3720")
  func checksums() throws {
    for golden in try Golden.read().checksums {
      #expect(CRC32C.checksum(bytes(hex: golden.bytes)) == golden.value)
      #expect(CRC32C.masked(bytes(hex: golden.bytes)) == golden.masked)
    }
  }

  @Test("records are the bytes that an independent writer makes, and read back as the same events")
  func records() throws {
    let golden = try Golden.read().events
    for record in golden {
      #expect(EventFile.record(record.event.encoded) == bytes(hex: record.record))
    }
    let contents = EventFile.contents(golden.reduce(Data()) { $0 + bytes(hex: $1.record) })
    #expect(contents.events == golden.map(\.event) && contents.damage == nil)
  }

  @Test("a file is named as TensorBoard looks for it, and holds what was appended to it after every step")
  func file() throws {
    let folder = try TemporaryFolder()
    let file = try EventFile(in: folder.url, time: 1_700_000_000.5)
    let process = ProcessInfo.processInfo.processIdentifier
    let name = file.url.lastPathComponent
    #expect(name.hasPrefix("events.out.tfevents.1700000000.") && name.hasSuffix(".\(process)"))
    for (done, event) in Self.samples.dropFirst().enumerated() {
      try file.append(event)
      let contents = try EventFile.read(file.url)
      #expect(contents.damage == nil)
      #expect(contents.events == [Event(time: 1_700_000_000.5, step: 0, fileVersion: "brain.Event:2")] + Self.samples[1...(done + 1)])
    }
    try folder.write("events.out.tfevents.99.host.1", "")
    try folder.write("tst_metrics.tsv", "")
    #expect(try EventFile.files(in: folder.url).map(\.lastPathComponent) == ["events.out.tfevents.99.host.1", name])
    #expect(throws: (any Error).self) { try EventFile.read(folder.url.appendingPathComponent("none")) }
    #expect(throws: (any Error).self) { try EventFile(in: folder.url.appendingPathComponent("none")) }
  }

  @Test("a file cut short anywhere gives the events before the cut")
  func truncated() {
    let records = Self.samples.map { EventFile.record($0.encoded) }
    let whole = records.reduce(Data(), +)
    var ends = [0]
    for record in records { ends.append(ends.last! + record.count) }
    for length in 0...whole.count {
      let contents = EventFile.contents(whole.prefix(length))
      let complete = ends.lastIndex { $0 <= length }!
      #expect(contents.events == Array(Self.samples[..<complete]))
      #expect((contents.damage == nil) == (ends[complete] == length))
    }
  }

  @Test("a damaged file never gives an event that was not written")
  func damaged() {
    let whole = Self.samples.reduce(Data()) { $0 + EventFile.record($1.encoded) }
    var random = SplitMix64(seed: 7)
    for _ in 0..<3000 {
      var bytes = whole
      for _ in 0...random.below(4) { bytes[random.below(bytes.count)] ^= UInt8(1 + random.below(255)) }
      if bytes == whole { continue }
      let contents = EventFile.contents(bytes)
      #expect(contents.events.count < Self.samples.count && contents.damage != nil)
      #expect(contents.events.allSatisfy(Self.samples.contains))
    }
    // One bad message costs only itself.
    var bytes = whole
    bytes[14] ^= 1
    #expect(EventFile.contents(bytes).events == Array(Self.samples.dropFirst()))
    #expect(EventFile.contents(bytes).damage == "the record at byte 0 is damaged and left out")
  }

  @Test("any bytes as a message, any bytes as a file: read without harm")
  func noise() {
    var random = SplitMix64(seed: 8)
    let sample = Self.samples[4].encoded
    for _ in 0..<5000 {
      let noise = Data((0..<random.below(60)).map { _ in UInt8(random.below(256)) })
      _ = EventFile.contents(noise)
      _ = Event(encoded: noise)
      var message = sample
      message[random.below(message.count)] = UInt8(random.below(256))
      // A message that reads, reads back as itself.
      if let event = Event(encoded: message), event.scalars.allSatisfy({ !$0.value.isNaN }), !event.time.isNaN {
        #expect(Event(encoded: event.encoded) == event)
      }
    }
    // Lengths beyond all memory, with good checksums.
    for length in [UInt64.max, UInt64(Int.max), 1 << 40] {
      var bytes = Data((0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * UInt64($0))) })
      let sum = CRC32C.masked(bytes)
      bytes.append(contentsOf: (0..<4).map { UInt8(truncatingIfNeeded: sum >> (8 * UInt32($0))) })
      #expect(EventFile.contents(bytes).events.isEmpty)
      #expect(Event(encoded: Data([0x2A, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01])) == nil)
    }
  }

  @Test("fields of other writers are passed over")
  func otherFields() {
    // source_metadata (10), and in the value a plugin's metadata (9) before the tag.
    let value: [UInt8] = [0x4A, 2, 0x0A, 0, 0x0A, 1, 0x61, 0x15, 0, 0, 0x80, 0x3F]
    let message = Data([0x10, 3, 0x52, 1, 0x20, 0x2A, UInt8(value.count + 2), 0x0A, UInt8(value.count)] + value)
    #expect(Event(encoded: message) == Event(time: 0, step: 3, scalars: [.init("a", 1)]))
  }

  @Test("a run leaves an event for each step and each evaluation")
  func run() throws {
    var task = try TinyTask()
    task.configuration.numEpochs = 2
    task.configuration.evalInterval = 1
    try Trainer.run(task.configuration)
    let files = try EventFile.files(in: task.results)
    #expect(files.count == 1)
    let contents = try EventFile.read(files[0])
    #expect(contents.damage == nil)
    #expect(contents.events.first?.fileVersion == "brain.Event:2")
    let steps = contents.events.filter { $0.scalars.first?.tag == "train/loss" }
    #expect(steps.map(\.step) == Array(1...10))
    for event in steps {
      #expect(event.scalars.map(\.tag) == ["train/loss", "train/learning_rate", "train/gradient_norm", "train/documents_per_second"])
      #expect(event.scalars.allSatisfy { $0.value.isFinite && $0.value >= 0 })
      #expect(event.scalars[2].value > 0 && event.scalars[3].value > 0)
    }
    #expect(steps[0].scalars[1].value == 0 && steps[1].scalars[1].value == Float(task.configuration.lr))
    let evaluations = contents.events.filter { $0.scalars.first?.tag == "tst/P@1" }
    #expect(evaluations.map(\.step) == [5, 10])
    #expect(try Double(evaluations[1].scalars[0].value) == task.metrics("tst")["P@1"])
  }

  @Test("the gradient norm of a run is the length of a step of SGD at rate one")
  func gradientNorm() throws {
    var task = try TinyTask()
    task.configuration.optim = .sgd
    task.configuration.weightDecay = 0
    task.configuration.warmup = 0
    task.configuration.lr = 1
    task.configuration.numEpochs = 1
    task.configuration.bsz = 40
    try Trainer.run(task.configuration)
    func parameters(_ folder: URL) throws -> [[Double]] {
      try ModelFolder(folder).model().encoder.tensors.map { $0.array(of: Double.self) }
    }
    let before = try parameters(URL(fileURLWithPath: task.configuration.tf))
    let after = try parameters(task.results.appendingPathComponent("model"))
    let length = zip(before.joined(), after.joined()).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot()
    let events = try EventFile.read(EventFile.files(in: task.results)[0]).events
    let norm = try #require(events.flatMap(\.scalars).first { $0.tag == "train/gradient_norm" }).value
    #expect(length > 0.01 && abs(Double(norm) - length) < 1e-4 * length, "\(norm) and \(length)")
  }
}
