import Driver
import LLVMBackend
import SystemPackage
import TestSupport
import Testing

/// No trap is lost, whatever the optimiser makes of an access (docs/traps.md).
@Suite(.enabled(if: TestSupport.tool("wasm-tools") != nil || TestSupport.tool("wat2wasm") != nil, "no tools"))
struct TrapMatrixTests {
  private static let matrix = TrapMatrix()

  @Test(arguments: [OptimizationLevel.O0, .O1, .O2, .O3, .Os])
  func traps(level: OptimizationLevel) async throws {
    let matrix = Self.matrix
    let module = try await TestSupport.module(fromText: matrix.text)
    var options = BuildOptions()
    options.optimization = level
    let lines = try await ScriptedProgram.run(module, calls(of: matrix), options: options)
    try #require(lines.count == 1 + 3 * matrix.calls.count, "the program ended after \(lines.count) lines")
    for (index, call) in matrix.calls.enumerated() {
      let place = "\(call.name)\(call.arguments), \(level)"
      let expected = call.outcome == "ok" ? "ok" : "trap \(call.outcome)"
      #expect(lines[3 * index + 2] == expected, "\(place)")
      if let marker = call.marker {
        #expect(lines[3 * index + 3] == "ok i:\(String(marker, radix: 16))", "memory after \(place)")
      }
    }
  }

  private func calls(of matrix: TrapMatrix) -> [String] {
    matrix.calls.flatMap { call in
      [
        ScriptedProgram.call("reset"),
        ScriptedProgram.call(call.name, call.arguments.map { "i:" + String($0, radix: 16) }),
        ScriptedProgram.call("peek"),
      ]
    }
  }

  /// Another engine agrees with the table.
  @Test(.enabled(if: TestSupport.tool("wasmtime") != nil, "no wasmtime"))
  func tableIsRight() async throws {
    try await TemporaryFolder.with { folder in
      let script = folder.appending("traps.wast")
      try TestSupport.write(Self.matrix.script.utf8, to: script)
      let wasmtime = try #require(TestSupport.tool("wasmtime"))
      let result = try await TestSupport.run(wasmtime, ["wast", script.string])
      #expect(result.status == 0, "\(result.errorText)")
    }
  }
}
