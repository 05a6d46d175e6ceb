import Testing
import WengertTestSupport

@testable import WengertCore

/// Mistakes and their lines.
private enum Wrong {
  static func product() { _ = Tensor.ones([2, 3]).matmul(.ones([4, 5])) }
  static let productLine = #line - 1
  static func reshape() { _ = Tensor.ones([2, 3]).reshape([4, 2]) }
  static let reshapeLine = #line - 1
  static func axis() { _ = Tensor.ones([2, 3]).sum(axes: [2]) }
  static let axisLine = #line - 1
  static func sum() { _ = Tensor.ones([2, 3]) + Tensor.ones([4]) }
  static let sumLine = #line - 1

  static func traced() { _ = compile { (x: Tensor) in x.matmul(x) }(Tensor.ones([2, 3])) }
  static let tracedLine = #line - 1
  static func differentiated() { _ = gradient(at: Tensor.ones([2, 3])) { (x: Tensor) in x.matmul(.ones([4, 5])).sum() } }
  static let differentiatedLine = #line - 1
  static func batched() { _ = vmap { (x: Tensor) in x.matmul(.ones([4])) }(Tensor.ones([2, 3])) }
  static let batchedLine = #line - 1
  static func bound() {
    let f: @Sendable (Tensor) -> Tensor = { $0[5] }
    _ = compile(f, CompileOptions(shapes: ["0": ["n"]]))(Tensor.ones([4]))
  }
  static let boundLine = #line - 3
  static func cut() { _ = gradient(at: Tensor.ones([3])) { (x: Tensor) in x.argMax(axis: 0).cast(to: .float32) } }
  static let cutLine = #line - 1
  static func options() { _ = CompileOptions(largestCache: 0) }
  static func rank() {
    var shape: Shape = [2]
    shape.insert(3, at: 5)
  }

  /// One on each of the first lines; the last three have none of their own, or one that may follow from another.
  static func several() {
    _ = compile { (x: Tensor) in
      let hidden = x.matmul(.ones([5, 8]))
      let shifted = Tensor.ones([7]) - x
      let rows = x.reshape([5, 7])
      let norm = x.layerNorm(gain: .ones([5]), bias: .ones([3]))
      let both = concatenate([x, .ones([2, 8])], axis: 0)
      let picked = x.gather(Tensor([0.5, 1]))
      let sums = x + Tensor.ones([4, 2])
      let twice = x.matmul(.ones([9, 9])).sum() + x.matmul(.ones([9, 8])).sum()
      let follows = hidden.matmul(.ones([3, 3])) + both.reshape([40]) + (shifted + rows + norm + picked + sums).sum() + twice
      return follows * Tensor.ones([6])
    }(Tensor.ones([4, 3]))
  }
  static let severalLine = #line - 12
  /// There is no such axis, and nobody knows what was meant.
  static func open() { _ = compile { (x: Tensor) in x.sum(axes: [5]) + x.matmul(.ones([9, 9])) }(Tensor.ones([2, 3])) }
  /// Neither the derivative nor what Swift finds behind a mistake is looked at.
  static func behind() {
    _ = compile { (x: Tensor) in
      gradient(at: x) { (x: Tensor) in
        let y = x.matmul(.ones([4, 5]))
        return y.shape[1] == 5 ? [y.sum()][y.rank] : y.sum()
      }
    }(Tensor.ones([2, 3]))
  }
  static func differentiatedBehind() {
    _ = compile { (x: Tensor) in gradient(at: x) { (x: Tensor) in x.matmul(.ones([4, 5])).sum() }.matmul(.ones([9, 9])) }(
      Tensor.ones([2, 3]))
  }
  /// Nothing is computed any more, and so no number can be read.
  static func eager() {
    let product = Tensor.ones([2, 3]).matmul(.ones([4, 5]))
    let rows = product.reshape([4, 4])
    if rows.sum().item() == 0 { _ = rows.matmul(.ones([9, 9])) }
  }

  private struct Forgetful: ParameterTree {
    var weight: Tensor
    static let fields: [Field<Self>] = []
  }
  static func fields() { _ = gradient(at: Forgetful(weight: Tensor.ones([2]))) { $0.weight.sum() } }

  static func fine() { _ = Tensor.ones([2, 3]).matmul(.ones([3, 2])) }
}

@Suite("Mistakes that do not end the program")
struct MistakeTests {
  private static let file = "WengertTests/MistakeTests.swift"

