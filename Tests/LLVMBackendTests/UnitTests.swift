import CRuntimeABI
import IR
import Support
import Testing

@testable import LLVMBackend

/// Codegen units, names, options, and the data that goes with the code.
@Suite struct UnitTests {
  /// Instructions of a function of which two fit into a unit, and three don't.
  private let ordinary = CodegenUnits.unitSize * 3 / 8

  @Test func bytesDoNotDependOnJobs() throws {
    let module = chain(functions: 40, size: 4000)
    var results: [[[UInt8]]] = []
    for jobs in [1, 2, 5] {
      var options = BackendOptions(entry: .invoke(module.exports))
      options.level = .O1
      options.verify = true
      options.jobs = jobs
      results.append(try generateCode(for: module, options: options).units.map(\.bytes))
    }
    #expect(results[0].count > 3)
    #expect(results[0] == results[1])
    #expect(results[0] == results[2])
  }

  @Test func oneUnitOnRequest() throws {
    var options = BackendOptions(entry: .invoke([]))
    options.isOneUnit = true
    let plan = try CodegenPlan(module: chain(functions: 100, size: ordinary), options: options)
    #expect(plan.units.map(\.count) == [100])
  }

  @Test func everyFunctionIsInOneUnit() throws {
    let module = chain(functions: 100, size: ordinary)
    let plan = try CodegenPlan(module: module, options: BackendOptions(entry: .invoke([])))
    #expect(plan.units.count > 1)
    #expect(plan.units.flatMap { $0 } == Array(module.functions.ids))
    let sizes = plan.units.map { unit in unit.reduce(0) { $0 + plan.instructionCounts[$1] } }
    #expect(sizes[0] == 0)
    #expect(sizes.dropFirst().allSatisfy { $0 > 0 && $0 <= CodegenUnits.unitSize })
    #expect(plan.units.contains { $0.count > 1 })
  }

