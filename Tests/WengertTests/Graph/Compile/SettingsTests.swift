import Testing
import Wengert

@testable import WengertCore

private protocol Act { func callAsFunction(_ x: Tensor) -> Tensor }
private enum A { struct Same: Act { func callAsFunction(_ x: Tensor) -> Tensor { relu(x) } } }
private enum B { struct Same: Act { func callAsFunction(_ x: Tensor) -> Tensor { -x } } }

/// x · w · factor, with what comes behind it.
private struct Scaled: ParameterTree {
  enum Sign: String { case plus, minus }
  /// A part without tensors.
  struct Shift: TensorTree {
    var by: Double
    mutating func visit(_ prefix: String, _ body: (String, inout Tensor) -> Void) {}
  }

  var w = Tensor([2.0])
  var factor = 1.0
  var sign = Sign.plus
  var shifts = [Shift(by: 0)]
  var last: Shift?
  var act: (any Act)?

  static let fields: [Field<Self>] = [.init("w", \.w), .init("shifts", \.shifts), .init("last", \.last)]

  func callAsFunction(_ x: Tensor) -> Tensor {
    var y = x * w * factor
    for shift in shifts + [last].compactMap(\.self) { y = y + shift.by }
    if sign == .minus { y = -y }
    return act?(y) ?? y
  }
}

@Suite("Settings of a compiled function's arguments")
struct SettingsTests {
  private static func changed(_ change: (inout Scaled) -> Void) -> Scaled {
    var model = Scaled()
    change(&model)
    return model
  }

  private static var models: [Scaled] {
    [
      Scaled(), changed { $0.factor = 3 }, changed { $0.sign = .minus }, changed { $0.shifts[0].by = 5 },
      changed { $0.last = .init(by: 0) },
      changed { $0.last = .init(by: 7) }, changed { $0.act = A.Same() }, changed { $0.act = B.Same() },
    ]
  }

  @Test("a model of other settings is another program, whatever part of it has them, and known ones are used again")
  func others() {
    let f = compile { (model: Scaled, x: Tensor) in model(x) }
    let g = compile { (models: Pair<[Scaled], Tensor>) in models.first[0](models.second) }
    let update = compileUpdate { (state: inout Pair<Scaled, Tensor>) in
      state.second = state.first(state.second)
      return state.second
    }
    for _ in 0..<2 {
      for model in Self.models {
        let x = Tensor([-4.0]), expected = model(x).item()
        #expect(f(model, x).item() == expected)
        #expect(g(Pair([model], x)).item() == expected)
        var state = Pair(model, x)
        #expect(update(&state).item() == expected)
      }
    }
    for handle in [f, g, update] as [CompiledHandle] { #expect(handle.statistics.compilations == Self.models.count) }
  }

  @Test("parts without tensors count in number and by name")
  func parts() {
    let f = compile { (a: [Scaled.Shift], b: [Scaled.Shift], x: Tensor) in (a + b.map { Scaled.Shift(by: -$0.by) }).reduce(x) { $0 + $1.by }
    }
    let g = compile { (a: [[Scaled.Shift]], x: Tensor) in
      a.enumerated().reduce(x) { sum, next in next.element.reduce(sum) { $0 + Double(next.offset + 1) * $1.by } }
    }
    let h = compile { (a: [String: Scaled.Shift], x: Tensor) in a["left"].map { x + $0.by } ?? x }
    let part = Scaled.Shift(by: 3), x = Tensor([1.0])
    for _ in 0..<2 {
      #expect(f([part], [], x).item() == 4)
      #expect(f([], [part], x).item() == -2)
      #expect(g([[part], []], x).item() == 4)
      #expect(g([[], [part]], x).item() == 7)
      #expect(h(["left": part], x).item() == 4)
      #expect(h(["right": part], x).item() == 1)
    }
    for handle in [f, g, h] as [CompiledHandle] { #expect(handle.statistics.compilations == 2) }
  }

  @Test("of several finished programs the one of the call's settings runs, whichever ran before; others are traced")
  func finished() throws {
    let programs = try Self.models[1...2].map { model in
      let f = compile { (model: Scaled, x: Tensor) in model(x) }
      _ = f(model, Tensor([1.0]))
      return CompiledFunction<Scaled, Tensor, Tensor>(finished: try FinishedProgram(code: f.program!.code()))
    }
    let f = compile({ (model: Scaled, x: Tensor) in model(x) }, finished: programs)
    for _ in 0..<2 {
      for model in Self.models { #expect(f(model, Tensor([-4.0])).item() == model(Tensor([-4.0])).item()) }
    }
    #expect(f.statistics.compilations == Self.models.count - 2)
  }

  @Test("a finished program is refused to another model also when it has run")
  func refused() throws {
    let f = compile { (model: Scaled, x: Tensor) in model(x) }
    _ = f(Scaled(), Tensor([1.0]))
    let code = try f.program!.code()
    let found = collectingMistakes([
      {
        let finished = CompiledFunction<Scaled, Tensor, Tensor>(finished: try! FinishedProgram(code: code))
        _ = finished(Scaled(), Tensor([1.0]))
        _ = finished(Self.changed { $0.factor = 3 }, Tensor([1.0]))
      },
      {
        // The structure is looked at first: what `like` takes for granted of it need not hold.
        let finished = CompiledFunction<[Tensor], Tensor>(finished: try! FinishedProgram(code: code)) { $0[1] }
        _ = finished([Tensor([1.0])])
      },
    ])
    #expect(found.map { $0.operation } == ["finished program", "finished program"])
    #expect(found.first?.message.contains("factor: 3.0") == true && found.first?.message.contains("factor: 1.0") == true)
    #expect(found.last?.message.hasPrefix("its arguments' tensors are") == true)
  }

  @Test("settings are told by whole names of types, and cases by their raw values")
  func text() {
    let text = Self.changed { $0.act = A.Same() }.settings
    #expect(text.contains("A.Same") && text.contains("sign: plus"))
    #expect(Tensor(1).settings == "" && [Tensor(1)].settings == "")
    #expect(!text.contains("unknown context") && !text.contains("$"))
  }
}
