/// The built-in data set: short posts about hobbies, labelled by subject and side of it, such as "history of bread baking".
///
/// A label is one of 25 topics with one of 8 aspects. A document speaks of one to three labels in words that the labels do not use, so
/// that matching words is of no help: an encoder has to learn what loaves have to do with baking. Ten labels are in no training
/// document; their topics and aspects are, each with others.
public struct DemoDataset: Sendable, Equatable {
  /// The training documents.
  public let trainTexts: [String]
  /// The test documents.
  public let testTexts: [String]
  /// The texts of the labels.
  public let labelTexts: [String]
  /// For each training document the indices of its labels, ascending.
  public let trainLabels: [[Int]]
  /// For each test document the indices of its labels, ascending.
  public let testLabels: [[Int]]
  /// The labels of no training document, ascending.
  public let unseenLabels: [Int]
  /// A few texts that are in neither part, to try a trained model on.
  public static let exampleSentences = [
    "the loaf came out of the oven burnt and the crust is cracked, what went wrong",
    "a cheap secondhand telescope to see saturn for less than fifty euros",
    "she won the silver medal with an endgame that surprised the grandmaster",
    "our society gathers on friday to listen to the warbler and the owl",
    "put on a helmet before you abseil from the cliff, warns the doctor",
  ]

  private static let aspects = DemoAspect.all.count
  private static let labels = DemoTopic.all.count * aspects

  /// Makes the data set; the same seed and sizes make the same texts.
  public init(trainCount: Int = 1700, testCount: Int = 300, seed: UInt64 = 42) {
    var random = RandomSequence(seed: seed)
    labelTexts = DemoTopic.all.flatMap { topic in DemoAspect.all.map { $0.label.replacing("*", with: topic.name) } }

    // One label of every topic with an odd place but three, so that no topic and no aspect is left out of training.
    let unseen = Set(stride(from: 1, to: 20, by: 2).map { $0 * Self.aspects + random.index(below: Self.aspects) })
    unseenLabels = unseen.sorted()
    let seen = (0..<Self.labels).filter { !unseen.contains($0) }

    // Going round all labels gives each a share, whatever the draws after it.
    var train: [(String, [Int])] = []
    for i in 0..<trainCount {
      let labels = Self.labels(with: seen[i % seen.count], random: &random).filter { !unseen.contains($0) }
      train.append((Self.text(of: labels, random: &random), labels.sorted()))
    }
    train = random.shuffled(train)
    var test: [(String, [Int])] = []
    for i in 0..<testCount {
      let labels = Self.labels(with: i % 6 == 0 ? unseenLabels[i / 6 % unseenLabels.count] : random.element(of: seen), random: &random)
      test.append((Self.text(of: labels, random: &random), labels.sorted()))
    }
    test = random.shuffled(test)
    trainTexts = train.map(\.0)
    trainLabels = train.map(\.1)
    testTexts = test.map(\.0)
    testLabels = test.map(\.1)
  }

  /// The label and up to two more that a text about it could have as well.
  private static func labels(with label: Int, random: inout RandomSequence) -> [Int] {
    var result = [label]
    let wanted = random.fraction()
    while result.count < (wanted < 0.45 ? 1 : wanted < 0.85 ? 2 : 3) {
      // Mostly another side of the same topic, at times the same side of another one.
      let other =
        random.fraction() < 0.7
        ? label / aspects * aspects + random.index(below: aspects)
        : random.index(below: labels / aspects) * aspects + label % aspects
      if !result.contains(other) { result.append(other) }
    }
    return result
  }

  /// A text with a sentence for each label, two if there is one label only, and at times a sentence about nothing of the sort.
  private static func text(of labels: [Int], random: inout RandomSequence) -> String {
    var sentences: [String] = []
    for label in labels.count == 1 ? [labels[0], labels[0]] : labels {
      let topic = DemoTopic.all[label / aspects]
      let template = expand(random.element(of: DemoAspect.all[label % aspects].sentences), random: &random)
      sentences.append(fill(template, with: random.shuffled(topic.things)))
    }
    if random.fraction() < 0.5 { sentences.append(expand(random.element(of: DemoAspect.fillers), random: &random)) }
    return random.shuffled(sentences).joined(separator: ". ") + "."
  }

  /// The sentence with one alternative taken from each `{a|b|c}`.
  private static func expand(_ template: String, random: inout RandomSequence) -> String {
    template.split(separator: "{", omittingEmptySubsequences: false).map { part -> String in
      guard let close = part.firstIndex(of: "}") else { return String(part) }
      return random.element(of: part[..<close].split(separator: "|").map(String.init)) + part[part.index(after: close)...]
    }.joined()
  }

  /// The sentence with the things, one after the other, in the places of its stars.
  private static func fill(_ template: String, with things: [String]) -> String {
    let parts = template.split(separator: "*", omittingEmptySubsequences: false)
    return zip(parts.dropFirst(), things).reduce(String(parts[0])) { $0 + $1.1 + $1.0 }
  }
}
