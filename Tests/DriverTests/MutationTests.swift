import LLVMBackend
import SystemPackage
import TestSupport
import Testing
import WasmModule

@testable import Driver

/// Mutated modules of the specification's suite through every stage up to the object: whatever the bytes are,
/// the compiler ends with an output or a problem. WASMAOT_MUTATIONS sets how many are tried.
@Suite struct MutationTests {
  private static let count = TestSupport.environment["WASMAOT_MUTATIONS"].flatMap { Int($0) } ?? 400
  private static let scripts = [
    "call_indirect", "br_table", "loop", "if", "global", "elem", "data", "memory_init", "table_copy",
    "float_misc",
    "simd_load", "simd_lane", "return_call_indirect", "select", "stack", "block", "conversions",
  ]

  @Test(.enabled(if: SpecTests.folder != nil, "no test data"))
  func mutatedModules() async throws {
    let folder = try #require(SpecTests.folder)
    var modules: [[UInt8]] = []
    for script in Self.scripts {
      let first = folder.appending(script).appending("\(script).0.wasm")
      if let bytes = try? TestSupport.read(first) { modules.append(bytes) }
    }
    try #require(!modules.isEmpty)
    var options = BuildOptions()
    options.emit = .obj
    options.optimization = .O0
    options.stubsImports = true
    var random = SplitMix64(state: 20_261_122)
    var compiled = 0
    for index in 0..<Self.count {
      let bytes = mutated(modules[index % modules.count], &random)
      // Most mutations are refused here, in microseconds.
      guard (try? decodeAndValidate(ModuleBytes(bytes))) != nil else { continue }
      // For a host and for a program by turns.
      options.emit = index % 2 == 0 ? .obj : .bitcode
      var pipeline = Pipeline(
        options: options, jobs: 1, host: .wasi, toolchain: try Toolchain(for: options, environment: [:]),
        file: "mutation-\(index)",
        timers: StageTimers())
      do throws(Problem) {
        _ = try await pipeline.run(ModuleBytes(bytes), scratch: "/")
        compiled += 1
      } catch {
        #expect(!error.summary.contains("internal error"), "mutation \(index): \(error.summary)")
      }
    }
    #expect(compiled > Self.count / 50, "too few mutations are valid to mean anything")
  }

  /// One to four bytes changed, of which at the least one near an interesting value.
  private func mutated(_ bytes: [UInt8], _ random: inout SplitMix64) -> [UInt8] {
    var bytes = bytes
    for _ in 0...Int(random.next() % 3) {
      let position = 8 + Int(random.next() % UInt64(bytes.count - 8))
      switch random.next() % 4 {
      case 0: bytes[position] = UInt8(truncatingIfNeeded: random.next())
      case 1: bytes[position] ^= 1 << UInt8(random.next() % 8)
      case 2: bytes[position] = [0x00, 0x01, 0x7F, 0x80, 0xFF, 0x40, 0x41][Int(random.next() % 7)]
      default: bytes[position] &+= random.next() % 2 == 0 ? 1 : 255
      }
    }
    return bytes
  }
}
