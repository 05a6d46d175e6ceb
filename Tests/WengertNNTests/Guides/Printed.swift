/// Takes down what the code of a guide prints, in the place of Swift's `print`.
final class Printed {
  private(set) var text = ""

  func callAsFunction(_ items: Any...) { text += items.map { "\($0)" }.joined(separator: " ") + "\n" }
}
