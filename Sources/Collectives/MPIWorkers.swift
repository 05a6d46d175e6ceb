#if MPI
  import CMPI
  import Foundation
  import Synchronization

  /// Workers that `mpirun` has started (Open MPI), on one machine or several.
  public final class MPIWorkers: Workers {
    public let rank: Int
    public let localRank: Int
    public let count: Int

    /// Joins the others. Once in a process.
    ///
    /// - Throws: `LaunchError` if Open MPI does not allow calls from several threads.
    public init() throws {
      guard cmpi_start() != 0 else {
        throw LaunchError("Open MPI does not allow calls from several threads; install one that is built with thread support")
      }
      rank = Int(cmpi_rank())
      localRank = ProcessInfo.processInfo.environment["OMPI_COMM_WORLD_LOCAL_RANK"].flatMap { Int($0) } ?? rank
      count = Int(cmpi_count())
    }

    public func allReduce(_ values: UnsafeMutableRawBufferPointer, _ element: CollectiveType, _ operation: CollectiveOperation) {
      // MPI counts by 32 bits.
      let block = 1 << 28, total = values.count / element.size
      for start in stride(from: 0, to: total, by: block) {
        cmpi_all_reduce(
          values.baseAddress! + start * element.size, Int32(min(block, total - start)), element.number, operation.number)
      }
    }

    public func allGather(
      _ values: UnsafeRawBufferPointer, into all: UnsafeMutableRawBufferPointer, counts: [Int], _ element: CollectiveType
    ) {
      guard counts.count == count && counts[rank] * element.size == values.count && all.count == counts.reduce(0, +) * element.size else {
        fatalError("gathering \(values.count) bytes as part \(rank) of \(counts) elements of \(element.size) bytes into \(all.count)")
      }
      guard all.count / element.size <= Int(Int32.max) else {
        fatalError("gathering \(all.count / element.size) values; MPI counts by 32 bits")
      }
      var places: [Int32] = [], next = 0
      for count in counts {
        places.append(Int32(next))
        next += count
      }
      cmpi_all_gather(values.baseAddress, Int32(counts[rank]), all.baseAddress, counts.map(Int32.init), places, element.number)
    }

    public func barrier() { cmpi_barrier() }

    /// Leaves the others, who must leave too.
    public func finish() { cmpi_finish() }

    public func abort(_ reason: String) -> Never {
      // What goes wrong for all alike is said once: the first worker ends the others before they speak.
      if rank > 0 { sleep(1) }
      FileHandle.standardError.write(Data("\(reason) (worker \(rank) of \(count))\n".utf8))
      cmpi_abort(1)
      exit(1)
    }
  }

  extension CollectiveType {
    fileprivate var number: Int32 {
      switch self {
      case .float: Int32(CMPI_FLOAT)
      case .double: Int32(CMPI_DOUBLE)
      case .int32: Int32(CMPI_INT32)
      }
    }
  }

  extension CollectiveOperation {
    fileprivate var number: Int32 {
      switch self {
      case .sum: Int32(CMPI_SUM)
      case .maximum: Int32(CMPI_MAXIMUM)
      case .minimum: Int32(CMPI_MINIMUM)
      }
    }
  }
#endif
