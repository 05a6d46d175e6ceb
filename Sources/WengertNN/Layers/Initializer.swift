/// How a matrix of weights and its bias begin.
///
/// With the inputs n and the outputs m of a weight (`fan_in` and `fan_out`; a kernel's elements count for both) as PyTorch counts them. Biases are zero but for `uniformByInputs`.
///
/// ```swift
/// let layer = Linear(4, 3, key: RandomKey(1), initializer: try Initializer(named: "xavierUniform"))  // weights in ±√(6/7), biases 0
/// ```
public enum Initializer: Sendable {
  /// Whose number of values the spread of weights follows.
  public enum Fan: Sendable {
    /// The values that an output reads.
    case inputs
    /// The values that an input is read by.
    case outputs
  }

  /// Weights and biases uniform in ±1/√(inputs), as a new linear layer of PyTorch has them (He et al. 2015 with slope √5).
  case uniformByInputs
  /// Weights normal with mean 0 and this standard deviation, biases zero: BERT's choice with 0.02 (Devlin et al. 2019).
  case normal(standardDeviation: Double)
  /// Weights uniform in low..<high.
  case uniform(low: Double, high: Double)
  /// Weights normal with mean 0 and this standard deviation, drawn again beyond two of them: `torch.nn.init.trunc_normal_` with ∓2 deviations as bounds.
  case truncatedNormal(standardDeviation: Double)
  /// Weights uniform in ±gain · √(6/(n + m)) (Glorot & Bengio 2010).
  case xavierUniform(gain: Double = 1)
  /// Weights normal with the standard deviation gain · √(2/(n + m)) (Glorot & Bengio 2010).
  case xavierNormal(gain: Double = 1)
  /// Weights uniform in ±gain · √(3/n), or √(3/m); the gain √2 is that of ReLU (He et al. 2015).
  case kaimingUniform(gain: Double = 1.414_213_562_373_095_1, fan: Fan = .inputs)
  /// Weights normal with the standard deviation gain/√n, or gain/√m; the gain √2 is that of ReLU (He et al. 2015).
  case kaimingNormal(gain: Double = 1.414_213_562_373_095_1, fan: Fan = .inputs)
  /// Weights uniform in ±√(3/n) (LeCun et al. 1998).
  case lecunUniform
  /// Weights of the standard deviation 1/√n, normal up to twice that of the untruncated distribution, as `jax.nn.initializers.lecun_normal` and Keras have them (LeCun et al. 1998).
  case lecunNormal
  /// Weights [m, …] whose rows are orthogonal and as long as `gain`, or its columns where there are more rows than columns: one random matrix of all such (Saxe et al. 2013), as
  /// `torch.nn.init.orthogonal_` has them.
  case orthogonal(gain: Double = 1)
  /// All weights this number.
  case constant(Double)

  /// All weights zero.
  public static let zeros = Initializer.constant(0)
  /// All weights one.
  public static let ones = Initializer.constant(1)

  private static let byName: KeyValuePairs<String, Initializer> = [
    "uniformByInputs": .uniformByInputs, "normal": .normal(standardDeviation: 0.02),
    "truncatedNormal": .truncatedNormal(standardDeviation: 0.02),
    "xavierUniform": .xavierUniform(), "glorotUniform": .xavierUniform(), "xavierNormal": .xavierNormal(), "glorotNormal": .xavierNormal(),
    "kaimingUniform": .kaimingUniform(), "heUniform": .kaimingUniform(), "kaimingNormal": .kaimingNormal(), "heNormal": .kaimingNormal(),
    "lecunUniform": .lecunUniform, "lecunNormal": .lecunNormal, "orthogonal": .orthogonal(), "zeros": .zeros, "ones": .ones,
  ]

  /// The names that `init(named:)` knows.
  public static let names = byName.map(\.key)

  /// The initializer of a name, as a configuration has it, with its default settings (0.02 as standard deviation): one of `names`, also written as `kaiming_uniform`.
  ///
  /// - Throws: `FileError`, which lists the names, if it is none of them.
  public init(named name: String) throws {
    func plain(_ name: String) -> String { name.lowercased().filter { $0 != "_" && $0 != "-" } }
    guard let known = Self.byName.first(where: { plain($0.key) == plain(name) }) else {
      throw FileError(field: "initializer", value: name.debugDescription, advice: "choose one of \(Self.names.joined(separator: ", "))")
    }
    self = known.value
  }

