import Foundation

/// All that a training goes on from: the model, its optimizer, the running average of its parameters, the key of random numbers and how many steps were made. It is saved and loaded in one
/// call, bit for bit, whatever the types of model and optimizer are.
///
/// ```swift
/// var state = TrainingState(Linear(2, 1, key: RandomKey(1)), AdamW(), key: RandomKey(2))
/// let x = state.key.fold(state.steps).normal([4, 2])
/// let slope = gradient(at: state.model) { square($0(x)).mean() }
/// state.optimizer.update(&state.model, slope, learningRate: 0.1)
/// state.steps += 1
/// try state.save(to: file)
/// var other = TrainingState(Linear(2, 1, key: RandomKey(3)), AdamW(), key: RandomKey(4))
/// try other.load(from: file)  // now equal to state
/// ```
///
/// What else a training depends on (rates, data) follows from the number of steps: `DataLoader.epoch(_:from:)`, `Schedule.factor(_:)`.
public struct TrainingState<Model: TensorTree, Chosen: Optimizer>: TensorTree {
  /// The model, as the last step left it.
  public var model: Model
  /// The optimizer, with what it remembers.
  public var optimizer: Chosen
  /// The running average of the parameters; nil if none is kept.
  public var average: Model?
  /// The key of random numbers.
  public var key: RandomKey
  /// How many steps were made.
  public var steps: Int

  /// A state; the optimizer's buffers are made for the model, if they are not there yet.
  ///
  /// - Precondition: The model has a floating parameter.
  public init(
    _ model: Model, _ optimizer: Chosen, average: Model? = nil, key: RandomKey = RandomKey(0), steps: Int = 0, file: StaticString = #fileID,
    line: UInt = #line
  ) {
    self.model = model
    self.optimizer = optimizer
    self.average = average
    self.key = key
    self.steps = steps
    self.optimizer.state.prepare(for: model, file: file, line: line)
  }

  public mutating func visit(_ prefix: String, _ body: (String, inout Tensor) -> Void) {
    model.visit(Self.name("model", below: prefix), body)
    optimizer.visit(Self.name("optimizer", below: prefix), body)
    average.visit(Self.name("average", below: prefix), body)
    key.visit(Self.name("key", below: prefix), body)
  }

  public func read(into contents: inout TreeContents) {
    contents.add(model)
    contents.add(optimizer)
    average.read(into: &contents)
    contents.add(key)
    contents.add(setting: steps)
  }

  private static var stepsKey: String { "steps" }

  /// Writes the state to a safetensors file, as `saveState` does.
  ///
  /// - Parameters:
  ///   - url: the file, which is replaced if it is there.
  ///   - metadata: free texts beside, the epoch for one.
  /// - Throws: `FileError` if the file cannot be written.
  public func save(to url: URL, metadata: [String: String] = [:]) throws {
    try saveState(to: url, metadata: metadata.merging([Self.stepsKey: "\(steps)"]) { $1 })
  }

  /// Takes the state of a file that `save` has written; gives the texts beside.
  ///
  /// - Throws: `FileError` if the file cannot be read or is damaged, or is of another model or optimizer; see `loadState`. Nothing is changed then.
  @discardableResult public mutating func load(from url: URL) throws -> [String: String] {
    var new = self, texts = try new.loadState(from: url)
    guard let steps = texts.removeValue(forKey: Self.stepsKey).flatMap(Int.init), steps >= 0 else {
      throw FileError(
        file: url.path, field: Self.stepsKey, value: "missing", advice: "it is not a file of TrainingState.save or TrainingStep.save")
    }
    new.steps = steps
    self = new
    return texts
  }
}

extension TrainingState: Sendable where Model: Sendable {}
