// The stages of the compiler, each by itself and on one thread, on real modules: lua and sqlite3 of scripts/programs, or
// those that WASMAOT_BENCH_MODULES names, separated by colons.

import Benchmark
import Foundation
import IR
import Interpreter
import LLVMBackend
import Translate
import WasmModule

/// A module, up to the stage before the one that is measured.
struct Input {
  let name: String
  let bytes: ModuleBytes

  static func all() -> [Input] {
    let asked = ProcessInfo.processInfo.environment["WASMAOT_BENCH_MODULES"]
    // …/bench/swift/Benchmarks/Compiler/Compiler.swift
    let root = (0..<5).reduce(URL(fileURLWithPath: #filePath)) { url, _ in url.deletingLastPathComponent() }
    let programs = root.appendingPathComponent("third_party/programs")
    let paths =
      asked.map { $0.split(separator: ":").map(String.init) }
      ?? ["lua", "sqlite3"].map { programs.appendingPathComponent("\($0).wasm").path }
    return paths.map { path in
      do {
        let name = URL(fileURLWithPath: path).deletingPathExtension().lastPathComponent
        return Input(name: name, bytes: try .map(path: path))
      } catch {
        fatalError("\(path): \(error): run scripts/programs, or set WASMAOT_BENCH_MODULES")
      }
    }
  }

  func module() throws -> WasmModule.Module {
    let module = try decode(bytes)
    try validateFunctions(of: module, jobs: 1)
    return module
  }

  static let translation = TranslationOptions(stubImports: true)

  /// As the driver makes it: of a program only `_start` can be called from outside.
  func translated() throws -> IR.Module {
    var ir = try translate(module(), options: Self.translation)
    ir.exports = ir.exports.filter { $0.name == "_start" }
    return ir
  }

  func optimized(level: Int) throws -> IR.Module {
    var ir = try translated()
    _ = try optimize(&ir, options: Self.passes(level: level))
    return ir
  }

  static func passes(level: Int) -> PassOptions { PassOptions(level: level, jobs: 1, verify: false) }

  /// In the interpreter, with functions of the host that do nothing.
  func instance(of module: WasmModule.Module) throws -> (store: Store, instance: Instance) {
    let store = try Store()
    let imports = try module.imports.map { entry -> Extern? in
      guard case .function(let function) = entry.desc else {
        fatalError("\(name) imports more than functions")
      }
      return .function(store.makeFunction(module.type(of: function)) { _ in })
    }
    return (store, try store.instantiate(module, imports: imports))
  }
}

let benchmarks: @Sendable () -> Void = {
  Benchmark.defaultConfiguration = .init(
    metrics: [.wallClock], warmupIterations: 1, maxDuration: .seconds(3),
    maxIterations: 200)

  for input in Input.all() {
    Benchmark("\(input.name): decode") { benchmark in
      for _ in benchmark.scaledIterations { blackHole(try decode(input.bytes)) }
    }

    Benchmark("\(input.name): validate") { benchmark in
      let module = try decode(input.bytes)
      benchmark.startMeasurement()
      for _ in benchmark.scaledIterations { blackHole(try validateFunctions(of: module, jobs: 1)) }
    }

    Benchmark("\(input.name): translate") { benchmark in
      let module = try input.module()
      benchmark.startMeasurement()
      for _ in benchmark.scaledIterations {
        blackHole(try translate(module, options: Input.translation))
      }
    }

    for level in [0, 2] {
      Benchmark("\(input.name): passes -O\(level)") { benchmark in
        var ir = try input.translated()
        benchmark.startMeasurement()
        // Not again: the second time there is nothing to do.
        blackHole(try optimize(&ir, options: Input.passes(level: level)))
        benchmark.stopMeasurement()
      }
    }

    Benchmark("\(input.name): lower -O0") { benchmark in
      let ir = try input.optimized(level: 0)
      guard let start = ir.exports.first?.function else { fatalError("\(input.name) has no _start") }
      var options = BackendOptions(entry: .start(start))
      options.level = .O0
      benchmark.startMeasurement()
      for _ in benchmark.scaledIterations { blackHole(try generateCode(for: ir, options: options)) }
    }

    Benchmark("\(input.name): compile for the interpreter") { benchmark in
      let (store, instance) = try input.instance(of: try input.module())
      benchmark.startMeasurement()
      guard instance.compileFunctions() else { fatalError("\(input.name): no memory for its code") }
      benchmark.stopMeasurement()
      withExtendedLifetime(store) {}
    }
  }
}
