#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// How many threads compute at once, where several things are done side by side of which each could use all
/// processors. Calls of `parallelMap` in a task that has slots take one for each call of their body.
///
/// A slot is held by a running thread only, never across a suspension: so nobody waits for a task that waits for
/// the thread.
public final class WorkSlots: @unchecked Sendable {
  @TaskLocal public static var current: WorkSlots?

  private let semaphore: UnsafeMutablePointer<sem_t>

  public init(_ count: Int) {
    semaphore = .allocate(capacity: 1)
    semaphore.initialize(to: sem_t())
    sem_init(semaphore, 0, UInt32(max(1, count)))
  }

  deinit {
    sem_destroy(semaphore)
    semaphore.deallocate()
  }

  fileprivate func take() {
    // Interrupted by a signal: once more.
    while sem_wait(semaphore) != 0 {}
  }

  fileprivate func giveBack() { sem_post(semaphore) }
}

/// Runs `body` with one of the slots, where there are any.
func hold<R, E: Error>(_ slots: WorkSlots?, while body: () throws(E) -> R) throws(E) -> R {
  slots?.take()
  defer { slots?.giveBack() }
  return try body()
}
