import Foundation
@_spi(Backend) import Wengert

/// A model, its optimizer and a loss as one compiled step: loss, gradient, clipping, update and the running average of the parameters are one program, in place.
///
/// ```swift
/// let layer = Linear(weight: Tensor([[0.0, 0.0]]), bias: Tensor([0.0]))
/// let training = TrainingStep(layer, SGD()) { (layer, batch: Pair<Tensor, Tensor>, _) in
///   square(layer(batch.first) - batch.second).mean()
/// }
/// let batch = Pair(Tensor([[1.0, 0.0], [0.0, 1.0]]), Tensor([[1.0], [3.0]]))
/// let before = training(batch, learningRate: 0.1).loss.item()  // 5
/// let after = training(batch, learningRate: 0.1).loss.item()  // 2.77
/// ```
///
/// The loss is a function of tensors: model, batch, and a key of random numbers, another in each step. What a batch holds besides tensors, and its shapes, make it be compiled anew, but
/// for shapes with symbols (`CompileOptions.shapes`, where the batch is argument 1).
public final class TrainingStep<Model: TensorTree, Chosen: Optimizer, Batch: TensorTree, Outputs: TensorTree> where Model.Itself == Model {
  /// What a step finds: scalars that are not waited for until somebody reads them (`Tensor.hostCopy`).
  public struct Result {
    /// The loss before the update; the mean over the parts of a batch.
    public let loss: Tensor
    /// The root of the sum of the squares of all elements of the gradient, before it is clipped.
    public let gradientNorm: Tensor
    /// What the loss gives besides, of each part of the batch.
    public let outputs: [Outputs]
  }

  private typealias State = Pair<Pair<Model, Chosen>, Model?>
  private typealias Found = Pair<Pair<Tensor, Tensor>, Outputs>

  /// How many updates were made.
  public private(set) var steps = 0
  private var state: State
  private var key: RandomKey
  private let whole: CompiledUpdate<State, Batch, RandomKey, Tensor, Found>
  private let adding: CompiledUpdate<Model, Batch, RandomKey, Model, Pair<Tensor, Outputs>>
  private let finishing: CompiledUpdate<State, Model, Tensor, Tensor, Tensor>

  /// The model as it is now.
  public var model: Model { state.first.first }
  /// The optimizer, with what it remembers.
  public var optimizer: Chosen { state.first.second }
  /// The exponential moving average of the parameters (Polyak & Juditsky 1992), with which a model is often evaluated; nil if none was asked for.
  public var averagedModel: Model? { state.second }

  /// - Parameters:
  ///   - model: before the first step.
  ///   - optimizer: what changes the model by its gradient.
  ///   - clipping: the largest norm of a gradient (`clippedByGlobalNorm`); nil: any.
  ///   - averageDecay: d of the average a ← d a + (1 − d) θ after each step; nil: none is kept.
  ///   - key: of the loss's random numbers.
  ///   - options: how the step is compiled.
  ///   - loss: a scalar of the model, a batch and the step's key, and what else is wanted of the model's values.
  public init(
    _ model: Model, _ optimizer: Chosen, clipping: Double? = nil, averageDecay: Double? = nil, key: RandomKey = RandomKey(0),
    options: CompileOptions = CompileOptions(), loss: @escaping (Model, Batch, RandomKey) -> (Tensor, Outputs)
  ) {
    var optimizer = optimizer
    optimizer.state.prepare(for: model)
    state = Pair(Pair(model, optimizer), averageDecay == nil ? nil : model)
    self.key = key

    func gradient(_ model: Model, _ batch: Batch, _ key: RandomKey) -> (Tensor, Outputs, Model) {
      var outputs: Outputs?
      let (value, slope) = valueAndGradient(at: model) { model in
        let (value, others) = loss(model, batch, key)
        outputs = others.map { stopGradient($1) }
        return value
      }
      return (value, outputs!, slope)
    }
    /// Moves the state against a gradient, whose norm it gives.
    func update(_ state: inout State, _ gradient: Model, _ rate: Tensor) -> Tensor {
      let (slope, norm) = clipping.map { clippedByGlobalNorm(gradient, $0) } ?? (gradient, globalNorm(gradient))
      state.first.second.update(&state.first.first, slope, learningRate: rate)
      if let averageDecay, let average = state.second {
        var parameters = state.first.first.tensors.makeIterator()
        state.second = average.map { _, old in
          let new = parameters.next()!
          return new.dtype.isFloating ? old + (new - old) * (1 - averageDecay) : new
        }
      }
      return norm
    }
    whole = compileUpdate(
      { (state: inout State, batch: Batch, key: RandomKey, rate: Tensor) -> Found in
        let (value, outputs, slope) = gradient(state.first.first, batch, key)
        return Pair(Pair(value, update(&state, slope, rate)), outputs)
      }, options)
    adding = compileUpdate(
      { (sum: inout Model, batch: Batch, key: RandomKey, model: Model) -> Pair<Tensor, Outputs> in
        let (value, outputs, slope) = gradient(model, batch, key)
        var slopes = slope.tensors.makeIterator()
        sum = sum.map { _, sum in sum + slopes.next()! }
        return Pair(value, outputs)
      }, options)
    finishing = compileUpdate { (state: inout State, sum: Model, scale: Tensor, rate: Tensor) -> Tensor in
      update(&state, sum.map { $1.dtype.isFloating ? ($1 * scale).cast(to: $1.dtype) : $1 }, rate)
    }
  }

