import FoundationEssentials
import TestSupport
import Testing

@testable import WasmModule

/// Modules that try to exhaust the compiler: each is rejected, or accepted, in time and memory in proportion
/// to its size.
@Suite struct HostileInputTests {
  @Test func deepNesting() {
    let depth = 100_000
    for open: [UInt8] in [[0x02, 0x40], [0x03, 0x40]] {
      let body =
        [0] + [[UInt8]](repeating: open, count: depth).flatMap(\.self)
        + [UInt8](repeating: 0x0B, count: depth + 1)
      #expect(wasmError(ModuleWriter.functions([body])) == nil)
      #expect(wasmError(ModuleWriter.functions([body.dropLast()]))?.kind == .malformed)
    }
  }

  @Test func branchTableCountsThatLie() {
    // i32.const 0, br_table with a count of 0xFFFFFFFC and few labels
    for count: [UInt8] in [[0xFC, 0xFF, 0xFF, 0xFF, 0x0F], [0xFF, 0xFF, 0xFF, 0xFF, 0x0F], [0x7F]] {
      let error = wasmError(ModuleWriter.functions([[0, 0x41, 0, 0x0E] + count + [0, 0, 0, 0x0B]]))
      #expect(error?.kind == .malformed)
      #expect(error?.function == FuncIdx(0))
    }
  }

  @Test func branchTableOfAMillionTargets() {
    let count = 1_000_000
    let body: [UInt8] =
      [0, 0x41, 0, 0x0E] + ModuleWriter.u32(count) + [UInt8](repeating: 0, count: count + 1) + [0x0B]
    #expect(wasmError(ModuleWriter.functions([body])) == nil)
  }

  @Test func locals() {
    let most = ModuleWriter.u32(50_000)
    #expect(wasmError(ModuleWriter.functions([[1] + most + [0x7F, 0x0B]])) == nil)
    // local.get 49999 exists, 50000 does not.
    let last = ModuleWriter.u32(49_999)
    #expect(wasmError(ModuleWriter.functions([[1] + most + [0x7F, 0x20] + last + [0x1A, 0x0B]])) == nil)
    let error = wasmError(ModuleWriter.functions([[1] + most + [0x7F, 0x20] + most + [0x1A, 0x0B]]))
    #expect(error?.message == "unknown local 50000")
    #expect(wasmError(ModuleWriter.functions([[2] + most + [0x7F, 1, 0x7E, 0x0B]]))?.kind == .limitExceeded)
    let twice: [UInt8] = [2, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F, 0x7F, 0x0B]
    #expect(wasmError(ModuleWriter.functions([twice]))?.message == "too many locals")
  }

