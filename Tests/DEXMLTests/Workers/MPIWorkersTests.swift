#if MPI
  import DEXML
  import Foundation
  import Testing
  import WengertNN
  import WengertTestSupport

  private let mpirun = ["/usr/bin/mpirun", "/usr/local/bin/mpirun"].first { FileManager.default.isExecutableFile(atPath: $0) }

  @Suite(
    "Workers under mpirun", .serialized, .enabled(if: mpirun != nil && FileManager.default.isExecutableFile(atPath: executable.path)))
  struct MPIWorkersTests {
    private func task() throws -> TinyTask {
      var task = try TinyTask()
      try task.useNewEncoder()
      task.configuration.dropout = 0.2
      task.configuration.optim = .sgd
      task.configuration.lr = 0.1
      task.configuration.bsz = 8
      task.configuration.numEpochs = 4
      task.configuration.evalInterval = 2
      return task
    }

    /// A run of `dexml train` on so many workers; the global batch and rate are the same for every number.
    private func start(_ task: TinyTask, on count: Int, resumes: Bool = false) throws -> (process: Process, errors: Pipe) {
      var configuration = task.configuration
      configuration.bsz /= count
      configuration.lr /= Double(count)
      configuration.expname = "on-\(count)"
      let settings = try task.folder.write("settings-\(count).yaml", configuration.yaml())
      let process = Process(), errors = Pipe()
      process.executableURL = URL(fileURLWithPath: mpirun!)
      process.arguments =
        ["--allow-run-as-root", "--oversubscribe", "-n", "\(count)", executable.path, "train", settings.path]
        + (resumes ? ["--resume"] : [])
      process.standardError = errors
      process.standardOutput = FileHandle.nullDevice
      try process.run()
      return (process, errors)
    }

    private func finish(_ run: (process: Process, errors: Pipe)) -> (code: Int32, errors: String) {
      let text = String(decoding: run.errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
      run.process.waitUntilExit()
      return (run.process.terminationStatus, text)
    }

    private func checkpoint(_ task: TinyTask, _ count: Int) throws -> SafeTensors {
      try SafeTensors(verifying: task.folder.url.appendingPathComponent("Results/DEXML/Tiny/on-\(count)/checkpoint.safetensors"))
    }

    @Test("one, two and four processes end with the same parameters")
    func equality() throws {
      let task = try task()
      for count in [1, 2, 4] {
        let result = try finish(start(task, on: count))
        #expect(result.code == 0, "\(result.errors)")
        #expect(result.errors.components(separatedBy: "loss").count > 4, "the first worker tells how it goes")
        if count > 1 { #expect(result.errors.contains("\(count) workers: 8 documents in a batch, \(8 / count) of each")) }
      }
      let alone = try checkpoint(task, 1)
      for count in [2, 4] {
        let shared = try checkpoint(task, count)
        for name in alone.names where name.hasPrefix("model.") {
          let (a, b) = (Tensor(shared[name]!), Tensor(alone[name]!))
          #expect((a - b).norm().item() <= 1e-5 * b.norm().item() + 1e-6, "\(name) on \(count)")
        }
      }
    }

    @Test("a worker that is killed ends the run with a message; its checkpoint is whole, and the run goes on from it")
    func killed() throws {
      var task = try task()
      task.configuration.checkpointInterval = 1
      // Far more than are done between a line of the log and a kill.
      task.configuration.numEpochs = 60
      task.configuration.evalInterval = 60
      let whole = try finish(start(task, on: 2))
      try #require(whole.code == 0, "\(whole.errors)")
      let expected = try checkpoint(task, 2)
      let folder = task.folder.url.appendingPathComponent("Results/DEXML/Tiny/on-2")
      try FileManager.default.removeItem(at: folder)

      let run = try start(task, on: 2)
      // An epoch has ended: there is a checkpoint.
      var told = ""
      while !told.contains("epoch 1/60: loss"), case let data = run.errors.fileHandleForReading.availableData, !data.isEmpty {
        told += String(decoding: data, as: UTF8.self)
      }
      // The last of mpirun's children is a worker.
      let children = try children(of: run.process.processIdentifier)
      let worker = try #require(children.last)
      kill(worker, SIGKILL)
      let result = finish(run)
      #expect(result.code != 0 && result.errors.contains("signal 9"), "\(result.errors)")
      _ = try checkpoint(task, 2)

      // The lock of a first worker that was ended by mpirun does not stand in the way.
      let resumed = try finish(start(task, on: 2, resumes: true))
      #expect(resumed.code == 0, "\(resumed.errors)")
      let found = try checkpoint(task, 2)
      for name in expected.names {
        #expect(Tensor(found[name]!).array(of: Float.self) == Tensor(expected[name]!).array(of: Float.self), "\(name)")
      }
    }

    private func children(of parent: Int32) throws -> [Int32] {
      let process = Process(), output = Pipe()
      process.executableURL = URL(fileURLWithPath: "/bin/sh")
      process.arguments = [
        "-c", "for s in /proc/[0-9]*/stat; do read -r pid name state parent rest < $s && [ \"$parent\" = \(parent) ] && echo $pid; done",
      ]
      process.standardOutput = output
      process.standardError = FileHandle.nullDevice
      try process.run()
      let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
      process.waitUntilExit()
      return text.split(separator: "\n").compactMap { Int32($0) }.sorted()
    }

    @Test("a wrong setting is told once and ends all workers")
    func wrongSetting() throws {
      var task = try task()
      task.configuration.dataset = "Missing"
      let result = try finish(start(task, on: 2))
      #expect(result.code != 0)
      #expect(result.errors.components(separatedBy: "dexml: error:").count == 2, "\(result.errors)")
      #expect(result.errors.contains("(worker 0 of 2)"))
    }
  }
#else
  import Foundation
  import Testing

  @Suite("Workers without MPI", .enabled(if: FileManager.default.isExecutableFile(atPath: executable.path)))
  struct NoMPITests {
    @Test("a program without MPI that mpirun starts says how to build it instead of running as many times")
    func refusal() throws {
      let process = Process(), errors = Pipe()
      process.executableURL = executable
      process.arguments = ["train", "Examples/dexml/configs/eurlex-4k.yaml"]
      process.environment = ProcessInfo.processInfo.environment.merging(["OMPI_COMM_WORLD_SIZE": "2"]) { $1 }
      process.standardError = errors
      try process.run()
      let text = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
      process.waitUntilExit()
      #expect(process.terminationStatus == 1)
      #expect(text == "dexml: error: started as one of 2 workers, but built without MPI; build with `make mpi` (the package trait MPI)\n")
    }
  }
#endif
