import Foundation
@_spi(Backend) import Wengert

// One head of one sequence at a time, with its matrix of weights written out.
extension ReferenceBackend {
  /// The place of the first offset that does not rise from 0 to the number of tokens.
  func firstWrongOffset(_ call: AttentionOperands) -> Int? {
    let offsets = read(call.offsets).map { Int($0.integer) }, tokens = call.query.shape[0]
    if offsets[0] != 0 { return 0 }
    for (place, pair) in zip(offsets, offsets.dropFirst()).enumerated() where pair.1 < pair.0 || pair.1 > tokens { return place + 1 }
    return offsets.last == tokens ? nil : offsets.count - 1
  }

  func attention(_ call: AttentionOperands, into out: View, logSumExp: View) {
    let operands = AttentionNumbers(call, self)
    precondition(
      logSumExp.shape == [operands.tokens, call.heads] && logSumExp.dtype == call.query.dtype.computeType,
      "attention: log-sum-exp of \(logSumExp.dtype)\(logSumExp.shape)")
    checkLike(call.query, out)
    var result = operands.zeros
    var logSums = [Double](repeating: 0, count: operands.tokens * call.heads)
    operands.forEachHead { head in
      for i in head.sequence {
        logSums[i * call.heads + head.number] = head.logSumExp(i)
        for j in head.sequence {
          for c in head.columns {
            result[i][c] += head.probability(i, j) * head.keep(i, j) * operands.value[j][c]
          }
        }
      }
    }
    store(numbers(result), into: out)
    store(logSums.map(Number.real), into: logSumExp)
  }

  /// Works from the operands alone: the probabilities are calculated again, in double, and not from the rounded `out` and `logSumExp`.
  func attentionBackward(
    _ call: AttentionOperands, out: View, logSumExp: View, cotangent: View, intoQuery: View, intoKey: View, intoValue: View
  ) {
    for view in [out, cotangent, intoQuery, intoKey, intoValue] { checkLike(call.query, view) }
    let operands = AttentionNumbers(call, self)
    let ct = rows(of: cotangent).map { $0.map(\.double) }
    var (dq, dk, dv) = (operands.zeros, operands.zeros, operands.zeros)
    operands.forEachHead { head in
      for i in head.sequence {
        // The cotangent of each probability: dPᵢⱼ = keepᵢⱼ · (ctᵢ · vⱼ); of each score: dSᵢⱼ = Pᵢⱼ (dPᵢⱼ − Σₗ Pᵢₗ dPᵢₗ).
        let dp = head.sequence.map { j in head.keep(i, j) * head.columns.reduce(0.0) { $0 + ct[i][$1] * operands.value[j][$1] } }
        let mean = zip(head.sequence, dp).reduce(0.0) { $0 + head.probability(i, $1.0) * $1.1 }
        for (j, dpj) in zip(head.sequence, dp) {
          let p = head.probability(i, j)
          let ds = p * (dpj - mean)
          for c in head.columns {
            dq[i][c] += call.scale * ds * operands.key[j][c]
            dk[j][c] += call.scale * ds * operands.query[i][c]
            dv[j][c] += p * head.keep(i, j) * ct[i][c]
          }
        }
      }
    }
    store(numbers(dq), into: intoQuery)
    store(numbers(dk), into: intoKey)
    store(numbers(dv), into: intoValue)
  }

  private func numbers(_ matrix: [[Double]]) -> [Number] { matrix.flatMap { $0.map(Number.real) } }

  private func checkLike(_ query: View, _ view: View) {
    precondition(
      view.shape == query.shape && view.dtype == query.dtype, "attention: \(view.dtype)\(view.shape) for \(query.dtype)\(query.shape)")
  }
}

/// The operands of an attention call as rows of doubles, one row per token.
private struct AttentionNumbers {
  let call: AttentionOperands
  let tokens: Int
  let width: Int
  let query: [[Double]], key: [[Double]], value: [[Double]]
  let offsets: [Int]
  let randomKeys: [Int64]

