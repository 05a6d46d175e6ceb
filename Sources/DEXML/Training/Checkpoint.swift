import Foundation
import WengertNN

/// A training run between two steps, as a file to go on from: a safetensors file with model and optimizer, whose metadata say how far the run is and
/// which run it is, under a checksum of the whole.
///
/// Learning rate and random numbers are not kept: both are functions of the settings, the epoch and the step. What a later kind of run must remember
/// besides becomes another tree of tensors under a prefix of its own.
package struct Checkpoint {
  /// How far a run is.
  package struct Position: Equatable, Sendable {
    /// The epoch to go on with, from 1, and how many of its steps are done.
    package var epoch = 1
    package var stepInEpoch = 0
    /// How many steps are done altogether.
    package var step = 0
    /// The sum of the losses of this epoch's steps.
    package var lossSum = 0.0
    /// The best value of the tracked metric so far.
    package var best: Double?
    /// How many lines the metrics table has.
    package var metricsLines = 0
    /// The checksum of the mined negatives, if there are any.
    package var negatives: String?
    /// What the loss is scaled by, where the encoder computes in float16.
    package var lossScale: LossScale?

    package init() {}

    mutating func startEpoch(_ epoch: Int) {
      self.epoch = epoch
      stepInEpoch = 0
      lossSum = 0
    }
  }

  /// What must be the same for a run to go on from a checkpoint, by name, in the order in which differences are told.
  package typealias Identity = [(name: String, value: String)]

  package let position: Position
  private let file: SafeTensors

  private static let format = "dexml checkpoint 1"
  private static let none = "none"

  /// Writes a checkpoint, aside and then renamed into place.
  package static func write(
    _ position: Position, _ identity: Identity, model: some TensorTree, optimizer: some TensorTree, to url: URL
  ) throws {
    var metadata = ["format": format]
    for (name, value) in identity { metadata["run: \(name)"] = value }
    metadata["epoch"] = "\(position.epoch)"
    metadata["step_in_epoch"] = "\(position.stepInEpoch)"
    metadata["step"] = "\(position.step)"
    metadata["metrics_lines"] = "\(position.metricsLines)"
    metadata["loss_sum"] = bits(position.lossSum)
    metadata["best_metric"] = position.best.map(bits) ?? none
    metadata["negatives"] = position.negatives
    if let scale = position.lossScale {
      metadata["loss_scale"] = bits(scale.value)
      metadata["loss_scale_steps"] = "\(scale.steps)"
    }
    let tensors =
      model.namedTensors.map { (dotted("model", $0.name), $0.tensor.hostArray) }
      + optimizer.namedTensors.map { (dotted("optimizer", $0.name), $0.tensor.hostArray) }
    try SafeTensors.write(tensors, metadata: metadata, isChecksummed: true, to: url)
  }

  /// Opens a checkpoint; an error if the file is damaged or something else.
  package init(contentsOf url: URL) throws {
    file = try SafeTensors(verifying: url)
    let metadata = file.metadata
    func wrong(_ field: String, _ advice: String) -> FileError {
      FileError(file: url.path, field: field, value: metadata[field]?.debugDescription ?? "missing", advice: advice)
    }
    guard metadata["format"] == Self.format else {
      throw wrong("format", "\(Self.format.debugDescription) is expected: name a checkpoint that this version of dexml has written")
    }
    func count(_ field: String, atLeast least: Int) throws -> Int {
      guard let value = metadata[field].flatMap({ Int($0) }), value >= least else {
        throw wrong(field, "a whole number of at least \(least) is expected")
      }
      return value
    }
    func number(_ field: String) throws -> Double {
      guard let bits = metadata[field].flatMap({ UInt64($0, radix: 16) }) else { throw wrong(field, "the bits of a number are expected") }
      return Double(bitPattern: bits)
    }
    var position = Position()
    position.epoch = try count("epoch", atLeast: 1)
    position.stepInEpoch = try count("step_in_epoch", atLeast: 0)
    position.step = try count("step", atLeast: position.stepInEpoch)
    position.metricsLines = try count("metrics_lines", atLeast: 0)
    position.lossSum = try number("loss_sum")
    position.best = metadata["best_metric"] == Self.none ? nil : try number("best_metric")
    position.negatives = metadata["negatives"]
    if metadata["loss_scale"] != nil {
      let scale = try number("loss_scale")
      guard scale > 0 && scale.isFinite else { throw wrong("loss_scale", "the bits of a positive number are expected") }
      position.lossScale = LossScale(scale, steps: try count("loss_scale_steps", atLeast: 0))
    }
    self.position = position
  }

  /// Throws, naming the first difference, if the checkpoint is another run's.
  package func check(_ identity: Identity) throws {
    for (name, expected) in identity {
      let found = file.metadata["run: \(name)"]
      guard found == expected else {
        throw FileError(
          file: file.file, field: name, value: found.map { "'\($0)' in the checkpoint, '\(expected)' in this run" } ?? "missing",
          advice:
            "a run goes on only as what it was: set it back, name another checkpoint, or start afresh without --resume and resume_path")
      }
    }
  }

  /// The tree with the checkpoint's tensors instead of its own; an error, naming the first tensor that differs in name, type or shape.
  package func restored<Tree: TensorTree>(_ tree: Tree, _ prefix: String) throws -> Tree {
    var arrays: [String: HostArray] = [:]
    let advice = "the checkpoint is of another \(prefix): name the checkpoint of this one, or start afresh"
    for (name, tensor) in tree.namedTensors {
      let name = dotted(prefix, name)
      guard let array = file[name] else { throw FileError(file: file.file, field: name, value: "missing", advice: advice) }
      guard array.dtype == tensor.dtype, array.shape == Array(tensor.shape) else {
        throw FileError(
          file: file.file, field: name, value: "\(array.dtype) \(array.shape), expected \(tensor.dtype) \(Array(tensor.shape))",
          advice: advice)
      }
      arrays[name] = array
    }
    if let name = file.names.first(where: { $0.hasPrefix(prefix + ".") && arrays[$0] == nil }) {
      throw FileError(file: file.file, field: name, value: "unexpected", advice: advice)
    }
    return tree.map { name, tensor in
      arrays[dotted(prefix, name)].map { Tensor($0, device: tensor.device) } ?? tensor
    }
  }

  private static func bits(_ value: Double) -> String { String(value.bitPattern, radix: 16) }
}
