import Collectives
import Foundation
import Synchronization
import Testing
import WengertTestSupport

@testable import DEXML

private let host = ProcessInfo.processInfo.hostName

@Suite("A results folder in use", .serialized)
struct ResultsLockTests {
  private func task() throws -> TinyTask {
    var task = try TinyTask()
    task.configuration.numEpochs = 1
    return task
  }

  private func lock(_ task: TinyTask) -> URL { task.results.appendingPathComponent("run.lock") }

  private func refusal(_ body: () throws -> Void) -> String {
    do {
      try body()
      return "no error"
    } catch let error as FolderInUse {
      return error.description
    } catch { return "another error: \(error)" }
  }

  @Test("a second run or evaluation is told who has the folder, changes nothing in it, and can go elsewhere")
  func second() throws {
    let task = try task()
    var elsewhere = task.configuration
    elsewhere.expname = "another"
    var seen = 0
    try Trainer.run(task.configuration, resumes: false) { step, _ in
      guard step == 1 else { return }
      seen += 1
      let log = try task.text("log.txt")
      for refusal in [refusal { try Trainer.run(task.configuration) }, refusal { try Evaluator.run(task.configuration, split: .tst) }] {
        #expect(refusal.hasPrefix("\(task.results.path): in use by process \(getpid()) on \(host) since "), "\(refusal)")
        #expect(refusal.hasSuffix("wait until it ends, or give this one another expname"), "\(refusal)")
      }
      #expect(try task.text("log.txt") == log)
      try Evaluator.run(elsewhere, split: .tst)
    }
    #expect(seen == 1)
    #expect(!FileManager.default.fileExists(atPath: lock(task).path))
    try Evaluator.run(task.configuration, split: .tst)
    #expect(!FileManager.default.fileExists(atPath: lock(task).path))
  }

  @Test("an error gives the folder back, and stands in its log")
  func errors() throws {
    let task = try task()
    try task.folder.write("Tiny/raw/tst_X.txt", "one line\n")
    #expect(throws: (any Error).self) { try Trainer.run(task.configuration) }
    #expect(!FileManager.default.fileExists(atPath: lock(task).path))
    let lines = try task.text("log.txt").split(separator: "\n")
    #expect(
      lines.last?.contains(" error ") == true && lines.last?.contains("tst_X.txt: lines: 1; Y.tst.npz has 12 rows") == true, "\(lines)")
    // Also one that comes before the folder is opened.
    var other = task.configuration
    other.tf = "/nowhere"
    #expect(throws: (any Error).self) { try Trainer.run(other) }
    #expect(try task.text("log.txt").split(separator: "\n").last?.contains("error tf: no folder '/nowhere'") == true)
  }

  @Test(
    "the folder of a process that died on this machine is taken over with a line; that of one on another machine is not, and the way out is told"
  )
  func dead() throws {
    let task = try task()
    try FileManager.default.createDirectory(at: task.results, withIntermediateDirectories: true)
    try "host: \(host)\nprocess: 4194304\nstart: 2026-01-01T00:00:00Z\ncommand: dexml train a: b\n".write(
      to: lock(task), atomically: false, encoding: .utf8)
    try Trainer.run(task.configuration)
    #expect(
      try task.text("log.txt").contains(
        "taken over from process 4194304 on \(host) since 2026-01-01T00:00:00Z (dexml train a: b), which has died"))
    let other = "host: not-\(host)\nprocess: 1\nstart: 2026-01-01T00:00:00Z\ncommand: dexml train x.yaml\n"
    try other.write(to: lock(task), atomically: false, encoding: .utf8)
    let refusal = refusal { try Trainer.run(task.configuration) }
    #expect(
      refusal.contains("in use by process 1 on not-\(host) since 2026-01-01T00:00:00Z (dexml train x.yaml), says run.lock"), "\(refusal)")
    #expect(refusal.hasSuffix("If it has died, remove \(lock(task).path)"), "\(refusal)")
    #expect(try String(contentsOf: lock(task), encoding: .utf8) == other)
    // An empty file names nobody.
    try "".write(to: lock(task), atomically: false, encoding: .utf8)
    try Trainer.run(task.configuration)
  }

  @Test("a run.lock that is somebody else's file, or a link to one, is not written over")
  func foreign() throws {
    let task = try task()
    try FileManager.default.createDirectory(at: task.results, withIntermediateDirectories: true)
    try "who knows".write(to: lock(task), atomically: false, encoding: .utf8)
    var text = message { try Trainer.run(task.configuration) }
    #expect(text.contains("run.lock: owner: \"who knows\"; ") && text.contains("remove the file if no run has it"), "\(text)")
    #expect(try String(contentsOf: lock(task), encoding: .utf8) == "who knows")
    try FileManager.default.removeItem(at: lock(task))
    let notes = try task.folder.write("notes", "mine")
    try FileManager.default.createSymbolicLink(at: lock(task), withDestinationURL: notes)
    text = message { try Trainer.run(task.configuration) }
    #expect(text.contains("run.lock: file: a symbolic link; ") && text.contains("remove the link"), "\(text)")
    #expect(try String(contentsOf: notes, encoding: .utf8) == "mine")
    #expect(try FileManager.default.destinationOfSymbolicLink(atPath: lock(task).path) == notes.path)
  }

  @Test("of many that want a folder at once, one has it at a time")
  func race() async throws {
    let folder = try TemporaryFolder()
    let results = ResultsFolder(folder.url)
    let most = await withTaskGroup(of: Int.self) { group in
      let inside = Counter()
      for _ in 0..<8 {
        group.addTask {
          var most = 0
          for _ in 0..<200 {
            guard let lock = try? ResultsLock(results) else { continue }
            most = max(most, inside.enter())
            inside.leave()
            withExtendedLifetime(lock) {}
          }
          return most
        }
      }
      return await group.reduce(0, max)
    }
    #expect(most == 1)
    #expect(!FileManager.default.fileExists(atPath: results.lock.path))
  }

  @Test("of several workers the first has it, for all")
  func workers() throws {
    let task = try task()
    _ = try ThreadWorkers.run(2) { try Trainer.run(task.configuration, workers: $0) }
    #expect(!FileManager.default.fileExists(atPath: lock(task).path))
  }
}

