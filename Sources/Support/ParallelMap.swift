#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The number of processors that the machine has online: the default of `-j`.
public var processorCount: Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }

/// `(0..<count).map(body)` on `jobs` threads, results in order.
///
/// Calls start in order and are handed out one by one, so that a long one does not hold up the rest. If
/// calls throw, the error of the lowest index is thrown, whatever `jobs` is: every call below it has run.
/// Calls above it may or may not have. `WorkSlots.current` limits them further.
///
/// - Parameters:
///   - jobs: number of threads; 1 or less runs everything on the caller's, unless a stack size is asked for.
///   - stackSize: bytes of stack for each thread, for bodies that recurse deeply (LLVM). Nil is the
///     system's default.
public func parallelMap<R: Sendable, E: Error>(
  count: Int, jobs: Int, stackSize: Int? = nil, _ body: @Sendable (Int) throws(E) -> R
) throws(E) -> [R] {
  let threads = max(1, min(jobs, count))
  if count == 0 { return [] }
  let slots = WorkSlots.current
  if threads == 1 && stackSize == nil {
    var results: [R] = []
    results.reserveCapacity(count)
    for index in 0..<count { results.append(try hold(slots) { () throws(E) in try body(index) }) }
    return results
  }

  let work = ParallelWork<R, E>(count: count, slots: slots)
  // Threads are joined before this function returns, so `body` does not really escape.
  withoutActuallyEscaping(body) { body in
    var started: [pthread_t] = []
    for _ in 0..<threads {
      guard let thread = startThread(stackSize: stackSize, { work.run(body) }) else { break }
      started.append(thread)
    }
    // No thread at all (limits of the system): do the work here.
    if started.isEmpty { work.run(body) }
    for thread in started { pthread_join(thread, nil) }
  }
  return try work.take()
}

/// The shared state of one `parallelMap`: the next index, and a result each.
///
/// Threads write disjoint elements of `results`; everything else is under the lock.
private final class ParallelWork<R: Sendable, E: Error>: @unchecked Sendable {
  private let count: Int
  private let slots: WorkSlots?
  private var next = 0
  /// The lowest index that has thrown.
  private var firstFailure = Int.max
  private var failure: E?
  private let results: UnsafeMutablePointer<R?>
  private let lock: UnsafeMutablePointer<pthread_mutex_t>

  init(count: Int, slots: WorkSlots?) {
    self.count = count
    self.slots = slots
    results = .allocate(capacity: count)
    results.initialize(repeating: nil, count: count)
    lock = .allocate(capacity: 1)
    lock.initialize(to: pthread_mutex_t())
    pthread_mutex_init(lock, nil)
  }

  deinit {
    results.deinitialize(count: count)
    results.deallocate()
    pthread_mutex_destroy(lock)
    lock.deallocate()
  }

  private func locked<T>(_ body: () -> T) -> T {
    pthread_mutex_lock(lock)
    defer { pthread_mutex_unlock(lock) }
    return body()
  }

  func run(_ body: (Int) throws(E) -> R) {
    while true {
      // Indices are handed out in order: once one has thrown, those above it can't matter.
      let index = locked { () -> Int? in
        guard next < count, next < firstFailure else { return nil }
        defer { next += 1 }
        return next
      }
      guard let index else { return }
      do throws(E) {
        results[index] = try hold(slots) { () throws(E) in try body(index) }
      } catch {
        locked {
          if index < firstFailure {
            firstFailure = index
            failure = error
          }
        }
      }
    }
  }

  func take() throws(E) -> [R] {
    if let failure { throw failure }
    return (0..<count).map { results[$0]! }
  }
}

private final class ThreadStart: Sendable {
  let body: @Sendable () -> Void
  init(_ body: @escaping @Sendable () -> Void) { self.body = body }
}

private func startThread(stackSize: Int?, _ body: @escaping @Sendable () -> Void) -> pthread_t? {
  var attributes = pthread_attr_t()
  pthread_attr_init(&attributes)
  defer { pthread_attr_destroy(&attributes) }
  if let stackSize { pthread_attr_setstacksize(&attributes, stackSize) }
  let start = Unmanaged.passRetained(ThreadStart(body))
  #if canImport(Darwin)
    var thread: pthread_t? = nil
    let status = pthread_create(&thread, &attributes, { threadMain($0) }, start.toOpaque())
  #else
    var thread = pthread_t()
    let status = pthread_create(&thread, &attributes, { threadMain($0!) }, start.toOpaque())
  #endif
  guard status == 0 else {
    start.release()
    return nil
  }
  return thread
}

private func threadMain(_ argument: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
  Unmanaged<ThreadStart>.fromOpaque(argument).takeRetainedValue().body()
  return nil
}