  @Test("those of several functions are collected, with operation, message and line, and the program goes on")
  func several() {
    let found = collectingMistakes([Wrong.product, Wrong.reshape, Wrong.axis])
    #expect(found.map { $0.operation } == ["matmul", "reshape", "sum"])
    #expect(found.map { Int($0.caller.line) } == [Wrong.productLine, Wrong.reshapeLine, Wrong.axisLine])
    #expect(
      found.map { $0.message } == [
        "inner extents differ: [2, 3] · [4, 5], axis −1 of the left has 3, axis −2 of the right has 4",
        "[2, 3] has 6 elements, [4, 2] has 8", "axis 2 does not exist in shape [2, 3], which has 2 axes",
      ])
    #expect(found.first?.description.hasPrefix("\(Self.file):\(Wrong.productLine): matmul: inner extents differ") == true)
  }

  @Test("those in a function that is traced, differentiated or given many examples, and those that show when symbols get their numbers")
  func transformed() {
    let found = collectingMistakes([Wrong.traced, Wrong.differentiated, Wrong.batched, Wrong.bound])
    #expect(found.map { $0.operation } == ["matmul", "matmul", "matmul", "subscript"])
    #expect(
      found.map { Int($0.caller.line) } == [Wrong.tracedLine, Wrong.differentiatedLine, Wrong.batchedLine, Wrong.boundLine])
    #expect(found[2].message == "inner extents differ: [3] · [4], axis −1 of the left has 3, axis −1 of the right has 4")
    #expect(found[3].message == "index 5 is out of range for axis 0 of [n], with n = 4")
  }

  @Test("a place besides the caller's is part of the message")
  func note() async {
    await #expect(processExitsWith: .success, observing: [\.standardErrorContent]) {
      let found = collectingMistakes(findsPlaces: true, [Wrong.cut])
      ensure(found.map { $0.operation } == ["gradient"], "\(found)")
      Failure.say(found[0].note ?? "none")
    }
    .expectsMessage("argMax is called at", "MistakeTests.swift:\(Wrong.cutLine)")
  }

  @Test("a function without a mistake gives none")
  func none() {
    #expect(collectingMistakes([]).isEmpty)
    #expect(collectingMistakes([Wrong.fine]).isEmpty)
    #expect(collectingMistakes([Wrong.fine, Wrong.product, Wrong.fine]).count == 1)
  }

  @Test("a hundred do not exhaust the process")
  func many() {
    #expect(collectingMistakes([@Sendable () -> Void](repeating: Wrong.traced, count: 100)).count == 100)
  }

  @Test("a compiled function in which a thread stopped can be called again")
  func compiled() {
    let f = compile { (x: Tensor) in x.matmul(x) }
    let found = collectingMistakes([
      { _ = f(Tensor.ones([2, 3])) }, { _ = f(Tensor.ones([4, 4])) }, { _ = f(Tensor.ones([3, 4])) },
    ])
    #expect(found.map { $0.operation } == ["matmul", "matmul"])
    #expect(f(Tensor.ones([5, 5])).shape == [5, 5])
  }

  @Test("what cannot be told its caller's line finds it; a type with a tensor that is not listed is a mistake each time")
  func infix() async {
    // Places are looked up in a process of its own, where no other test runs.
    await #expect(processExitsWith: .success, observing: [\.standardErrorContent]) {
      let found = collectingMistakes(findsPlaces: true, [Wrong.sum, Wrong.options, Wrong.rank, Wrong.fields, Wrong.fields])
      for mistake in found { Failure.say("\(mistake)") }
      ensure(found.map { $0.operation } == ["add", "CompileOptions", "shape", "Forgetful", "Forgetful"], "\(found)")
    }
    .expectsMessage(
      "add: shapes [2, 3] and [4] do not broadcast: axis -1 has extents 3 and 4", "called at ", "MistakeTests.swift:\(Wrong.sumLine)",
      "CompileOptions: largestCache is 0, and at least one program must be kept", "shape: axis 5 of [2], which has 1 axes",
      "Forgetful: weight missing in `fields`")
  }

  @Test(
    "where all are asked for, a function goes on behind each that leaves no doubt about the result's rank, and tells nothing that may follow"
  )
  func all() async {
    let result = await #expect(processExitsWith: .success, observing: [\.standardErrorContent]) {
      for mistake in collectingMistakes(findsPlaces: true, goesOn: true, [Wrong.several]) {
        Failure.say("\(mistake.place ?? "nowhere") \(mistake.operation): \(mistake.message)")
      }
    }
    let lines = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self).split(separator: "\n")
    let parts = [
      "matmul: inner extents differ: [4, 3] · [5, 8]", "subtract: shapes [7] and [4, 3] do not broadcast",
      "reshape: [4, 3] has 12 elements, [5, 7] has 35",
      "layerNorm: gain [5] and bias [3]", "concatenate: shapes [[4, 3], [2, 8]] differ", "gather: indices must be int32 or int64",
      "add: shapes [4, 3] and [4, 2] do not broadcast", "matmul: inner extents differ: [4, 3] · [9, 9]",
      "matmul: inner extents differ: [4, 3] · [9, 8]",
    ]
    #expect(lines.count == parts.count, "\(lines)")
    for (number, (line, part)) in zip(lines, parts).enumerated() {
      #expect(line.contains("MistakeTests.swift:\(Wrong.severalLine + min(number, 7)):") && line.contains(part))
    }
  }

  @Test("it stops where the result could be either, before a derivative, at what Swift finds, and where a number is read")
  func stops() async {
    await #expect(processExitsWith: .success, observing: [\.standardErrorContent]) {
      for (body, operations) in [
        (Wrong.open, ["sum"]), (Wrong.behind, ["matmul"]), (Wrong.differentiatedBehind, ["matmul"]), (Wrong.eager, ["matmul", "reshape"]),
      ] as [(@Sendable () -> Void, [String])] {
        let found = collectingMistakes(goesOn: true, [body])
        ensure(found.map { $0.operation } == operations, "\(found)")
      }
    }
  }

  @Test("unless all are asked for, the first is the only one")
  func first() { #expect(collectingMistakes([Wrong.several]).map { $0.operation } == ["matmul"]) }

  @Test("what is wrong after them, or elsewhere, ends the program")
  func afterwards() async {
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = collectingMistakes([Wrong.reshape])
      Wrong.product()
    }
    .expectsMessage("MistakeTests.swift:\(Wrong.productLine): Fatal error: matmul: inner extents differ")
  }
}
