import Foundation
import WengertNN

/// The curves of a run, by the tags of its events.
struct RunCurves {
  private(set) var points: [String: [LineChart.Point]] = [:]
  /// Seconds from the first event to the last, the pauses between files left out.
  private(set) var seconds = 0.0
  /// What is wrong with the files, in words.
  private(set) var damage: [String] = []

  /// The curves in the event files of a results folder; nil if there is none.
  static func read(_ results: URL) throws -> RunCurves? {
    let files = try EventFile.files(in: results)
    guard !files.isEmpty else { return nil }
    var curves = RunCurves()
    for file in files {
      let contents = try EventFile.read(file)
      if let damage = contents.damage { curves.damage.append("\(file.lastPathComponent): \(damage)") }
      curves.add(contents.events)
    }
    return curves
  }

  /// Adds the events of one file. Where steps begin anew, what an earlier training had from there on is over.
  private mutating func add(_ events: [Event]) {
    var last = points.values.compactMap { $0.last?.step }.max() ?? 0
    let scalars = events.filter { !$0.scalars.isEmpty }
    for event in scalars {
      if event.step < last || event.scalars.contains(where: { points[$0.tag]?.last?.step == event.step }) {
        points = points.mapValues { $0.filter { $0.step < event.step } }.filter { !$0.value.isEmpty }
        if points.isEmpty { seconds = 0 }
      }
      last = event.step
      for scalar in event.scalars { points[scalar.tag, default: []].append(.init(step: event.step, value: Double(scalar.value))) }
    }
    if let first = events.first, let end = scalars.last, end.time > first.time, end.time.isFinite { seconds += end.time - first.time }
  }
}

/// The evaluations of a run on one part of the data, from its table of metrics.
struct MetricsHistory {
  struct Row {
    var epoch: Int
    var step: Int
    var values: [Double]
  }

  let names: [String]
  private(set) var rows: [Row] = []
  /// Lines that an interruption cut short.
  private(set) var cutLines = 0

  /// Reads `<split>_metrics.tsv`: a header `epoch step P@1 …` and one row for each evaluation.
  init(contentsOf url: URL) throws {
    let lines = try TextLines.all(of: url)
    names = lines.first.map { $0.split(separator: "\t").dropFirst(2).map(String.init) } ?? []
    let header = ["epoch", "step"] + names
    guard lines.first == header.joined(separator: "\t"), !names.isEmpty else {
      throw FileError(
        file: url.path, field: "header", value: (lines.first ?? "").shortened(to: 80).debugDescription,
        advice: "epoch, step and metrics are expected, with tabs between them: is it a table that training wrote?")
    }
    for (number, line) in zip(2..., lines.dropFirst()) {
      let words = line.split(separator: "\t", omittingEmptySubsequences: false)
      guard words.count == header.count else {
        cutLines += 1
        continue
      }
      func value<T: LosslessStringConvertible>(_ column: Int) throws -> T {
        guard let read = T(String(words[column])) else {
          throw FileError(
            file: url.path, field: "line \(number), \(header[column])", value: String(words[column]).debugDescription,
            advice: "a number is expected")
        }
        return read
      }
      add(try Row(epoch: value(0), step: value(1), values: header.indices.dropFirst(2).map { try value($0) }))
    }
  }

  /// Adds a row in the order of the file. Where steps begin anew, what an earlier training had from there on is over; an evaluation without training, at step 0,
  /// counts before training only.
  private mutating func add(_ row: Row) {
    if row.step == 0, rows.contains(where: { $0.step > 0 }) { return }
    rows.removeAll { $0.step >= row.step }
    rows.append(row)
  }

  /// A metric's value in a row.
  func value(_ name: String, _ row: Row) -> Double? { names.firstIndex(of: name).map { row.values[$0] } }

  /// A metric over steps.
  func points(_ name: String) -> [LineChart.Point] {
    rows.compactMap { row in value(name, row).map { .init(step: row.step, value: $0) } }
  }

  /// The evaluation in which a metric was highest, the first of equals; the last if there is no such metric.
  func best(by name: String) -> Row? {
    rows.reduce(nil) { best, row in
      guard let found = value(name, row) else { return row }
      return best.flatMap { value(name, $0) }.map { $0 >= found } ?? false ? best : row
    }
  }
}
