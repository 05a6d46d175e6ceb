import Foundation

/// How this process was started.
public enum Launch {
  /// The workers of this run: those that `mpirun` has started, or this process alone.
  ///
  /// Workers on one machine share its processors: unless `WENGERT_NUM_THREADS` is set, it is set to this worker's share. Call this before anything is computed.
  /// - Throws: `LaunchError` if `mpirun` started several workers of a program that was built without MPI.
  public static func workers() throws -> any Workers {
    let environment = ProcessInfo.processInfo.environment
    guard let count = environment["OMPI_COMM_WORLD_SIZE"].flatMap({ Int($0) }), count > 1 else { return OneWorker() }
    #if MPI
      if environment["WENGERT_NUM_THREADS"] == nil, let here = environment["OMPI_COMM_WORLD_LOCAL_SIZE"].flatMap({ Int($0) }) {
        setenv("WENGERT_NUM_THREADS", "\(max(1, ProcessInfo.processInfo.processorCount / here))", 1)
      }
      return try MPIWorkers()
    #else
      throw LaunchError("started as one of \(count) workers, but built without MPI; build with `make mpi` (the package trait MPI)")
    #endif
  }

  /// Runs `body` with the workers of this run. An error in one worker ends all.
  ///
  /// - Throws: `LaunchError` as `workers()` does; the error of `body` if this process is alone.
  public static func run(_ body: (any Workers) throws -> Void, describe: (any Error) -> String) throws {
    let workers = try workers()
    guard workers.count > 1 else { return try body(workers) }
    do { try body(workers) } catch { workers.abort(describe(error)) }
    #if MPI
      (workers as? MPIWorkers)?.finish()
    #endif
  }
}

/// A wrong start of several workers.
public struct LaunchError: Error, CustomStringConvertible {
  /// What is wrong, and what to do.
  public let description: String
  init(_ description: String) { self.description = description }
}
