import CKernels
import Glibc
import Synchronization

/// Our own threads, as many as this process may use cores (or `WENGERT_NUM_THREADS`).
///
/// Threads that have just worked spin for some microseconds before they sleep, because the next kernel usually follows at once. Several
/// threads may call at the same time; each works on its own call, and idle workers help the oldest.
package final class ThreadPool: Sendable {
  package static let shared = ThreadPool(threadCount: defaultThreadCount)

  /// How many threads a call uses, the caller among them.
  package var threadCount: Int {
    let limit = ThreadState.current.limit
    return limit > 0 ? limit : defaultCount
  }

  private let defaultCount: Int
  private let monitor = Monitor()
  /// Counts calls, so that spinning workers notice a new one without the lock.
  private let generation = Atomic<Int>(0)
  private let queue = Queue()

  private init(threadCount: Int) {
    defaultCount = threadCount
  }

  static var defaultThreadCount: Int {
    if let text = getenv("WENGERT_NUM_THREADS"), let count = Int(String(cString: text)), count > 0 { return min(count, 1024) }
    return Int(wg_available_cores())
  }

  /// Runs `body` with calls from this thread limited (or extended) to `count` threads.
  package func withThreadCount<Result>(_ count: Int, _ body: () throws -> Result) rethrows -> Result {
    let saved = ThreadState.current
    ThreadState.current.limit = count
    defer { ThreadState.current = saved }
    return try body()
  }

  /// Runs `body(0)` … `body(count − 1)`, on all threads, and returns when all are done. Called from inside a body, it runs there alone.
  package func parallel(_ count: Int, _ body: (Int) -> Void) {
    if count <= 1 || threadCount == 1 || ThreadState.current.isInside {
      for index in 0..<count { body(index) }
      return
    }
    withoutActuallyEscaping(body) { parallel(count, of: ClosureWork($0)) }
  }

  /// Performs the pieces 0 … count − 1 of `work` in the same way. Allocates nothing once as many calls have been under way at a time.
  func parallel(_ count: Int, of work: any ParallelWork) {
    let helpers = min(threadCount, count) - 1
    if helpers <= 0 || ThreadState.current.isInside {
      for piece in 0..<count { work.perform(piece) }
      return
    }
    let job = submit(work, count, helpers: helpers)
    ThreadState.current.isInside = true
    job.work()
    ThreadState.current.isInside = false
    withdraw(job)
  }

  private func submit(_ work: any ParallelWork, _ count: Int, helpers: Int) -> Job {
    monitor.lock()
    defer { monitor.unlock() }
    while queue.workerCount < helpers {
      queue.workerCount += 1
      startWorker()
    }
    let job = queue.idleJobs.popLast() ?? Job()
    job.begin(work, count, helpers: helpers)
    queue.jobs.append(job)
    generation.add(1, ordering: .releasing)
    if queue.sleepers > 0 { monitor.wakeAll() }
    return job
  }

  /// Lets no further worker join, and waits for those that have.
  private func withdraw(_ job: Job) {
    monitor.lock()
    queue.jobs.removeAll { $0 === job }
    monitor.unlock()
    var turns = 0
    while job.active.load(ordering: .acquiring) > 0 {
      turns += 1
      if turns > 500 { sched_yield() } else { wg_pause() }
    }
    job.end()
    monitor.lock()
    queue.idleJobs.append(job)
    monitor.unlock()
  }

  /// Frees the scratch memory of the calling thread, unless it is inside a `parallel`, and that of each worker as soon as it has no work.
  func trimScratch() {
    if !ThreadState.current.isInside { ScratchMemory.releaseOfThread() }
    monitor.lock()
    queue.trims += 1
    monitor.wakeAll()
    monitor.unlock()
  }

  private func startWorker() {
    var thread = pthread_t()
    let failed = pthread_create(
      &thread, nil,
      { argument in
        let pool = Unmanaged<ThreadPool>.fromOpaque(argument!).takeUnretainedValue()
        pool.workForever()
        return nil
      }, Unmanaged.passRetained(self).toOpaque())
    if failed == 0 { pthread_detach(thread) }
  }

  private func workForever() {
    ThreadState.current.isInside = true
    var seen = -1, trims = 0
    while true {
      var turns = 0
      while turns < 1500, generation.load(ordering: .acquiring) == seen {
        wg_pause()
        turns += 1
      }
      monitor.lock()
      var job = queue.nextJob()
      while job == nil {
        if generation.load(ordering: .acquiring) != seen {
          seen = generation.load(ordering: .acquiring)
          break
        }
        if trims != queue.trims {
          trims = queue.trims
          ScratchMemory.releaseOfThread()
        }
        queue.sleepers += 1
        monitor.wait()
        queue.sleepers -= 1
        job = queue.nextJob()
      }
      job?.active.add(1, ordering: .acquiringAndReleasing)
      monitor.unlock()
      if let job {
        if wg_level() != job.level { _ = wg_select_level(job.level) }
        job.work()
        job.active.subtract(1, ordering: .acquiringAndReleasing)
      }
    }
  }
}

