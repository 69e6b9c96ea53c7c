import IR
import Support
import Testing
import WasmModule

@testable import Translate

@Suite struct ImportTests {
  /// Imports a function, a table, a memory and two globals, and exports what reads the globals.
  private func module() throws -> WasmModule.Module {
    var wasm = WasmBytes()
    wasm.types([(params: [WasmBytes.i32], results: [WasmBytes.i64])])
    let name = { (text: String) in WasmBytes.vector(Array(text.utf8)) }
    wasm.section(
      2,
      WasmBytes.items([
        name("env") + name("print") + [0, 0],
        name("env") + name("table") + [1, 0x70, 0, 10],
        name("env") + name("memory") + [2, 1, 1, 2],
        name("a") + name("g") + [3, WasmBytes.i32, 0],
        name("b") + name("\u{1B}[31m") + [3, WasmBytes.i64, 1],
      ]))
    // A global that copies the imported one.
    wasm.section(6, [1, WasmBytes.i32, 0, 0x23, 0, 0x0B])
    return try decodeAndValidate(ModuleBytes(wasm.bytes))
  }

  @Test func allUnresolvedImportsAreReportedAtOnce() throws {
    let module = try module()
    let error = #expect(throws: TranslationError.self) {
      try translate(module, options: TranslationOptions())
    }
    guard case .unresolvedImports(let imports) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(imports.map(\.name) == ["print", "table", "memory", "g", ByteString("\u{1B}[31m")])
    #expect(
      "\(error!)" == """
        5 unresolved imports:
          env.print: func (i32) -> i64
          env.table: table 10 funcref
          env.memory: memory 1 2
          a.g: global i32
          b.\\u{1b}[31m: global (mut i64)
        """)
  }

  @Test func stubsHoldZeros() throws {
    let result = try translate(try module(), options: TranslationOptions(stubImports: true))
    #expect(verify(result).isEmpty)
    guard case .stub(let module, let name) = result.functions[FunctionID(0)].definition else {
      Issue.record("not a stub")
      return
    }
    #expect(module == "env" && name == "print")
    #expect(result.tables.values.map(\.minimum) == [10])
    #expect(result.memories.values.map(\.minimum) == [1])
    #expect(result.memories.values.map(\.maximum) == [2])
    #expect(result.globals.values.map(\.initial) == [.i32(0), .i64(0), .i32(0)])
  }

  @Test func resolversGiveWhatTheHostHas() throws {
    let options = TranslationOptions(
      resolveImport: { module, name, type in
        "\(module)_\(name)_\(type.params.count)"
      },
      resolveState: { _, name, type in
        switch type {
        case .table: .table(Limits(minimum: 20, maximum: 30))
        case .memory: .memory(Limits(minimum: 2, maximum: 2))
        case .global(let type): .global(type.type == .i32 ? .i32(666) : .i64(667))
        case .function, .tag: nil
        }
      })
    let result = try translate(try module(), options: options)
    guard case .imported(let symbol) = result.functions[FunctionID(0)].definition else {
      Issue.record("not imported")
      return
    }
    #expect(symbol == "env_print_1")
    #expect(result.tables.values.map(\.minimum) == [20])
    #expect(result.memories.values.map(\.minimum) == [2])
    #expect(result.globals.values.map(\.initial) == [.i32(666), .i64(667), .i32(666)])
  }

  /// A memory under a table's name, and a global that only one of two imports gets.
  @Test func stateOfTheWrongKindIsUnresolved() throws {
    let module = try module()
    let options = TranslationOptions(
      resolveImport: { _, _, _ in "symbol" },
      resolveState: { _, name, _ in name == "g" ? .global(.i32(1)) : .memory(Limits(minimum: 1)) })
    #expect {
      try translate(module, options: options)
    } throws: { error in
      guard case .unresolvedImports(let imports) = error as? TranslationError else { return false }
      return imports.map(\.name) == ["table", ByteString("\u{1B}[31m")]
    }
  }
}
