/// A clock for the kernels of the compiled functions that it is given to: `compiled.profiler = profiler`.
public final class Profiler: Sendable {
  /// One kernel, once.
  struct Event: Sendable {
    var name: String
    var extents: String
    var start: Duration
    var time: Duration
    var cost: KernelCost
  }

  private let events = Locked<[Event]>([])
  private let start = ContinuousClock.now

  /// A profiler that has measured nothing yet.
  public init() {}

  func run(_ step: BoundProgram.Step) {
    let clock = ContinuousClock()
    // What was asked for before is not this kernel's time.
    step.backend.tellFaults(waiting: true)
    let begin = clock.now
    step.run()
    step.backend.tellFaults(waiting: true)
    let time = clock.now - begin
    let call = step.call
    let event = Event(name: call.operation, extents: call.call.summary, start: begin - start, time: time, cost: call.call.cost)
    events.withLock { $0.append(event) }
  }

  private static func milliseconds(_ events: [Event]) -> Double {
    var sum = 0.0
    for event in events { sum += event.time.milliseconds }
    return sum
  }

  private static func flops(_ events: [Event]) -> Double {
    var sum = 0.0
    for event in events { sum += event.cost.flops ?? 0 }
    return sum
  }

  /// Forgets what was measured.
  public func reset() { events.withLock { $0.removeAll() } }

  /// The time of all kernels together.
  public var total: Duration { events.withLock { $0.reduce(.zero) { $0 + $1.time } } }

  /// Milliseconds and operations per second of the kernels of one kind together: those whose names begin so.
  public func sum(ofKernelsNamed prefix: String) -> (milliseconds: Double, gigaflopsPerSecond: Double) {
    let chosen = events.withLock { $0.filter { $0.name.hasPrefix(prefix) } }
    let time = Self.milliseconds(chosen)
    return (time, time > 0 ? Self.flops(chosen) / time / 1e6 : 0)
  }

  /// Kernels of one name and extents together, the longest first: calls, milliseconds, share of the time, GFLOP/s, GB/s.
  public var table: String {
    struct Key: Hashable {
      var name: String, extents: String
    }
    let all = events.withLock { $0 }
    var groups: [Key: [Event]] = [:]
    for event in all { groups[Key(name: event.name, extents: event.extents), default: []].append(event) }
    let total = Self.milliseconds(all)
    var rows = [["kernel", "extents", "calls", "ms", "%", "GFLOP/s", "GB/s"]]
    let timed = groups.map { key, events in (key: key, events: events, time: Self.milliseconds(events)) }
    let sorted = timed.sorted { a, b in a.time != b.time ? a.time > b.time : a.key.name < b.key.name }
    for (key, events, time) in sorted {
      let flops = Self.flops(events)
      let bytes = events.reduce(0) { (sum: Int, event: Event) -> Int in sum + event.cost.bytes }
      rows.append([
        key.name, key.extents, "\(events.count)", decimal(time), decimal(100 * time / max(total, 1e-9)),
        decimal(flops / max(time, 1e-9) / 1e6),
        decimal(Double(bytes) / max(time, 1e-9) / 1e6),
      ])
    }
    rows.append(["all", "", "\(all.count)", decimal(total), "100"])
    return WengertCore.table(rows, rightAligned: [2, 3, 4, 5, 6])
  }

  /// The kernels in time, in the format of Chrome's `about:tracing` and of Perfetto (JSON).
  public var chromeTrace: String {
    let lines = events.withLock { $0 }.map { event in
      let arguments: [(key: String, value: JSONValue)] = [
        ("extents", .text(event.extents)), ("bytes", .whole(event.cost.bytes)), ("flops", event.cost.flops.map { .number($0) } ?? .null),
      ]
      let fields: [(key: String, value: JSONValue)] = [
        ("name", .text(event.name)), ("cat", .text("kernel")), ("ph", .text("X")), ("pid", .whole(0)), ("tid", .whole(0)),
        ("ts", .number(event.start.milliseconds * 1000)), ("dur", .number(event.time.milliseconds * 1000)), ("args", .object(arguments)),
      ]
      return JSONValue.object(fields).json
    }
    return "{\"traceEvents\": [\n" + lines.joined(separator: ",\n") + "\n], \"displayTimeUnit\": \"ms\"}\n"
  }
}

extension Duration {
  fileprivate var milliseconds: Double { Double(components.seconds) * 1e3 + Double(components.attoseconds) * 1e-15 }
}
