/// Parameters with settings of their own. The first group that matches a parameter applies; if none does, the optimizer's settings do.
public struct ParameterGroup: Sendable {
  /// Whether a parameter of this dotted name belongs to the group.
  public var matches: @Sendable (_ name: String, _ parameter: Tensor) -> Bool
  /// The weight decay of the group; nil keeps the optimizer's.
  public var weightDecay: Double?
  /// A factor of the learning rate.
  public var learningRateScale: Double

  /// A group of the parameters for which `matches` is true.
  public init(
    matching matches: @escaping @Sendable (_ name: String, _ parameter: Tensor) -> Bool, weightDecay: Double? = nil,
    learningRateScale: Double = 1
  ) {
    self.matches = matches
    self.weightDecay = weightDecay
    self.learningRateScale = learningRateScale
  }

  /// A group of the parameters whose dotted names fit a pattern: `encoder.blocks.*.norm.**`, where `*` stands for any characters of one part and `**` for any parts.
  public init(_ pattern: String, weightDecay: Double? = nil, learningRateScale: Double = 1) {
    let pattern = NamePattern(pattern)
    self.init(matching: { name, _ in pattern.matches(name) }, weightDecay: weightDecay, learningRateScale: learningRateScale)
  }

  /// No weight decay on biases (names that end in `bias`) and on the parameters of normalizations (`norm` in the name of a part, in any case).
  public static let noDecayOnBiasesAndNorms = ParameterGroup(
    matching: { name, _ in
      name.hasSuffix("bias") || name.split(separator: ".").dropLast().contains { $0.lowercased().contains("norm") }
    },
    weightDecay: 0)
}

extension TreeContents {
  /// Adds settings of groups; the functions that choose their parameters cannot be compared.
  mutating func add(groups: [ParameterGroup]) {
    add(setting: groups.count)
    for group in groups {
      add(setting: group.weightDecay)
      add(setting: group.learningRateScale)
    }
  }
}