  /// Units hold no more of the IR than they have yet to lower.
  @Test func bodiesGoWhenTheyAreLowered() throws {
    var module = chain(functions: 40, size: ordinary)
    // Small ones are in several units.
    for id in module.functions.ids.filter({ $0.rawValue % 8 == 0 }) {
      var builder = FunctionBuilder(signature: module.functions[id].signature, in: module)
      builder.emitReturn([builder.params(of: builder.entryBlock)[0]])
      module.bodies[id] = builder.finalize()
    }
    var options = BackendOptions(entry: .invoke(module.exports))
    options.level = .O1
    let plan = try CodegenPlan(module: module, options: options)
    #expect(plan.module.bodies.isEmpty)
    let imports = plan.units.indices.flatMap { plan.imports(ofUnit: $0) }
    #expect(!imports.isEmpty)
    var bodies = module.bodies
    let pending = PendingBodies(taking: &bodies, plan)
    #expect(bodies.isEmpty)
    for index in plan.units.indices {
      for id in plan.units[index] + plan.imports(ofUnit: index) { #expect(pending.take(id) != nil) }
    }
    for id in module.functions.ids { #expect(pending.take(id) == nil) }

    let kept = try generateCode(for: module, options: options).units.map(\.bytes)
    #expect(!module.bodies.isEmpty)
    let taken = try generateCode(taking: &module, options: options).units.map(\.bytes)
    #expect(module.bodies.isEmpty)
    #expect(taken == kept)
  }

  /// Where one function changes, even in size, the units of the others stay what they are.
  @Test func boundariesDependOnFewFunctions() throws {
    func units(changed: Int?) throws -> [[FunctionID]] {
      let module = chain(functions: 300, size: 700, changed: changed)
      return try CodegenPlan(module: module, options: BackendOptions(entry: .invoke([]))).units
    }
    let before = try units(changed: nil)
    #expect(before.count > 20)
    for changed in [0, 100, 150, 299] {
      let after = Set(try units(changed: changed))
      #expect(before.count { !after.contains($0) } <= 1, "\(changed)")
    }
  }

  /// What LLVM makes of a function that it knows all uses of depends on nothing outside of the unit.
  @Test func functionsOfOneUnitAreInternal() throws {
    let module = chain(functions: 40, size: ordinary)
    let options = BackendOptions(entry: .invoke(module.exports))
    let plan = try CodegenPlan(module: module, options: options)
    let unit = try #require(plan.units.last { $0.count == 2 })
    // Each calls the next one.
    #expect(!plan.isLocal(unit[0]))
    #expect(plan.isLocal(unit[1]))
    // In the table, and exported.
    #expect(!plan.isLocal(FunctionID(1)))
    #expect(!plan.isLocal(FunctionID(0)))
  }

  @Test func smallFunctionsAreThereToBeInlined() throws {
    var module = chain(functions: 40, size: ordinary)
    let small = FunctionID(39)
    var builder = FunctionBuilder(signature: module.functions[small].signature, in: module)
    let parameter = builder.params(of: builder.entryBlock)[0]
    builder.emitReturn([builder.binary(.iadd, .i32, parameter, builder.i32Const(1_234_567))])
    module.bodies[small] = builder.finalize()
    var options = BackendOptions(entry: .invoke(module.exports))
    options.verify = true
    let plan = try CodegenPlan(module: module, options: options)
    let caller = try #require(plan.units.firstIndex { $0.contains(FunctionID(38)) })
    // Whether they share a unit is chance.
    if !plan.units[caller].contains(small) { #expect(plan.imports(ofUnit: caller) == [small]) }
    options.emission = .llvmIR
    let texts = try generateCode(for: module, options: options).units.map {
      String(decoding: $0.bytes, as: UTF8.self)
    }
    #expect(!texts[caller].contains("call fastcc i32 @wasmaot_f39("))
    #expect(texts.count { $0.contains("define") && $0.contains("@wasmaot_f39(i32 %0)") } <= 1)
    options.level = .O0
    let withoutInlining = try CodegenPlan(module: module, options: options)
    #expect(withoutInlining.units.indices.allSatisfy { withoutInlining.imports(ofUnit: $0).isEmpty })
  }

  /// What was there to be inlined, and was not, is no longer there for the code generator.
  @Test(arguments: [OptimizationLevel.O1, .O2, .O3])
  func bodiesOfOtherUnitsGo(level: OptimizationLevel) throws {
    var module = chain(functions: 40, size: ordinary)
    for id in module.functions.ids.filter({ $0.rawValue % 8 == 0 }) {
      var builder = FunctionBuilder(signature: module.functions[id].signature, in: module)
      var value = builder.params(of: builder.entryBlock)[0]
      // More than is worth it.
      for number: Int32 in 1...8 {
        value = builder.binary(.bxor, .i32, value, builder.i32Const(number &* 1_234_567))
        value = builder.binary(.imul, .i32, value, value)
      }
      builder.emitReturn([value])
      module.bodies[id] = builder.finalize()
    }
    var options = BackendOptions(entry: .invoke(module.exports))
    options.level = level
    options.emission = .llvmIR
    let plan = try CodegenPlan(module: module, options: options)
    let unit = try #require(plan.units.indices.first { !plan.imports(ofUnit: $0).isEmpty })
    let text = String(
      decoding: try generateCode(for: module, options: options).units[unit].bytes, as: UTF8.self)
    let name = "@wasmaot_f\(plan.imports(ofUnit: unit)[0].rawValue)("
    if level == .O2 { #expect(text.contains("call fastcc i32 \(name)")) }
    #expect(!text.split(separator: "\n").contains { $0.hasPrefix("define") && $0.contains(name) })
  }

  @Test func aModuleWithoutFunctionsHasOneUnit() throws {
    let result = try generateCode(for: IR.Module(), options: BackendOptions(entry: .invoke([])))
    #expect(result.units.count == 1)
    #expect(result.units[0].functionCount == 0)
  }

  @Test func giantFunctionsAreReported() throws {
    let module = chain(functions: 2, size: CodegenPlan.giantFunctionSize + 10)
    var options = BackendOptions(entry: .invoke(module.exports))
    options.level = .O1
    let result = try generateCode(for: module, options: options)
    #expect(result.giantFunctions.map(\.function) == [FunctionID(0), FunctionID(1)])
    options.level = .O0
    #expect(try generateCode(for: module, options: options).giantFunctions.isEmpty)
  }

  @Test(
    arguments: [("wasmaot_f12", 12), ("wasm[7]::a]b", 7), ("wasmaot_f3.specialized.1", 3)]
      as [(String, UInt32)])
  func functionIndexOfSymbol(symbol: String, index: UInt32) {
    #expect(ModuleUnit.functionIndex(inSymbol: symbol) == index)
  }

  @Test(arguments: ["wasmaot_entry", "wasmaot_funcs", "memcpy", "wasm[]", ""])
  func otherSymbolsHaveNoFunctionIndex(symbol: String) {
    #expect(ModuleUnit.functionIndex(inSymbol: symbol) == nil)
  }

  @Test func symbolsKeepNamesApartFromTheHosts() throws {
    var module = chain(functions: 2, size: 3)
    module.functions[FunctionID(0)].name = "memcpy"
    module.functions[FunctionID(1)].name = "memcpy"
    var options = BackendOptions(entry: .invoke(module.exports))
    options.emission = .llvmIR
    options.symbols = true
    options.level = .O0
    let text = String(decoding: try generateCode(for: module, options: options).units[0].bytes, as: UTF8.self)
    #expect(text.contains("@\"wasm[0]::memcpy\"("))
    #expect(text.contains("@\"wasm[1]::memcpy\"("))
    #expect(!text.contains("@memcpy"))
  }

  @Test func dataObjectIsAnObjectWithTheBytes() throws {
    let bytes: [UInt8] = Array("configuration record".utf8)
    let object = try dataObject(
      symbol: "wasmaot_config", bytes: bytes, options: BackendOptions(entry: .invoke([])))
    #expect(object.starts(with: [0x7F, 0x45, 0x4C, 0x46]))
    #expect(String(decoding: object, as: UTF8.self).contains("configuration record"))
    #expect(String(decoding: object, as: UTF8.self).contains("wasmaot_config"))
  }

  // MARK: Targets and CPUs

  @Test(arguments: ["x86_64-linux-musl", "x86_64-unknown-linux-gnu", "amd64-linux", "x86_64-pc-linux-gnu"])
  func supportedTriple(triple: String) throws {
    #expect(try Target(triple: triple).architecture == .x86_64)
  }

  @Test(arguments: ["aarch64-linux-gnu", "x86_64-windows-msvc", "", "-", "x86_64", "x86_64-linux-gnux32"])
  func unsupportedTriple(triple: String) {
    #expect(throws: BackendError.unsupportedTarget(triple)) { try Target(triple: triple) }
  }

  @Test func unknownCPU() {
    var options = BackendOptions(entry: .invoke([]))
    options.cpu = "z80"
    #expect(throws: BackendError.unknownCPU("z80", target: options.target.triple)) {
      try generateCode(for: IR.Module(), options: options)
    }
  }

  @Test func everyListedCPUIsKnownToLLVM() throws {
    for (name, _) in LLVMInfo.cpus(for: .host) where name != "native" {
      var options = BackendOptions(entry: .invoke([]))
      options.cpu = name
      let result = try generateCode(for: IR.Module(), options: options)
      #expect(result.requiredFeatures.contains("sse4.2"), "\(name)")
    }
  }

  @Test func requiredFeaturesAreBitsOfTheABI() throws {
    let baseline = try InstructionSet(cpu: "baseline", target: .host)
    #expect(baseline.requiredBits == 0x7F)
    #expect(baseline.featureString == "+cx16,+sahf,+popcnt,+sse3,+ssse3,+sse4.1,+sse4.2")
    let v3 = try InstructionSet(cpu: "x86-64-v3", target: .host)
    #expect(v3.requiredBits & 1 << WASMAOT_X86_AVX2.rawValue != 0)
    #expect(v3.requiredBits & 1 << WASMAOT_X86_AVX512F.rawValue == 0)
  }

  @Test func cpusThatDoNotSlowDownGetVectorsOf512Bits() throws {
    #expect(try InstructionSet(cpu: "sapphirerapids", target: .host).vectorBits == 512)
    for cpu in ["baseline", "x86-64-v4", "skylake-avx512", "icelake-server", "znver4"] {
      #expect(try InstructionSet(cpu: cpu, target: .host).vectorBits == nil, "\(cpu)")
    }
    let native = try InstructionSet(cpu: "native", target: .host)
    #expect((native.vectorBits == 512) == LLVMInfo.hostFeatures.contains("avx512fp16"))
    #expect(native.vectorBits == nil || native.features.contains("avx512f"))
  }

  @Test func trapCodesAreTheABIs() {
    #expect(TrapCode.allCases.count == Int(WASMAOT_TRAP_LAST.rawValue))
    #expect(TrapCode.unreachable.rawValue == WASMAOT_TRAP_UNREACHABLE.rawValue)
    #expect(TrapCode.undefinedElement.rawValue == WASMAOT_TRAP_UNDEFINED_ELEMENT.rawValue)
    #expect(TrapCode.unresolvedImport.rawValue == WASMAOT_TRAP_UNRESOLVED_IMPORT.rawValue)
  }

  // MARK: Memory images

  @Test func chunksOfOnePageJoin() {
    let pieces = ImagePiece.coalesce([
      ImageChunk(offset: 4096 + 5, bytes: [1, 2]), ImageChunk(offset: 4096 + 100, bytes: [3]),
    ])
    #expect(pieces.count == 1)
    #expect(pieces[0].offset == 4096)
    #expect(pieces[0].bytes.count == 4096)
    #expect(pieces[0].bytes[5...6] == [1, 2])
    #expect(pieces[0].bytes[100] == 3)
    #expect(pieces[0].bytes.count { $0 != 0 } == 3)
  }

  @Test func smallGapsAreFilledAndLargeOnesSplit() {
    let page = ImagePiece.pageSize
    let near = ImagePiece.coalesce([
      ImageChunk(offset: 0, bytes: [1]), ImageChunk(offset: page + ImagePiece.largestGap, bytes: [2]),
    ])
    #expect(near.map(\.offset) == [0])
    #expect(UInt64(near[0].bytes.count) == 2 * page + ImagePiece.largestGap)
    let far = ImagePiece.coalesce([
      ImageChunk(offset: 0, bytes: [1]), ImageChunk(offset: 2 * page + ImagePiece.largestGap, bytes: [2]),
    ])
    #expect(far.map(\.offset) == [0, 2 * page + ImagePiece.largestGap])
    #expect(far.allSatisfy { UInt64($0.bytes.count) == page })
  }

  @Test func aChunkAcrossPagesKeepsEveryByte() {
    let bytes = (0..<10_000).map { UInt8(truncatingIfNeeded: $0 | 1) }
    let pieces = ImagePiece.coalesce([
      ImageChunk(offset: 4000, bytes: bytes), ImageChunk(offset: 14_000, bytes: [7]),
    ])
    #expect(pieces.count == 1)
    #expect(pieces[0].bytes.count == 4 * 4096)
    #expect(Array(pieces[0].bytes[4000..<14_000]) == bytes)
    #expect(pieces[0].bytes[14_000] == 7)
  }

  @Test func chunksAtTheEndOfAllAddresses() {
    let pieces = ImagePiece.coalesce([
      ImageChunk(offset: .max - 65_000, bytes: [1]), ImageChunk(offset: .max - 3000, bytes: [2]),
      ImageChunk(offset: .max, bytes: [3]),
    ])
    #expect(pieces.map(\.offset) == [.max - 65_535])
    #expect(pieces[0].bytes.count == 65_536)
    #expect(pieces[0].bytes.last == 3)
  }

  @Test func noChunksNoPieces() {
    #expect(ImagePiece.coalesce([]).isEmpty)
    #expect(ImagePiece.coalesce([ImageChunk(offset: 9, bytes: [])]).isEmpty)
  }

  /// Functions of `size` instructions each, of which every one calls the next, stores to memory, uses a
  /// global, a table and a segment.
  private func chain(functions: Int, size: Int, changed: Int? = nil) -> IR.Module {
    var module = IR.Module()
    let signature = module.signatures.append(Signature(params: [.i32], results: [.i32]))
    let memory = module.memories.append(Memory(minimum: 1, maximum: nil))
    let global = module.globals.append(Global(type: .i32, isMutable: true, initial: .i32(3)))
    var table = Table(element: .funcref, minimum: 2, maximum: 2, initial: [FunctionID(1)])
    table.isReadOnly = true
    let readOnly = module.tables.append(table)
    table.isReadOnly = false
    let mutable = module.tables.append(table)
    let data = module.dataSegments.append(DataSegment(bytes: [1]))
    for index in 0..<functions {
      module.functions.append(
        FunctionDecl(signature: signature, name: ByteString("f\(index)"), definition: .body))
      module.bodies.append(nil)
    }
    for id in module.functions.ids {
      var builder = FunctionBuilder(signature: signature, in: module)
      var value = builder.params(of: builder.entryBlock)[0]
      for step in 0..<(id.index == changed ? size / 2 + 10 : size / 2) {
        let other = builder.i32Const(Int32(step * 7 + 1))
        value = builder.binary(step % 2 == 0 ? .imul : .iadd, .i32, value, other)
      }
      builder.unaryEntity(.globalSet, .i32, value, global)
      value = builder.callIndirect(signature, id.rawValue % 2 == 0 ? readOnly : mutable, value, [value])[0]
      builder.store(.store, .i32, value, value, MemArg(offset: 0, memory: memory, alignLog2: 2))
      builder.entity(.dataDrop, .none, data)
      let next = FunctionID((id.index + 1) % functions)
      value = builder.call(next, [value])[0]
      builder.emitReturn([builder.binary(.iadd, .i32, value, builder.entity(.globalGet, .i32, global))])
      module.bodies[id] = builder.finalize()
    }
    module.exports = [Export(name: "f", function: FunctionID(0))]
    return module
  }
}
