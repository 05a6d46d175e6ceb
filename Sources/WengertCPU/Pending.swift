import WengertCore

// Replaced one by one by CPUBackend+….swift.
extension CPUBackend {
  public func matmul(_ a: View, _ b: View, into out: View) { fatalError() }
  public func gather(_ source: View, indices: View, into out: View) -> Int? { fatalError() }
  public func scatterAdd(_ updates: View, indices: View, into out: View) -> Int? { fatalError() }
  public func takeAlong(_ source: View, indices: View, into out: View) -> Int? { fatalError() }
  public func scatterAddAlong(_ updates: View, indices: View, into out: View) -> Int? { fatalError() }
  public func argSort(_ x: View, descending: Bool, into out: View) { fatalError() }
  public func argReduce(_ x: View, _ op: ReduceOp, into out: View) { fatalError() }
  public func scan(_ x: View, _ op: ReduceOp, reverse: Bool, into out: View) { fatalError() }
  public func attention(_ call: AttentionCall, into out: View, logSumExp: View) { fatalError() }
  public func attentionBackward(
    _ call: AttentionCall, out: View, logSumExp: View, cotangent: View, intoQuery: View, intoKey: View, intoValue: View
  ) { fatalError() }
}
