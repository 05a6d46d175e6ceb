import Glibc

// Two threads count, behind `Locked` or beside it: what ThreadSanitizer says of each is the test of `Locked`.

final class Counter: @unchecked Sendable {
  let behind = Locked(0)
  var beside = 0

  func count(_ place: String) {
    for _ in 0..<200_000 {
      if place == "beside" { beside += 1 } else { behind.withLock { $0 += 1 } }
    }
  }
}

let place = CommandLine.arguments.last!

nonisolated func onThread(_ body: @escaping @Sendable () -> Void) -> pthread_t {
  final class Box {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
  }
  var thread = pthread_t()
  let box = Unmanaged.passRetained(Box(body))
  pthread_create(
    &thread, nil,
    {
      Unmanaged<Box>.fromOpaque($0!).takeRetainedValue().body()
      return nil
    }, box.toOpaque())
  return thread
}

let counter = Counter()
let threads = (0..<2).map { _ in onThread { [place] in counter.count(place) } }
for thread in threads { pthread_join(thread, nil) }
print(counter.behind.withLock { $0 } + counter.beside, "counts")