  /// Weights of `shape`, [outputs, …], each output of which reads `inputs` values.
  public func weight(_ shape: Shape, inputs: Int, key: RandomKey, dtype: DType = .float32) -> Tensor {
    func filled(_ value: Double) -> Tensor { .full(value, shape, dtype: dtype, beside: key.data).materialized }
    // A kernel's elements, by which each of the axis 1 is read.
    let outputs = shape.rank < 2 ? shape.elementCount : shape[0] * shape.dropFirst(2).elementCount
    if shape.elementCount == 0 || inputs == 0 || outputs == 0 { return filled(0) }
    func root(_ a: Double, over b: Int) -> Double { (a / Double(b)).squareRoot() }
    func uniform(_ bound: Double) -> Tensor { bound > 0 ? key.uniform(shape, low: -bound, high: bound, dtype: dtype) : filled(0) }
    func normal(_ deviation: Double) -> Tensor { key.normal(shape, standardDeviation: deviation, dtype: dtype) }
    func count(_ fan: Fan) -> Int { fan == .inputs ? inputs : outputs }
    switch self {
    case .uniformByInputs: return Self.uniform(shape, inputs, key, dtype)
    case .normal(let deviation): return normal(deviation)
    case .uniform(let low, let high): return key.uniform(shape, low: low, high: high, dtype: dtype)
    case .truncatedNormal(let deviation): return Self.truncated(shape, deviation, key, dtype)
    case .xavierUniform(let gain): return uniform(gain * root(6, over: inputs + outputs))
    case .xavierNormal(let gain): return normal(gain * root(2, over: inputs + outputs))
    case .kaimingUniform(let gain, let fan): return uniform(gain * root(3, over: count(fan)))
    case .kaimingNormal(let gain, let fan): return normal(gain * root(1, over: count(fan)))
    case .lecunUniform: return uniform(root(3, over: inputs))
    // The standard deviation of a standard normal distribution between −2 and 2.
    case .lecunNormal: return Self.truncated(shape, root(1, over: inputs) / 0.879_625_661_034_239_78, key, dtype)
    case .orthogonal(let gain): return Self.orthogonal(shape, gain, key, dtype)
    case .constant(let value): return filled(value)
    }
  }

  /// The bias of `outputs` values that belongs to such weights.
  public func bias(_ outputs: Int, inputs: Int, key: RandomKey, dtype: DType = .float32) -> Tensor {
    if case .uniformByInputs = self { return Self.uniform([outputs], inputs, key, dtype) }
    return .full(0, [outputs], dtype: dtype, beside: key.data).materialized
  }

  private static func uniform(_ shape: Shape, _ inputs: Int, _ key: RandomKey, _ dtype: DType) -> Tensor {
    if inputs == 0 { return .full(0, shape, dtype: dtype, beside: key.data).materialized }
    let bound = 1 / Double(inputs).squareRoot()
    return key.uniform(shape, low: -bound, high: bound, dtype: dtype)
  }

  /// Normal between ∓2 deviations: the inverse of the distribution at uniform numbers.
  private static func truncated(_ shape: Shape, _ deviation: Double, _ key: RandomKey, _ dtype: DType) -> Tensor {
    // erf(√2): twice the share of a normal distribution between its mean and two deviations.
    let share = 0.954_499_736_103_641_58, uniform = key.uniform(shape, low: -share, high: share, dtype: .float64)
    let factor: Double = deviation * 2.0.squareRoot(), normal: Tensor = erfinv(uniform) * factor
    return normal.cast(to: dtype).materialized
  }

  /// The orthogonal factor of a normal matrix; the signs of the other factor's diagonal make it one of all with the same probability (Mezzadri 2007).
  private static func orthogonal(_ shape: Shape, _ gain: Double, _ key: RandomKey, _ dtype: DType) -> Tensor {
    let rows = shape[0], columns = shape.dropFirst().elementCount, isWide = rows < columns
    let (q, r) = key.normal(isWide ? [columns, rows] : [rows, columns], dtype: dtype == .float64 ? dtype : .float32).qr()
    let factor = q * (sign(r.diagonal()) * gain)
    return (isWide ? factor.transpose() : factor).reshape(shape).cast(to: dtype).materialized
  }
}