  /// One step on a batch.
  @discardableResult public func callAsFunction(_ batch: Batch, learningRate: Double) -> Result {
    let found = whole(&state, batch, key.fold(steps), rate(learningRate))
    steps += 1
    return Result(loss: found.first.first, gradientNorm: found.first.second, outputs: [found.second])
  }

  /// One step on the mean of the losses of several batches, whose gradients are added up one after another, in the memory that one takes.
  ///
  /// - Precondition: There is a batch.
  @discardableResult public func callAsFunction(
    accumulating batches: [Batch], learningRate: Double, file: StaticString = #fileID, line: UInt = #line
  ) -> Result {
    Caller(file, line).require(!batches.isEmpty, "TrainingStep", "there is no batch to accumulate the gradient of")
    var sum = model.map { .zeros($1.shape, dtype: $1.dtype, device: $1.device) }, losses: [Tensor] = [], outputs: [Outputs] = []
    for (number, batch) in batches.enumerated() {
      let found = adding(&sum, batch, key.fold(steps).fold(number), model)
      losses.append(found.first)
      outputs.append(found.second)
    }
    let share = Tensor.full(1 / Double(batches.count), [], dtype: .float32, device: device)
    let norm = finishing(&state, sum, share, rate(learningRate))
    steps += 1
    return Result(loss: stack(losses).mean(), gradientNorm: norm, outputs: outputs)
  }

  private var device: Device { model.tensors.first?.device ?? .current }
  private func rate(_ value: Double) -> Tensor { .full(value, [], dtype: .float64, device: device) }

  // MARK: Files

  /// All that the next step depends on: model, optimizer, average, the key of random numbers and the number of steps.
  public var trainingState: TrainingState<Model, Chosen> { TrainingState(model, optimizer, average: averagedModel, key: key, steps: steps) }

  /// Writes the state (`TrainingState.save`) to a safetensors file, aside and then renamed into place.
  ///
  /// - Throws: `FileError` if the file cannot be written.
  public func save(to url: URL) throws { try trainingState.save(to: url) }

  /// Goes on from a file that `save` has written, bit for bit as if there had been no pause.
  ///
  /// - Throws: `FileError` if the file cannot be read or is of another model or optimizer; nothing is changed then.
  public func load(from url: URL) throws {
    var loaded = trainingState
    try loaded.load(from: url)
    state = State(Pair(loaded.model, loaded.optimizer), loaded.average)
    (key, steps) = (loaded.key, loaded.steps)
  }
}

extension TrainingStep where Outputs == [Tensor] {
  /// The same for a loss that gives nothing besides, a `TrainingStep<Model, Chosen, Batch, [Tensor]>`.
  public convenience init(
    _ model: Model, _ optimizer: Chosen, clipping: Double? = nil, averageDecay: Double? = nil, key: RandomKey = RandomKey(0),
    options: CompileOptions = CompileOptions(), loss: @escaping (Model, Batch, RandomKey) -> Tensor
  ) {
    self.init(model, optimizer, clipping: clipping, averageDecay: averageDecay, key: key, options: options) { (loss($0, $1, $2), []) }
  }
}