  init(_ call: AttentionOperands, _ backend: ReferenceBackend) {
    func matrix(_ view: View) -> [[Double]] { backend.rows(of: view).map { $0.map(\.double) } }
    self.call = call
    tokens = call.query.shape[0]
    width = call.query.shape[1]
    for view in [call.key, call.value] {
      precondition(
        view.shape == call.query.shape && view.dtype == call.query.dtype,
        "attention: \(view.dtype)\(view.shape) for a query of \(call.query.dtype)\(call.query.shape)")
    }
    precondition(
      call.query.dtype.isFloating && width % call.heads == 0, "attention: \(call.heads) heads of \(call.query.dtype)\(call.query.shape)")
    (query, key, value) = (matrix(call.query), matrix(call.key), matrix(call.value))
    offsets = backend.read(call.offsets).map { Int($0.integer) }
    precondition(
      offsets.first == 0 && offsets.last == tokens && zip(offsets, offsets.dropFirst()).allSatisfy(<=),
      "attention: offsets \(offsets) for \(tokens) tokens")
    precondition(call.dropout == 0 || call.randomKey != nil, "attention: dropout needs a key")
    randomKeys = call.dropout > 0 ? backend.read(call.randomKey!).map(\.integer) : []
    precondition(call.dropout == 0 || randomKeys.count == (call.hasTokenKeys ? tokens : 1), "attention: \(randomKeys.count) keys")
  }

  var zeros: [[Double]] { [[Double]](repeating: [Double](repeating: 0, count: width), count: tokens) }

  func forEachHead(_ body: (AttentionHead) -> Void) {
    for (start, end) in zip(offsets, offsets.dropFirst()) {
      for number in 0..<call.heads { body(AttentionHead(self, sequence: start..<end, number: number)) }
    }
  }
}

/// The weights of one head within one sequence; i and j are token rows of the packed tensor.
private struct AttentionHead {
  let sequence: Range<Int>
  let number: Int
  let columns: Range<Int>
  private var logSums: [Double] = []
  private var probabilities: [[Double]] = []
  private var keeps: [[Double]] = []

  init(_ operands: AttentionNumbers, sequence: Range<Int>, number: Int) {
    let call = operands.call
    let headWidth = operands.width / call.heads
    self.sequence = sequence
    self.number = number
    let columns = number * headWidth..<(number + 1) * headWidth
    self.columns = columns
    for i in sequence {
      let scores = sequence.map { j in call.scale * columns.reduce(0.0) { $0 + operands.query[i][$1] * operands.key[j][$1] } }
      let greatest = scores.max()!
      let logSum = greatest + log(scores.reduce(0.0) { $0 + exp($1 - greatest) })
      logSums.append(logSum)
      probabilities.append(scores.map { exp($0 - logSum) })
      keeps.append(
        sequence.map { j in
          if call.dropout == 0 { return 1 }
          let word =
            call.hasTokenKeys
            ? Philox.word(
              key: operands.randomKeys[i] &+ Int64(number) &* AttentionOperands.headSpread, stream: 0, lane: 0,
              element: j - sequence.lowerBound)
            : Philox.word(
              key: operands.randomKeys[0], stream: 0, lane: 0, element: (number * operands.tokens + i) * operands.tokens + j)
          return Philox.unitInterval(Int64(word), call.query.dtype) >= call.dropout ? 1 / (1 - call.dropout) : 0
        })
    }
  }

  /// log Σⱼ exp(scoreᵢⱼ)
  func logSumExp(_ i: Int) -> Double { logSums[i - sequence.lowerBound] }
  /// The softmax of the scores.
  func probability(_ i: Int, _ j: Int) -> Double { probabilities[i - sequence.lowerBound][j - sequence.lowerBound] }
  /// 0 where dropout strikes, otherwise 1/(1 − dropout).
  func keep(_ i: Int, _ j: Int) -> Double { keeps[i - sequence.lowerBound][j - sequence.lowerBound] }
}
