import WengertGraph

@Graph
struct Settings {
  var rate = 0.5
  static let half: Double = 1 / 2
  @Axes("W") var weight: Tensor

  @Graph("x: [B, W] -> [B, W]", wrt: [])
  func scaled(_ x: Tensor) -> Tensor { x * rate * Self.half }
}

@Graph("x: [B] -> [B]")
func literals(_ x: Tensor) -> Tensor { 1 / 2 * x + x * (3 / 2) + x * (4 / 2) + x * 1 / 2 }

@Graph
struct Steps {
  static let count = 7
  @Axes("count / 2, count") var weight: Tensor
}
