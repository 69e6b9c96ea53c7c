import Driver
import LLVMBackend
import SystemPackage
import TestSupport
import Testing

/// Fuel is counted by the rule of docs/limits.md, whatever runs the module, and however: when it ends by itself, in a
/// trap, or out of fuel.
@Suite(.serialized, .enabled(if: TestSupport.tool("wasm-tools") != nil, "no wasm-tools"))
struct FuelTests {
  typealias Call = FuelEngine.Call

  // MARK: - The rule, counted by hand

  @Test(arguments: FuelEngine.all)
  func rule(engine: FuelEngine) async throws {
    try await TemporaryFolder.with { folder in
      let module = folder.appending("module.wasm")
      try TestSupport.write(try await TestSupport.module(fromText: FuelCases.module), to: module)
      let cases = FuelCases.all
      let outcomes = try await engine.run(module, cases.map(\.call))
      for (expected, outcome) in zip(cases, outcomes) {
        let place = "\(expected.call.name)\(expected.call.arguments) with \(expected.call.fuel)"
        #expect(outcome.consumed == expected.consumed, "\(place)")
        #expect(outcome.line == expected.line, "\(place)")
      }
    }
  }

  // MARK: - All engines agree

  /// Scripts of the specification about control, calls, traps and exceptions.
  private static let scripts = [
    "block", "br", "br_if", "br_table", "br_on_null", "br_on_non_null", "call", "call_indirect", "call_ref",
    "fac", "if", "labels", "loop", "nop", "return", "return_call", "return_call_indirect", "switch",
    "try_table", "throw", "throw_ref", "traps", "unreachable", "unwind", "memory_copy", "memory_grow",
    "memory_trap", "table_init", "left-to-right", "float_misc",
  ]

  @Test(
    .enabled(if: SpecTests.folder != nil, "no test data"),
    arguments: TestSupport.environment["WASMAOT_SPEC_FULL"] != nil
      ? scripts : scripts.enumerated().filter { $0.offset % 4 == 1 }.map(\.element))
  func specification(script: String) async throws {
    let folder = try #require(SpecTests.folder).appending(script)
    let plan = try SpecPlan(SpecScript.load(folder), folder: folder) { try .init(TestSupport.read($0)) }
    // The largest: it takes eight builds.
    let module = plan.modules.filter { $0.obstacle == nil && $0.instantiationTrap == nil }
      .max { $0.steps.count < $1.steps.count }
    guard let module, !module.steps.isEmpty else { return }
    // How deep a stack is depends on the engine.
    let calls = module.steps.filter { $0.expectation.text != "trap 'call stack exhausted'" }
      .map { Call(name: $0.field, arguments: $0.arguments) }
    try await compare(folder.appending(module.filename), calls, name: script)
  }

  /// Modules that aim at what optimisers do around traps.
  @Test(
    arguments: number("WASMAOT_FUEL_SEED", 1)..<number("WASMAOT_FUEL_SEED", 1)
      + number("WASMAOT_FUEL_MODULES", 2))
  func random(seed: UInt64) async throws {
    let program = TrapProgram(seed: seed, functions: 16)
    try await TemporaryFolder.with { folder in
      let module = folder.appending("module.wasm")
      try TestSupport.write(try await TestSupport.module(fromText: program.text), to: module)
      let imports = folder.appending("imports.wasm")
      let text = """
        (module (func (export "fd_write") (param i32 i32 i32 i32) (result i32) (i32.const 0)))
        """
      try TestSupport.write(try await TestSupport.module(fromText: text), to: imports)
      var calls: [Call] = []
      for index in 0..<program.functionCount {
        for argument in TrapProgram.arguments {
          calls.append(Call(name: "reset"))
          calls.append(Call(name: "f\(index)", arguments: ["i:\(String(argument, radix: 16))"]))
        }
      }
      try await compare(
        module, calls, name: "seed \(seed)", imports: ("wasi_snapshot_preview1", imports))
    }
  }

  private static func number(_ name: String, _ standard: UInt64) -> UInt64 {
    TestSupport.environment[name].flatMap { UInt64($0) } ?? standard
  }

  /// Once with as much fuel as it takes, once with half of it.
  private func compare(
    _ module: FilePath, _ calls: [Call], name: String, imports: (name: String, module: FilePath)? = nil
  ) async throws {
    let reference = FuelEngine.all[0]
    let expected = try await reference.run(module, calls, imports: imports)
    #expect(expected.contains { $0.consumed > 0 }, "\(name): nothing is counted")
    let halves = zip(calls, expected).map { call, outcome in
      var call = call
      if call.name != "reset" { call.fuel = outcome.consumed / 2 }
      return call
    }
    let expectedHalves = try await reference.run(module, halves, imports: imports)
    for engine in FuelEngine.all.dropFirst() {
      for (calls, expected) in [(calls, expected), (halves, expectedHalves)] {
        let actual = try await engine.run(module, calls, imports: imports)
        for (call, (expected, actual)) in zip(calls, zip(expected, actual)) {
          // NaNs differ, and references have no common spelling.
          let isSame =
            expected.line.prefix(4) == actual.line.prefix(4) && expected.consumed == actual.consumed
          if !isSame {
            Issue.record("\(name), \(engine): \(call): \(actual), \(reference): \(expected)")
            break
          }
        }
      }
    }
  }
}
