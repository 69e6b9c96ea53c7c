import Testing

@testable import Support

@Suite struct ParallelMapTests {
  struct Failure: Error, Equatable { var index: Int }

  @Test(arguments: [0, 1, 2, 7, 64])
  func resultsAreInOrder(jobs: Int) {
    #expect(parallelMap(count: 1000, jobs: jobs) { $0 * $0 } == (0..<1000).map { $0 * $0 })
  }

  @Test func nothingToDo() {
    #expect(parallelMap(count: 0, jobs: 4) { $0 }.isEmpty)
  }

  @Test(arguments: [1, 2, 8])
  func theLowestFailureWins(jobs: Int) {
    for _ in 0..<50 {
      #expect(throws: Failure(index: 13)) {
        try parallelMap(count: 500, jobs: jobs) { index throws(Failure) in
          if index >= 13 && index % 2 == 1 { throw Failure(index: index) }
          return index
        }
      }
    }
  }

  /// Recurses through about 64 MiB of stack, which no thread has by default.
  @Test func stackSizeIsHonoured() {
    @Sendable @inline(never) func burn(_ depth: Int) -> Int {
      withUnsafeTemporaryAllocation(byteCount: 1 << 16, alignment: 16) { buffer in
        buffer[0] = UInt8(truncatingIfNeeded: depth)
        return depth == 0 ? 0 : burn(depth - 1) + Int(buffer[0] & 0) + 1
      }
    }
    #expect(parallelMap(count: 1, jobs: 1, stackSize: 256 << 20) { _ in burn(1000) } == [1000])
  }
}