  /// Types of locals beyond the size of the body are searched in the declarations: at both ends of each.
  @Test func typesOfSparseLocals() {
    // 3 of i32, 10,000 of i64, 1 of f32, 10,000 of f64
    let declarations: [UInt8] =
      [4, 3, 0x7F] + ModuleWriter.u32(10_000) + [0x7E, 1, 0x7D] + ModuleWriter.u32(10_000) + [0x7C]
    for (index, type) in [
      (0, 0x7F), (2, 0x7F), (3, 0x7E), (10_002, 0x7E), (10_003, 0x7D), (10_004, 0x7C), (20_003, 0x7C),
    ] as [(Int, UInt8)] {
      // block (result type) local.get end drop
      let code = [0x02, type, 0x20] + ModuleWriter.u32(index) + [0x0B, 0x1A, 0x0B]
      #expect(wasmError(ModuleWriter.functions([declarations + code])) == nil, "local \(index)")
    }
    #expect(
      wasmError(ModuleWriter.functions([declarations + [0x20] + ModuleWriter.u32(20_004) + [0x1A, 0x0B]]))?
        .message
        == "unknown local 20004")
  }

  /// Fifty thousand locals in each of many functions take six bytes each.
  @Test func manyFunctionsWithManyLocals() {
    let body: [UInt8] = [1] + ModuleWriter.u32(50_000) + [0x7F, 0x0B]
    #expect(wasmError(ModuleWriter.functions([[UInt8]](repeating: body, count: 100_000))) == nil)
  }

  @Test(arguments: [
    SectionID.type, .import, .function, .table, .memory, .global, .export, .element, .code, .data,
  ])
  func countsThatLie(section: SectionID) {
    for count in [5, 100_000, 0xFFFF_FFFF] {
      var writer = ModuleWriter()
      writer.section(section, ModuleWriter.u32(count))
      let error = wasmError(writer.bytes)
      #expect(error != nil)
      #expect(error?.section == section)
    }
  }

  @Test func sizesThatLie() {
    for size in [1, 1000, 0xFFFF_FFFF] {
      #expect(
        wasmError(ModuleWriter().bytes + [1] + ModuleWriter.u32(size))?.message == "length out of bounds")
    }
  }

  @Test func functionBodyLimit() {
    let most = ImplementationLimits.functionBytes
    let body: [UInt8] = [0] + [UInt8](repeating: 0x01, count: most - 2) + [0x0B]
    #expect(wasmError(ModuleWriter.functions([body])) == nil)
    let error = wasmError(ModuleWriter.functions([body.dropLast() + [0x01, 0x0B]]))
    #expect(error?.kind == .limitExceeded)
    #expect(error?.function == FuncIdx(0))
  }

  @Test func paramsAndResults() {
    func type(_ params: Int, _ results: Int) -> [UInt8] {
      [0x60] + ModuleWriter.u32(params) + [UInt8](repeating: 0x7F, count: params) + ModuleWriter.u32(results)
        + [UInt8](repeating: 0x7F, count: results)
    }
    #expect(wasmError(ModuleWriter.functions([[0, 0x00, 0x0B]], type: type(1000, 1000))) == nil)
    #expect(
      wasmError(ModuleWriter.functions([[0, 0x00, 0x0B]], type: type(1001, 0)))?.kind == .limitExceeded)
    #expect(
      wasmError(ModuleWriter.functions([[0, 0x00, 0x0B]], type: type(0, 1001)))?.kind == .limitExceeded)
  }

  /// Two bytes that push a thousand values, again and again, and none is ever popped.
  @Test func operandStackBomb() {
    let type = [0x60, 0] + ModuleWriter.u32(1000) + [UInt8](repeating: 0x7F, count: 1000)
    let calls = [[UInt8]](repeating: [0x10, 0], count: 1_000_000).flatMap(\.self)
    let error = wasmError(ModuleWriter.functions([[0] + calls + [0x0F, 0x0B]], type: type))
    #expect(error?.kind == .limitExceeded)
  }

  @Test func manyEqualTypes() throws {
    var writer = ModuleWriter()
    let types: [[UInt8]] = (0..<200_000).map { [0x60, 1, $0 % 2 == 0 ? 0x7F : 0x7E, 0] }
    writer.section(.type, ModuleWriter.vector(types))
    let module = try decodeAndValidate(ModuleBytes(writer.bytes))
    #expect(module.types.count == 200_000)
    #expect(module.types.canonicalTypes.count == 2)
    #expect(module.types.canonical(TypeIdx(0)) == module.types.canonical(TypeIdx(199_998)))
    #expect(module.types.canonical(TypeIdx(0)) != module.types.canonical(TypeIdx(1)))
  }

  @Test func memoriesAndTables() {
    func memories(_ count: Int) -> [UInt8] {
      var writer = ModuleWriter()
      writer.section(.memory, ModuleWriter.vector([[UInt8]](repeating: [0, 0], count: count)))
      return writer.bytes
    }
    #expect(wasmError(memories(100)) == nil)
    #expect(wasmError(memories(101))?.kind == .limitExceeded)
    // A table of any size is valid; whoever makes an instance refuses it.
    var table = ModuleWriter()
    table.section(.table, [1, 0x70, 0] + ModuleWriter.u32(Int(UInt32.max)))
    #expect(wasmError(table.bytes) == nil)
  }

  /// Every prefix of a module is rejected, not read past.
  @Test func truncation() throws {
    let body: [UInt8] = [
      1, 2, 0x7F, 0x41, 0xE8, 0x07, 0x21, 0, 0x02, 0x40, 0x20, 0, 0x0E, 2, 0, 1, 0, 0x0B, 0x0B,
    ]
    let bytes = ModuleWriter.functions([[0, 0x0B], body])
    #expect(wasmError(bytes) == nil)
    for length in 9..<bytes.count {
      #expect(wasmError(Array(bytes.prefix(length))) != nil || length == 14, "\(length)")
    }
  }

  /// Thousands of damaged modules of the specification's suite: whatever comes out, it comes out, and it is
  /// the same without the validator's fast path.
  @Test func mutations() throws {
    var random = SplitMix64(state: 0x5EED)
    var valid = 0
    var mutated = 0
    for (name, folder) in try SpecScript.scripts(of: "core") {
      let modules = try SpecScript.load(name, in: folder).commands.filter {
        $0.type == "module" && $0.moduleType != "text"
      }
      for command in modules.prefix(3) {
        let original = try Array(Data(contentsOf: folder.appendingPathComponent(command.filename!)))
        for _ in 0..<20 {
          var bytes = original
          for _ in 0...random.below(4) { Self.mutate(&bytes, &random) }
          mutated += 1
          let error = wasmError(bytes)
          if error == nil { valid += 1 }
          #expect(error == Self.errorWithoutFastPath(bytes), "\(name):\(command.line) \(bytes)")
        }
      }
    }
    print("mutations: \(mutated) modules, \(valid) of them still valid")
    #expect(mutated > 5000)
    #expect(valid < mutated)
  }

  private static func errorWithoutFastPath(_ bytes: [UInt8]) -> WasmError? {
    do throws(WasmError) {
      let module = try decode(ModuleBytes(bytes))
      let context = ValidationContext(module: module, features: .supported, takesFastPath: false)
      _ = try validateFunctions(in: context, jobs: 1)
      return nil
    } catch {
      return error
    }
  }

  private static func mutate(_ bytes: inout [UInt8], _ random: inout SplitMix64) {
    guard bytes.count > 8 else { return }
    let position = 8 + random.below(bytes.count - 8)
    switch random.below(6) {
    case 0: bytes[position] = UInt8(truncatingIfNeeded: random.next())
    case 1: bytes[position] ^= 1 << UInt8(random.below(8))
    case 2: bytes.removeSubrange(position...)
    case 3: bytes.remove(at: position)
    case 4: bytes.insert(UInt8(truncatingIfNeeded: random.next()), at: position)
    default:
      // A LEB128 that is as large as one can be.
      bytes.replaceSubrange(position..<min(position + 5, bytes.count), with: [0xFF, 0xFF, 0xFF, 0xFF, 0x0F])
    }
  }
}
