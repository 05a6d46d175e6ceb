/// Connectionist temporal classification (Graves et al. 2006): −ln of the probability that labels are read from a sequence of distributions, summed over all ways to place them with blanks between
/// and repetitions joined. By the forward recursion in logarithms, which is differentiated as it is.
///
/// - Parameters:
///   - logProbabilities: [steps, batch, classes], as of `logSoftmax`.
///   - targets: [batch, labels] whole numbers, none of them `blank`; what is behind a target's length is not looked at.
///   - inputLengths: [batch] how many steps of each count, at least one.
///   - targetLengths: [batch] how many labels.
///   - blank: the class of blanks.
///   - zeroInfinity: whether a target that does not fit its steps has a loss and a gradient of zero, rather than an infinite loss.
///   - reduction: the mean is that of losses divided by their target's length, at least one, as in PyTorch.
///   - file: the caller's file, which messages name.
///   - line: the caller's line, likewise.
/// - Precondition: The shapes are as named, the number of steps is a number above zero, targets and lengths are of whole dtypes, and `blank` is a class. A label that is not in 0..<classes is a
///   `DataFault`.
/// - Returns: a scalar, or [batch] for the reduction `none`.
public func ctcLoss(
  _ logProbabilities: Tensor, _ targets: Tensor, inputLengths: Tensor, targetLengths: Tensor, blank: Int = 0, zeroInfinity: Bool = false,
  reduction: LossReduction = .mean, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  let caller = Caller(file, line), name = "ctcLoss"
  let message =
    "needs [steps, batch, classes], [batch, labels] and [batch] twice, got \(logProbabilities.shape), \(targets.shape), \(inputLengths.shape) and \(targetLengths.shape)"
  caller.require(logProbabilities.rank == 3 && targets.rank == 2 && inputLengths.rank == 1 && targetLengths.rank == 1, name, message)
  for x in [targets, inputLengths, targetLengths] {
    caller.require(!x.dtype.isFloating && x.dtype != .bool, name, "targets and lengths are whole numbers, one is \(x.dtype)")
    caller.expect(x.shape[dim: 0], sameAs: logProbabilities.shape[dim: 1], name, message, of: [logProbabilities, x])
  }
  guard let steps = logProbabilities.shape[dim: 0].number, steps > 0 else {
    caller.fail(name, "the number of steps must be a number above zero, the shape is \(logProbabilities.shape)")
  }
  if let classes = logProbabilities.shape[dim: 2].number {
    caller.require(blank >= 0 && blank < classes, name, "the blank \(blank) is not one of \(classes) classes")
  }
  let x = Autocast.raised(logProbabilities), device = x.device
  let lengths = targetLengths.cast(to: .int64).expandDims(1), labels = targets.cast(to: .int64)
  let place = Tensor.iota(targets.shape[dim: 1], device: device)
  // A negative label does not count from the end.
  let known = select(labels .< 0, labels + Double(1 << 40), labels)
  let padded = select(place .< lengths, known, number(Double(blank), beside: known))

  // Blanks before, between and behind the labels: [batch, 2 labels + 1].
  let blanks = number(Double(blank), beside: padded).broadcast(to: padded.shape)
  let pairs = stack([blanks, padded], axis: 2).reshape([padded.shape[dim: 0], 2 * padded.shape[dim: 1]])
  let states = pairs.pad([(before: 0, after: 0), (before: 0, after: 1)], fill: Double(blank))
  let state = Tensor.iota(states.shape[dim: 1], device: device)
  let nothing = -Double.infinity
  func moved(_ y: Tensor, _ places: Int, fill: Double) -> Tensor {
    y.pad([(before: 0, after: 0), (before: places, after: 0)], fill: fill).narrow(1, from: 0, count: y.shape[dim: 1])
  }
  // A label is reached over a blank from another label.
  let skips = (states .!= Double(blank)) .& (states .!= moved(states, 2, fill: Double(blank)))
  let emitted = x.takeAlong(states.expandDims(0), axis: 2, file: file, line: line)

  let impossible = number(nothing, beside: x)
  var alpha = select((state .< 2) .& (state .<= 2 * lengths), emitted[0], impossible)
  for t in 1..<max(steps, 1) {
    let over = select(skips, moved(alpha, 2, fill: nothing), impossible)
    let next = logAddExp(logAddExp(alpha, moved(alpha, 1, fill: nothing)), over) + emitted[t]
    alpha = select(inputLengths.expandDims(1) .> Double(t), next, alpha)
  }
  let last = alpha.takeAlong(2 * lengths, axis: 1), before = alpha.takeAlong(maximum(2 * lengths - 1, number(0, beside: lengths)), axis: 1)
  let all = select(lengths .> 0, logAddExp(last, before), last).squeeze([1])
  let loss = zeroInfinity ? select(all .== nothing, number(0, beside: x), -all) : -all
  if reduction != .mean { return reduction(loss) }
  return (loss / maximum(targetLengths, number(1, beside: targetLengths)).cast(to: loss.dtype)).mean()
}