/// How many are inside.
private final class Counter: Sendable {
  private let count = Atomic(0)
  func enter() -> Int { count.wrappingAdd(1, ordering: .sequentiallyConsistent).newValue }
  func leave() { count.wrappingSubtract(1, ordering: .sequentiallyConsistent) }
}

@Suite("Processes and a results folder", .enabled(if: FileManager.default.isExecutableFile(atPath: executable.path)), .serialized)
struct ResultsLockProcessTests {
  /// A run that goes on until it is stopped.
  private func task() throws -> (task: TinyTask, settings: URL) {
    var task = try TinyTask()
    task.configuration.numEpochs = 100_000
    task.configuration.evalInterval = 100_000
    task.configuration.save = false
    return (task, try task.folder.write("settings.yaml", task.configuration.yaml()))
  }

  /// Starts a run, and returns when it trains.
  private func start(_ settings: URL) throws -> Process {
    let process = Process(), errors = Pipe()
    process.executableURL = executable
    process.arguments = ["train", settings.path]
    process.standardError = errors
    try process.run()
    var text = ""
    while !text.contains("epoch 1/"), case let data = errors.fileHandleForReading.availableData, !data.isEmpty {
      text += String(decoding: data, as: UTF8.self)
    }
    // Nobody reads on: the run must not mind.
    try errors.fileHandleForReading.close()
    return process
  }

  @Test("a second process is told who has the folder, and ends", arguments: ["train", "evaluate"])
  func second(command: String) throws {
    let (task, settings) = try task()
    let first = try start(settings)
    defer {
      first.terminate()
      first.waitUntilExit()
    }
    let second = try CommandRun([command, settings.path])
    #expect(second.code == 1)
    #expect(
      second.errors.hasPrefix("dexml: error: \(task.results.path): in use by process \(first.processIdentifier) on \(host) since "),
      "\(second.errors)")
    #expect(second.errors.contains("dexml train \(settings.path)") && second.errors.split(separator: "\n").count == 1, "\(second.errors)")
  }

  @Test("a run that is told to end gives the folder back, and its log says so", arguments: [SIGTERM, SIGINT])
  func told(signal: Int32) throws {
    let (task, settings) = try task()
    let process = try start(settings)
    let lock = task.results.appendingPathComponent("run.lock")
    #expect(FileManager.default.fileExists(atPath: lock.path))
    kill(process.processIdentifier, signal)
    process.waitUntilExit()
    #expect(process.terminationReason == .uncaughtSignal && process.terminationStatus == signal)
    #expect(!FileManager.default.fileExists(atPath: lock.path))
    #expect(try task.text("log.txt").contains("notice ended by \(signal == SIGTERM ? "SIGTERM" : "SIGINT")\n"))
  }

  @Test("the folder of a run that was killed is taken over")
  func killed() throws {
    let (task, settings) = try task()
    let process = try start(settings)
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
    #expect(FileManager.default.fileExists(atPath: task.results.appendingPathComponent("run.lock").path))
    let next = try CommandRun(["train", settings.path, "--num_epochs", "1"])
    #expect(next.code == 0 && next.errors.contains("taken over from process \(process.processIdentifier) on \(host)"), "\(next.errors)")
  }
}
