import Testing

@testable import Linker

/// Runs exports of runtime-c/test/atomics.c: memory.atomic.wait and notify between threads.
@Suite struct AtomicsTests {
  private func invoke(_ export: String) async throws -> RunResult {
    let scratch = try Scratch()
    var config = RuntimeConfig(programName: "guest")
    config.invoke = export
    return try await execute(try await Guest.build("atomics", config, in: scratch))
  }

  @Test func twoThreadsTakeTurns() async throws {
    #expect(try await invoke("turns") == RunResult(status: 0, output: "2000\n", errors: ""))
  }

  @Test func aCrowdIsWokenInParts() async throws {
    #expect(try await invoke("crowd") == RunResult(status: 0, output: "3\n1\n", errors: ""))
  }

  @Test func whoIsCountedIsWoken() async throws {
    #expect(try await invoke("race") == RunResult(status: 0, output: "0\n", errors: ""))
  }
}
