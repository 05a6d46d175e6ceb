import WengertGraph

@Graph(
  """
  x: [B, D],
  w: [D, H],
  b: [K]
  -> [B, H]
  """)
func lines(_ x: Tensor, _ w: Tensor, _ b: Tensor) -> Tensor { x.matmul(w) + b }

@Graph("x: [99999999999999999999] -> [1]") func big(_ x: Tensor) -> Tensor { x }
@Graph("x: [1000000000*1000000000*1000000000] -> [1]") func bigger(_ x: Tensor) -> Tensor { x }
@Graph("x: [B-5] -> [B]") func minus(_ x: Tensor) -> Tensor { x }
@Graph("x: [a,b,c,d,e,f,g,h,i] -> [a]") func many(_ x: Tensor) -> Tensor { x }
@Graph("") func empty(_ x: Tensor) -> Tensor { x }
@Graph("-> [3]") func nothing() -> Tensor { .zeros([3]) }
@Graph("x: [B] -> [B]") func generic<T>(_ x: Tensor, _ t: T) -> Tensor { x }
@Graph("x: [B] -> [B]") func throwing(_ x: Tensor) throws -> Tensor { x }
@Graph("x: [B] -> [B]") func changing(_ x: inout Tensor) -> Tensor { x }
@Graph("x: [B] -> [B]") func loop(_ x: Tensor) -> Tensor { loop(x) }
@Graph("x: [B] -> [B]") func none(_ x: Tensor) -> Tensor {}
@Graph("x: [B] -> [B]") func index(_ x: Tensor) -> Tensor {
  let s = x.shape[9]; let l = [1, 2][5]; return x * Double(s) * Double(l) * Double(x.shape.elements.number!)
}
@Graph("x: [B] -> [B]") func long(_ x: Tensor) -> Tensor { var y = x; for i in 0..<20_000 { y = y + Double(i) }; return y }
@Graph("x: [B] -> [B]") func wide(_ x: Tensor) -> Tensor { x.reshape([1, 1, 1, 1, 1, 1, 1, 1, 1]) }
@Graph("x: [B] -> [B]") func over(_ x: Tensor) -> Tensor { let n = 9223372036854775807 + 1; return x * Double(n) }
@Graph("x: [B, 4] -> [B, 4]") func heads(_ x: Tensor) -> Tensor { x.split(into: 3, axis: 1)[0] }
@Graph("x: [B, D] -> [B, D]") func halves(_ x: Tensor) -> Tensor { concatenate(x.split(into: 2, axis: 1).reversed(), axis: 1) }
@Graph("x: [B] -> [B]") class Thing {}
@Graph enum Other { @Graph("x: [B] -> [B]") static func f(_ x: Tensor) -> Tensor { x * 2 } }
@Graph struct Recursive {
  static let a = b, b = a; @Axes("a") var w: Tensor
  @Graph("x: [a] -> [a]") func f(_ x: Tensor) -> Tensor { f(x) * Double(Self.a) }
}
extension Other { @Graph("x: [B] -> [B]") static func g(_ x: Tensor) -> Tensor { exp(x) } }
func local() { @Graph("x: [B] -> [B]") func inner(_ x: Tensor) -> Tensor { x } }
@Graph("x: [B, B] -> [B, B]") func square2(_ x: Tensor) -> Tensor {
  let f = (x + 1, x - 1); let (a, b) = f; return select(a .> b, a.cholesky(), b)
}
@Graph("x: [B], n: int64 [] -> [B]") func taken(_ x: Tensor, _ n: Tensor) -> Tensor { if n > 3 { return x }; return x * n }
@Graph struct Generic<T> { @Graph("x: [B] -> [B]") func f(_ x: Tensor) -> Tensor { x } }