/// Work in numbered pieces, which different threads perform.
protocol ParallelWork: AnyObject {
  func perform(_ piece: Int)
}

private final class ClosureWork: ParallelWork {
  let body: (Int) -> Void

  init(_ body: @escaping (Int) -> Void) { self.body = body }

  func perform(_ piece: Int) { body(piece) }
}

/// One call of `parallel`, kept for the next. No worker touches it once it is withdrawn and `active` is zero.
private final class Job: @unchecked Sendable {
  private var content: (any ParallelWork)?
  private(set) var count = 0
  var helpers = 0
  /// The caller's level of instructions, by which its work may be laid out.
  private(set) var level: Int32 = 0
  let next = Atomic<Int>(0)
  let active = Atomic<Int>(0)

  func begin(_ work: any ParallelWork, _ count: Int, helpers: Int) {
    content = work
    level = wg_level()
    self.count = count
    self.helpers = helpers
    next.store(0, ordering: .relaxed)
  }

  func end() { content = nil }

  @inline(never) func work() {
    let content = content!
    while true {
      let piece = next.add(1, ordering: .relaxed).oldValue
      if piece >= count { return }
      content.perform(piece)
    }
  }
}

/// What the pool's lock guards.
private final class Queue: @unchecked Sendable {
  var jobs: [Job] = []
  var idleJobs: [Job] = []
  var workerCount = 0
  var sleepers = 0
  /// How often idle workers were told to free their scratch memory.
  var trims = 0

  /// The oldest call that has work left and takes another helper.
  func nextJob() -> Job? {
    for job in jobs where job.helpers > 0 && job.next.load(ordering: .relaxed) < job.count {
      job.helpers -= 1
      return job
    }
    return nil
  }
}

private final class Monitor: @unchecked Sendable {
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

  init() {
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(condition, nil)
  }

  func lock() { pthread_mutex_lock(mutex) }
  func unlock() { pthread_mutex_unlock(mutex) }
  func wait() { pthread_cond_wait(condition, mutex) }
  func wakeAll() { pthread_cond_broadcast(condition) }
}

/// What a thread knows about itself.
struct ThreadState {
  /// Whether it runs the body of a `parallel`.
  var isInside = false
  /// How many threads its calls use; 0 means the pool's own number.
  var limit = 0

  private static let key: pthread_key_t = {
    var key = pthread_key_t()
    pthread_key_create(&key, nil)
    return key
  }()

  static var current: ThreadState {
    get {
      let bits = Int(bitPattern: pthread_getspecific(key))
      return ThreadState(isInside: bits & 1 != 0, limit: bits >> 1)
    }
    set { pthread_setspecific(key, UnsafeRawPointer(bitPattern: newValue.limit << 1 | (newValue.isInside ? 1 : 0))) }
  }
}
